// Which bits of a flow key matter.
//
// A mask that came with a decision is a promise: every key that agrees with the decided one under
// the mask gets the same decision. A bit too many only makes the promise cover fewer keys; a bit
// too few breaks it. So whoever reads a bit of the key to decide, folds it into the mask, also if
// the answer was no.
#pragma once

#include <initializer_list>
#include <string>

#include "flows/flow_key.h"

namespace switchd {

struct FlowMask {
    std::array<std::uint64_t, flow_words> words{};

    constexpr void fold(const FlowField& field) { words[field.word] |= field.word_mask(); }
    // Only `bits` of the field, counted as in FlowKey::get().
    constexpr void fold(const FlowField& field, std::uint64_t bits) {
        words[field.word] |= (bits & field.ones()) << field.shift;
    }
    constexpr void unite(const FlowMask& other) {
        for (std::size_t i = 0; i < flow_words; ++i) words[i] |= other.words[i];
    }

    constexpr std::uint64_t get(const FlowField& field) const {
        return words[field.word] >> field.shift & field.ones();
    }
    // Has every bit that `other` has.
    constexpr bool covers(const FlowMask& other) const {
        for (std::size_t i = 0; i < flow_words; ++i)
            if ((other.words[i] & ~words[i]) != 0) return false;
        return true;
    }
    // The bits that `other` does not have.
    constexpr FlowMask without(const FlowMask& other) const {
        FlowMask mask;
        for (std::size_t i = 0; i < flow_words; ++i) mask.words[i] = words[i] & ~other.words[i];
        return mask;
    }
    // `key` with zeros where this mask has them.
    constexpr FlowKey apply(const FlowKey& key) const {
        FlowKey masked;
        for (std::size_t i = 0; i < flow_words; ++i) masked.words[i] = key.words[i] & words[i];
        return masked;
    }
    // Without the bits that are zero in every frame that comes in.
    constexpr FlowMask packet() const {
        FlowMask mask;
        for (std::size_t i = 0; i < packet_words; ++i) mask.words[i] = words[i];
        return mask;
    }
    // Has a bit beyond layer 2.
    constexpr bool beyond_layer_2() const {
        for (std::size_t i = flow_words_l2; i < packet_words; ++i)
            if (words[i] != 0) return true;
        return false;
    }

    static constexpr FlowMask of(std::initializer_list<FlowField> fields) {
        FlowMask mask;
        for (const FlowField& field : fields) mask.fold(field);
        return mask;
    }

    constexpr bool operator==(const FlowMask&) const = default;
};

constexpr bool agree_under(const FlowMask& mask, const FlowKey& a, const FlowKey& b) {
    std::uint64_t differing = 0;
    for (std::size_t i = 0; i < flow_words; ++i)
        differing |= (a.words[i] ^ b.words[i]) & mask.words[i];
    return differing == 0;
}

// `seen` where the mask has ones, `other` elsewhere: a key that agrees with `seen` under the mask.
constexpr FlowKey twin(const FlowMask& mask, const FlowKey& seen, const FlowKey& other) {
    FlowKey key;
    for (std::size_t i = 0; i < flow_words; ++i)
        key.words[i] = (seen.words[i] & mask.words[i]) | (other.words[i] & ~mask.words[i]);
    return key;
}

// Every partly set field grown to the next of a few widths: IPv4 addresses to whole bytes, IPv6
// addresses to whole 32 bits, other fields to all of it. Bounds the number of masks that crafted
// frames can make, and only ever adds bits.
FlowMask coarsened(const FlowMask& mask);

// What a rule with this mask would match, as match_text() writes it; "any" if that is everything.
std::string to_text(const FlowKey& key, const FlowMask& mask);

}  // namespace switchd
