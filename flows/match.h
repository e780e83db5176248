// Which keys a rule matches: those that agree with `key` under `mask`.
#pragma once

#include "flows/flow_mask.h"

namespace switchd {

// Normalized: the key has no bit outside the mask.
struct Match {
    FlowKey key;
    FlowMask mask;

    Match() = default;
    Match(const FlowKey& key_value, const FlowMask& mask_value)
        : key(mask_value.apply(key_value)), mask(mask_value) {}

    bool matches(const FlowKey& other) const { return agree_under(mask, key, other); }
    // Every key that this matches is matched by `other`, too: OpenFlow's "more specific or equal".
    bool within(const Match& other) const {
        return mask.covers(other.mask) && agree_under(other.mask, key, other.key);
    }
    // Some key is matched by both.
    bool overlaps(const Match& other) const {
        FlowMask both;
        for (std::size_t i = 0; i < flow_words; ++i)
            both.words[i] = mask.words[i] & other.mask.words[i];
        return agree_under(both, key, other.key);
    }
    bool operator==(const Match&) const = default;
};

}  // namespace switchd
