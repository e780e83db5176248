#include "flows/compact_mask.h"

#include <cassert>

namespace switchd {

CompactMask::CompactMask(const FlowMask& full) : mask(full) {
    for (std::size_t word = 0; word < flow_words; ++word) {
        if (full.words[word] == 0) continue;
        bits[count] = full.words[word];
        indexes[count] = static_cast<std::uint8_t>(word);
        ++count;
    }
}

const CompactMask* MaskSet::intern(const FlowMask& mask) {
    const auto [at, made] = masks_.try_emplace(mask.words);
    if (made) at->second.compact = CompactMask{mask};
    ++at->second.users;
    return &at->second.compact;
}

void MaskSet::release(const CompactMask* mask) {
    const auto at = masks_.find(mask->mask.words);
    assert(at != masks_.end());
    if (--at->second.users == 0) masks_.erase(at);
}

}  // namespace switchd
