// The messages of VDE's own fast spanning tree, as they lie on the wire.
//
// The layout is that of an IEEE 802.1w RST BPDU, but it is another protocol: the four times are
// whole seconds, least significant byte first; the role bits for root and backup are swapped; and
// a blocked port speaks as well. 53 bytes, or 57 with an 802.1Q tag in front.
//
// A decoded message is a copy in which every field has a value; what the fields claim is not
// checked here. decode() takes what the real switch takes (a message may lack its last two bytes,
// and may be followed by padding), except that it insists on the LLC header.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "switchd/core/mac_address.h"

namespace switchd::vde {

// Two bytes of priority, six of MAC address; the smaller is the better.
using FstpBridgeId = std::array<std::uint8_t, 8>;

FstpBridgeId fstp_bridge_id(std::uint16_t priority, MacAddress mac);

// What a port is to its sender. The values are those on the wire.
enum class FstpRole : std::uint8_t { unknown = 0, root = 1, backup = 2, designated = 3 };

struct FstpBpdu {
    FstpRole role = FstpRole::unknown;
    bool topology_change = false;
    bool proposal = false;  // the sending port is blocked and would like to hear an agreement
    bool learning = false;
    bool forwarding = false;
    bool agreement = false;

    FstpBridgeId root{};      // the best bridge that the sender knows
    std::uint32_t cost = 0;   // of the sender's path to it
    FstpBridgeId bridge{};    // the sender
    std::uint16_t port = 0;   // fstp_port_id() of the sending port
    std::uint16_t age_s = 0;  // since the sender heard of the root
    std::uint16_t max_age_s = 0;
    std::uint16_t hello_s = 0;
    std::uint16_t forward_delay_s = 0;

    bool operator==(const FstpBpdu&) const = default;
};

// A port's number as its messages carry it. Not unique for ports above 2047.
constexpr std::uint16_t fstp_port_id(unsigned port) {
    return static_cast<std::uint16_t>((0x80u | (port >> 4 & 0xff)) << 8 | (port & 0xff));
}

class FstpFrame {
public:
    static constexpr std::size_t size_max = 57;

    // With `vlan` the frame is tagged with it. The source address is that of `message.bridge`.
    FstpFrame(const FstpBpdu& message, std::optional<std::uint16_t> vlan);

    std::span<const std::byte> bytes() const { return std::span(bytes_).first(size_); }

private:
    void put(std::uint8_t byte) { bytes_[size_++] = static_cast<std::byte>(byte); }
    void put_be16(std::uint16_t value);
    void put_le16(std::uint16_t value);
    void put_id(const FstpBridgeId& id);

    std::array<std::byte, size_max> bytes_{};
    std::size_t size_ = 0;
};

// Whether a frame is addressed to the spanning tree (01:80:c2:00:00:00).
bool is_fstp_address(std::span<const std::byte> frame);

// The message in a whole frame, tagged or not; nothing if there is none.
std::optional<FstpBpdu> fstp_decode(std::span<const std::byte> frame);

}  // namespace switchd::vde
