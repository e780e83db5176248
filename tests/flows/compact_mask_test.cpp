#include "flows/compact_mask.h"

#include <random>

#include "tests/flows/seeds.h"
#include "tests/support/catch.h"

using namespace switchd;

namespace {

// A key or a mask: words of random bits, some of them empty.
template <class Words>
Words random_words(std::mt19937_64& random) {
    Words made;
    for (auto& word : made.words) word = random() % 3 == 0 ? 0 : random() & random();
    return made;
}

}  // namespace

TEST_CASE("a compact mask names the words that its mask looks at", "[compact_mask]") {
    const CompactMask compact{FlowMask::of({field::eth_dst, field::tp_dst})};
    REQUIRE(compact.count == 2);
    CHECK(compact.indexes[0] == field::eth_dst.word);
    CHECK(compact.bits[0] == field::eth_dst.word_mask());
    CHECK(compact.indexes[1] == field::tp_dst.word);
    CHECK(compact.bits[1] == field::tp_dst.word_mask());
    CHECK(compact.bits[2] == 0);
    CHECK(CompactMask{FlowMask{}}.count == 0);
}

TEST_CASE("keys that agree under a mask have the same hash, others nearly never",
          "[compact_mask][property]") {
    const std::uint32_t seed = test::seeds(1).front();
    INFO("rerun with seed " << seed);
    std::mt19937_64 random{seed};
    int collisions = 0;
    for (int round = 0; round < 2000; ++round) {
        const HashKey secret{random()};
        const CompactMask compact{random_words<FlowMask>(random)};
        const auto seen = random_words<FlowKey>(random);
        const auto other = random_words<FlowKey>(random);
        CHECK(compact.hash(seen, secret) == compact.hash(twin(compact.mask, seen, other), secret));
        if (!agree_under(compact.mask, seen, other) &&
            compact.hash(seen, secret) == compact.hash(other, secret))
            ++collisions;
    }
    CHECK(collisions == 0);
}

TEST_CASE("equal masks are one object, which lives as long as anybody uses it", "[compact_mask]") {
    MaskSet masks;
    const FlowMask mask = FlowMask::of({field::in_port, field::eth_src});
    const CompactMask* const first = masks.intern(mask);
    const CompactMask* const other = masks.intern(FlowMask::of({field::in_port}));
    CHECK(masks.intern(mask) == first);
    CHECK(first != other);
    CHECK(first->mask == mask);
    CHECK(masks.size() == 2);
    masks.release(first);
    CHECK(masks.size() == 2);
    masks.release(first);
    CHECK(masks.size() == 1);
    masks.release(other);
    CHECK(masks.size() == 0);
}
