#include "flows/flow_mask.h"

#include "flows/match_text.h"

namespace switchd {
namespace {

// Sets all bits of each unit of `unit_bits` in which any is set.
std::uint64_t rounded(std::uint64_t bits, unsigned field_bits, unsigned unit_bits) {
    std::uint64_t result = 0;
    for (unsigned shift = 0; shift < field_bits; shift += unit_bits) {
        const std::uint64_t unit = FlowField{"", 0, 0, static_cast<std::uint8_t>(unit_bits)}.ones();
        if ((bits >> shift & unit) != 0) result |= unit << shift;
    }
    return result;
}

unsigned unit_bits_of(const FlowField& field) {
    if (field.word == field::ip_src.word) return 8;
    if (field.word >= field::ipv6_src_high.word && field.word <= field::ipv6_dst_low.word)
        return 32;
    return field.bits;
}

}  // namespace

FlowMask coarsened(const FlowMask& mask) {
    FlowMask coarse;
    for (const FlowField& field : field::all)
        coarse.fold(field, rounded(mask.get(field), field.bits, unit_bits_of(field)));
    coarse.unite(mask);  // spare bits too, should one ever be in use
    return coarse;
}

std::string to_text(const FlowKey& key, const FlowMask& mask) {
    std::string text = match_text(key, mask);
    return text.empty() ? "any" : text;
}

}  // namespace switchd
