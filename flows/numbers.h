// The small numbers that everything about forwarding is keyed by.
#pragma once

#include <cstdint>

namespace switchd {

// A port of one bridge. 32 bits wide because flow keys and OpenFlow have them so; a bridge uses
// 0 .. port_number_max.
using PortNumber = std::uint32_t;
inline constexpr PortNumber port_number_max = 65535;

// The 12 bits of an IEEE 802.1Q tag.
using VlanId = std::uint16_t;
inline constexpr VlanId vlan_id_max = 4094;
inline constexpr VlanId vlan_none = 4095;  // as a port's untagged VLAN: it takes no untagged frame
inline constexpr unsigned vlan_id_count = 4096;

}  // namespace switchd
