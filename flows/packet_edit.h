// Edits of a frame's VLAN tags, in place, growing to the front where a tag is added.
//
// The caller owns the bytes and the headroom in front of them. Nothing here reads or writes outside
// of [start - headroom, start + size). Where the front moves by n bytes, everything behind the VLAN
// tags stays where it is in memory: offsets into the frame (checksum start, header length) grow by
// new size - old size.
//
// A tag is one of IEEE 802.1Q (TPID 0x8100) or 802.1ad (0x88a8), and a TCI is what stands on the
// wire: priority (3 bits), drop eligible indicator, VLAN. In a flow key the bit of the indicator
// means something else (flow_key.h), so a TCI out of a key has to be stripped of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace switchd {

struct EditableFrame {
    std::byte* start = nullptr;
    std::size_t size = 0;
    std::size_t headroom = 0;
};

inline constexpr std::size_t vlan_tag_bytes = 4;

// Has a complete tag directly behind the source address, and something behind the tag.
bool has_vlan_tag(const EditableFrame& frame) noexcept;

// The frame with a tag more, in front of those it has. Nothing, and no byte changed, when the
// headroom is less than four bytes or the frame less than two addresses long.
std::optional<EditableFrame> push_vlan(EditableFrame frame, std::uint16_t tpid,
                                       std::uint16_t tci) noexcept;

// The frame without its outer tag; a frame that has none is returned as it is.
EditableFrame pop_vlan(EditableFrame frame) noexcept;

// Gives the outer tag the bits of `tci` that are in `mask`; a frame that has none is left as it is.
void set_vlan_tci(EditableFrame frame, std::uint16_t tci, std::uint16_t mask) noexcept;

}  // namespace switchd
