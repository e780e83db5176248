// Opens a packet socket (packet(7)) on an interface of the kernel: every frame that arrives there,
// whoever it is for, and none that the host sends. Each stands behind a virtio-net header
// (switchd/core/virtio_header.h), in both directions, so large packets and open checksums pass as
// they are. A VLAN tag that the kernel or the card took off comes beside the frame.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "switchd/core/fd.h"

namespace switchd {

// Throws SetupError. The interface and its settings stay as they are; it is promiscuous for as long
// as the socket is open.
Fd open_packet_socket(const std::string& interface);

// Gone: it has been deleted, or moved to another network namespace.
enum class InterfaceState { up, down, gone };
InterfaceState interface_state(const Fd& packet_socket) noexcept;

struct StrippedTag {
    std::uint16_t tpid, tci;
};
// Enough for the control messages that come with a frame.
inline constexpr std::size_t packet_control_bytes = 64;
std::optional<StrippedTag> stripped_tag(std::span<const std::byte> control) noexcept;

}  // namespace switchd
