// A match of which only the words are kept that it looks at: some 40 bytes instead of 380, for
// there may be a million of them.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <memory>

#include "flows/match.h"

namespace switchd {

// The order in which a lookup reads the words of a key: what the tables noted about the packet
// stands behind the headers in the key, but is known first.
inline constexpr std::array<std::uint8_t, flow_words> reading_order = [] {
    std::array<std::uint8_t, flow_words> order{};
    std::uint8_t at = 1;
    for (std::uint8_t word = packet_words; word < flow_words; ++word) order[at++] = word;
    for (std::uint8_t word = 1; word < packet_words; ++word) order[at++] = word;
    return order;
}();

class CompactMatch {
public:
    explicit CompactMatch(const Match& match);

    Match unpacked() const;
    // The values of the words that are looked at, in the order of reading.
    const std::uint64_t* values() const { return words_.get(); }

    // As of Match.
    bool within(const CompactMatch& other) const;
    bool overlaps(const CompactMatch& other) const;

private:
    unsigned count() const { return static_cast<unsigned>(std::popcount(word_set_)); }
    // Where word `i` of the order of reading is, which is looked at.
    unsigned place_of(unsigned i) const {
        return static_cast<unsigned>(std::popcount(word_set_ & ((std::uint32_t{1} << i) - 1)));
    }

    std::unique_ptr<std::uint64_t[]> words_;  // the values, then the masks
    std::uint32_t word_set_ = 0;              // bit i is the i-th in the order of reading
};

static_assert(flow_words <= 32);

}  // namespace switchd
