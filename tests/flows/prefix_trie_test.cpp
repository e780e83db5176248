#include "flows/prefix_trie.h"

#include <algorithm>
#include <random>
#include <utility>

#include "tests/flows/seeds.h"
#include "tests/support/catch.h"

namespace switchd::test {
namespace {

PrefixBits address(std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint64_t d) {
    return {a << 56 | b << 48 | c << 40 | d << 32, 0};
}

PrefixBits operator&(PrefixBits a, PrefixBits b) {
    return {a.high & b.high, a.low & b.low};
}

bool begins_with(PrefixBits value, PrefixBits prefix, unsigned length) {
    return (value & PrefixBits::ones(length)) == (prefix & PrefixBits::ones(length));
}

}  // namespace

TEST_CASE("an empty trie reads nothing", "[flows][trie]") {
    const PrefixTrie trie;
    CHECK(trie.lookup(address(10, 0, 0, 1)).bits_read == 0);
    CHECK_FALSE(trie.lookup(address(10, 0, 0, 1)).has(1));
}

TEST_CASE("a trie tells the lengths of a value's prefixes and the bits that show them",
          "[flows][trie]") {
    PrefixTrie trie;
    trie.insert(address(10, 0, 0, 0), 8);
    trie.insert(address(10, 1, 0, 0), 16);
    trie.insert(address(10, 1, 2, 3), 32);

    const auto inside = trie.lookup(address(10, 1, 2, 3));
    CHECK(inside.bits_read == 32);
    CHECK(inside.has(8));
    CHECK(inside.has(16));
    CHECK_FALSE(inside.has(24));
    CHECK(inside.has(32));

    const auto middle = trie.lookup(address(10, 1, 128, 0));
    CHECK(middle.bits_read == 17);
    CHECK(middle.has(16));
    CHECK_FALSE(middle.has(32));

    const auto outside = trie.lookup(address(11, 1, 2, 3));
    CHECK(outside.bits_read == 8);
    CHECK_FALSE(outside.has(8));

    trie.remove(address(10, 1, 2, 3), 32);
    CHECK(trie.lookup(address(10, 1, 2, 3)).bits_read == 16);
}

TEST_CASE("a prefix is in use until it was removed as often as inserted", "[flows][trie]") {
    PrefixTrie trie;
    trie.insert(address(10, 0, 0, 0), 8);
    trie.insert(address(10, 0, 0, 0), 8);
    trie.remove(address(10, 0, 0, 0), 8);
    CHECK(trie.lookup(address(10, 0, 0, 1)).has(8));
    trie.remove(address(10, 0, 0, 0), 8);
    CHECK(trie.lookup(address(10, 0, 0, 1)).bits_read == 0);
    CHECK(trie.nodes() == 1);
}

TEST_CASE("a trie answers as a search through its prefixes, and from the bits it read",
          "[flows][trie][property]") {
    for (const auto seed : seeds(200)) {
        INFO("rerun with seed " << seed);
        std::mt19937_64 engine{seed};
        const auto below = [&](unsigned limit) { return static_cast<unsigned>(engine() % limit); };
        const PrefixBits base{engine(), engine()};
        const auto value = [&] {
            PrefixBits bits = base;
            while (below(3) != 0) {
                const unsigned bit = below(64);
                (below(2) != 0 ? bits.high : bits.low) ^= std::uint64_t{1} << bit;
            }
            return bits;
        };
        PrefixTrie trie;
        std::vector<std::pair<PrefixBits, unsigned>> prefixes;
        for (int step = 0; step < 200; ++step) {
            const bool shrinking = step >= 120;
            if (prefixes.empty() || below(10) < (shrinking ? 2 : 7)) {
                prefixes.emplace_back(value(), 1 + below(PrefixTrie::length_max));
                trie.insert(prefixes.back().first, prefixes.back().second);
            } else {
                std::swap(prefixes[below(static_cast<unsigned>(prefixes.size()))], prefixes.back());
                // The bits behind the prefix do not matter.
                trie.remove(prefixes.back().first & PrefixBits::ones(prefixes.back().second),
                            prefixes.back().second);
                prefixes.pop_back();
            }
            REQUIRE(trie.nodes() <= 1 + 8 * prefixes.size());
            for (int i = 0; i < 5; ++i) {
                const PrefixBits asked = value();
                const auto answer = trie.lookup(asked);
                unsigned common = 0;  // bits that need to be read
                for (unsigned length = 1; length <= PrefixTrie::length_max; ++length)
                    REQUIRE(answer.has(length) ==
                            std::ranges::any_of(prefixes, [&](const auto& prefix) {
                                return prefix.second == length &&
                                       begins_with(asked, prefix.first, length);
                            }));
                for (const auto& [bits, length] : prefixes) {
                    unsigned needed = 1;
                    while (needed < length && begins_with(asked, bits, needed)) ++needed;
                    common = std::max(common, needed);
                }
                REQUIRE(answer.bits_read == common);
            }
        }
        while (!prefixes.empty()) {
            trie.remove(prefixes.back().first, prefixes.back().second);
            prefixes.pop_back();
        }
        REQUIRE(trie.nodes() == 1);
    }
}

}  // namespace switchd::test
