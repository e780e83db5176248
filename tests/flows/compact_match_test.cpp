#include "flows/compact_match.h"

#include <random>

#include "tests/flows/seeds.h"
#include "tests/support/catch.h"

using namespace switchd;
using namespace switchd::test;

namespace {

// Of few bits, so that many pairs are within one another and overlap.
Match random_match(std::mt19937_64& random) {
    FlowKey key;
    FlowMask mask;
    for (std::size_t word = 0; word < flow_words; word += 3) {
        key.words[word] = random() % 2 * 0x11;
        if (random() % 2 == 0) mask.words[word] = std::uint64_t{1} << random() % 2 * 4;
    }
    return {key, mask};
}

}  // namespace

TEST_CASE("a compact match is the match", "[compact_match]") {
    for (const auto seed : seeds(10)) {
        INFO("rerun with seed " << seed);
        std::mt19937_64 random(seed);
        int within = 0, overlapping = 0;
        constexpr int rounds = 2'000;
        for (int i = 0; i < rounds; ++i) {
            const Match a = random_match(random), b = random_match(random);
            const CompactMatch compact_a{a}, compact_b{b};
            REQUIRE(compact_a.unpacked() == a);
            REQUIRE(compact_a.within(compact_b) == a.within(b));
            REQUIRE(compact_a.overlaps(compact_b) == a.overlaps(b));
            within += a.within(b);
            overlapping += a.overlaps(b);
        }
        CHECK(within > 0);
        CHECK(overlapping > within);
        CHECK(overlapping < rounds);
    }
}

TEST_CASE("the match of everything holds all others", "[compact_match]") {
    const CompactMatch everything{Match{}};
    std::mt19937_64 random(1);
    const Match some = random_match(random);
    CHECK(everything.unpacked() == Match{});
    CHECK(CompactMatch{some}.within(everything));
    CHECK(everything.within(everything));
    CHECK(CompactMatch{some}.overlaps(everything));
}
