// The small numbers that everything about forwarding is keyed by.
#pragma once

#include <cstddef>
#include <cstdint>

namespace switchd {

// A port of one bridge. 32 bits wide because flow keys and OpenFlow have them so; a bridge uses
// 0 .. port_number_max, and port_local.
using PortNumber = std::uint32_t;
inline constexpr PortNumber port_number_max = 65535;
// The host's own network stack (OFPP_LOCAL).
inline constexpr PortNumber port_local = 0xfffffffe;

constexpr bool may_be_port(PortNumber number) {
    return number <= port_number_max || number == port_local;
}
// The place of a port that may be in an array by port, which need not be as long as all of them.
constexpr std::size_t port_slot(PortNumber number) {
    return number == port_local ? 0 : std::size_t{number} + 1;
}

// Port numbers of 16 bits (OpenFlow 1.0 and Nicira's messages): the reserved ones, from 0xff00 on,
// are the lower half of the others.
constexpr PortNumber port_from_16(std::uint16_t port) {
    return port >= 0xff00 ? 0xffff0000u | port : port;
}
constexpr std::uint16_t port_to_16(PortNumber port) {
    return static_cast<std::uint16_t>(port);
}
// A number of 32 bits is one of those: neither is anything between 0xff00 and 0xfffffeff.
constexpr bool valid_port(PortNumber port) {
    return port < 0xff00 || port >= 0xffffff00;
}

// The 12 bits of an IEEE 802.1Q tag.
using VlanId = std::uint16_t;
inline constexpr VlanId vlan_id_max = 4094;
inline constexpr VlanId vlan_none = 4095;  // as a port's untagged VLAN: it takes no untagged frame
inline constexpr unsigned vlan_id_count = 4096;

}  // namespace switchd
