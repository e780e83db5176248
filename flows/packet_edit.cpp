#include "flows/packet_edit.h"

#include <cstring>

#include "flows/packet_headers.h"
#include "switchd/core/bytes.h"

namespace switchd {
namespace {

using ether::addresses_bytes;
constexpr std::size_t type_bytes = 2;

}  // namespace

bool has_vlan_tag(const EditableFrame& frame) noexcept {
    if (frame.size < addresses_bytes + vlan_tag_bytes + type_bytes) return false;
    const std::uint16_t type = load_big_endian<std::uint16_t>(frame.start + addresses_bytes);
    return type == tpid_vlan || type == tpid_provider;
}

std::optional<EditableFrame> push_vlan(EditableFrame frame, std::uint16_t tpid,
                                       std::uint16_t tci) noexcept {
    if (frame.headroom < vlan_tag_bytes || frame.size < addresses_bytes) return std::nullopt;
    std::byte* const start = frame.start - vlan_tag_bytes;
    std::memmove(start, frame.start, addresses_bytes);
    store_big_endian(start + addresses_bytes, tpid);
    store_big_endian(start + addresses_bytes + 2, tci);
    return EditableFrame{start, frame.size + vlan_tag_bytes, frame.headroom - vlan_tag_bytes};
}

EditableFrame pop_vlan(EditableFrame frame) noexcept {
    if (!has_vlan_tag(frame)) return frame;
    std::byte* const start = frame.start + vlan_tag_bytes;
    std::memmove(start, frame.start, addresses_bytes);
    return {start, frame.size - vlan_tag_bytes, frame.headroom + vlan_tag_bytes};
}

void set_vlan_tci(EditableFrame frame, std::uint16_t tci, std::uint16_t mask) noexcept {
    if (!has_vlan_tag(frame)) return;
    std::byte* const at = frame.start + addresses_bytes + 2;
    const auto before = load_big_endian<std::uint16_t>(at);
    store_big_endian(at, static_cast<std::uint16_t>((before & ~mask) | (tci & mask)));
}

}  // namespace switchd
