// Edits of a frame's bytes, in place, growing to the front where a header is added.
//
// The caller owns the bytes and the headroom in front of them. Nothing here reads or writes outside
// of [start - headroom, start + size). Where the front moves by n bytes, everything behind the VLAN
// tags stays where it is in memory: offsets into the frame (checksum start, header length) grow by
// new size - old size.
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

// Has a complete 0x8100 tag directly behind the source address, and something behind the tag.
bool has_vlan_tag(const EditableFrame& frame) noexcept;

// The frame with a tag more. Nothing, and no byte changed, when the headroom is less than four
// bytes or the frame less than two addresses long.
std::optional<EditableFrame> push_vlan(EditableFrame frame, std::uint16_t tci) noexcept;

// The frame without its outer 0x8100 tag; a frame that has none is returned as it is.
EditableFrame pop_vlan(EditableFrame frame) noexcept;

// Gives the outer 0x8100 tag this TCI; a frame that has none is left as it is.
void set_vlan_tci(EditableFrame frame, std::uint16_t tci) noexcept;

}  // namespace switchd
