// A mask as a list of the few words that it looks at, for hashing and comparing keys under it.
//
// Masks repeat: thousands of megaflows share a handful. So they are interned in a MaskSet: equal
// masks are one object, counted, and stay at their address while in use.
#pragma once

#include <map>

#include "flows/flow_mask.h"
#include "flows/keyed_hash.h"

namespace switchd {

struct alignas(64) CompactMask {
    // What a lookup reads first: of most masks it is in one cache line.
    std::uint8_t count = 0;
    std::array<std::uint8_t, flow_words + 1> indexes{};  // words of the key; 0 from `count` on
    // Never zero below `count`, zero from there on.
    std::array<std::uint64_t, flow_words + 1> bits{};
    FlowMask mask;

    CompactMask() = default;
    explicit CompactMask(const FlowMask& full);

    std::uint64_t masked_word(const FlowKey& key, std::size_t i) const {
        return key.words[indexes[i]] & bits[i];
    }
    // Equal for keys that agree under the mask. Two words a step; a last lone word is paired with
    // zero.
    std::uint64_t hash(const FlowKey& key, const HashKey& secret) const {
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i < count; i += 2)
            sum += multiply_fold(masked_word(key, i) + secret[i],
                                 masked_word(key, i + 1) + secret[i + 1]);
        return sum;
    }
};

class MaskSet {
public:
    // Each intern() is owed one release().
    const CompactMask* intern(const FlowMask& mask);
    void release(const CompactMask* mask);
    std::size_t size() const { return masks_.size(); }

private:
    struct Counted {
        CompactMask compact;
        std::size_t users = 0;
    };
    std::map<std::array<std::uint64_t, flow_words>, Counted> masks_;
};

}  // namespace switchd
