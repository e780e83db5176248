// The numbers of the actions that are not a vendor's, which changed from 1.0 to 1.1, and of
// instructions (1.0, section 5.2.4; 1.5.1, 7.2.5 and 7.2.8).
#pragma once

#include <cstdint>
#include <optional>

#include "flows/openflow/version.h"

namespace switchd::openflow {

// By what they do.
enum class StandardAction : std::uint8_t {
    output,
    set_vlan_vid,
    set_vlan_pcp,
    pop_vlan,
    set_eth_src,
    set_eth_dst,
    set_ipv4_src,
    set_ipv4_dst,
    set_tos,
    set_ecn,
    set_port_src,
    set_port_dst,
    enqueue,
    push_vlan,
    set_queue,
    group,
    set_ttl,
    dec_ttl,
    set_field,
    copy_field,
    meter,
};

inline constexpr std::uint16_t no_action_number = 0xffff;
std::uint16_t number_of(StandardAction action, Version version);
std::optional<StandardAction> standard_action(std::uint16_t number, Version version);
// Those that a switch says it can do, as one bit for each number: there are no groups and meters,
// and from 1.2 on set_field stands for the older ones, which are taken all the same.
std::uint32_t offered_actions(Version version);

namespace instruction {
inline constexpr std::uint16_t goto_table = 1, write_metadata = 2, write_actions = 3,
                               apply_actions = 4, clear_actions = 5, meter = 6;
}  // namespace instruction
// In the same way; the last table has none to go to.
std::uint32_t offered_instructions(bool last_table);

}  // namespace switchd::openflow
