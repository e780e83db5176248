// The names that the text of actions has for what is not a field's (ovs-actions(7)); reading and
// printing share them.
#pragma once

#include <cstdint>
#include <string_view>

#include "flows/match_field.h"
#include "flows/packet_in.h"
#include "flows/rule_actions.h"

namespace switchd {

// Actions with names of their own that set a field.
struct OldAction {
    std::string_view name;
    FieldId field;
};
inline constexpr OldAction old_actions[] = {
    {"mod_dl_src", FieldId::eth_src},  {"mod_dl_dst", FieldId::eth_dst},
    {"mod_nw_src", FieldId::ipv4_src}, {"mod_nw_dst", FieldId::ipv4_dst},
    {"mod_nw_tos", FieldId::ip_dscp},  {"mod_nw_ecn", FieldId::ip_ecn},
    {"mod_nw_ttl", FieldId::ip_ttl},   {"mod_tp_src", FieldId::tcp_src},
    {"mod_tp_src", FieldId::udp_src},  {"mod_tp_src", FieldId::sctp_src},
    {"mod_tp_dst", FieldId::tcp_dst},  {"mod_tp_dst", FieldId::udp_dst},
    {"mod_tp_dst", FieldId::sctp_dst}, {"set_tunnel", FieldId::tun_id},
};
// The same with 64 bits.
inline constexpr std::string_view set_tunnel_wide = "set_tunnel64";

struct ReasonName {
    std::string_view name;
    PacketInReason reason;
};
inline constexpr ReasonName reason_names[] = {
    {"no_match", PacketInReason::no_match},
    {"action", PacketInReason::action},
    {"invalid_ttl", PacketInReason::invalid_ttl},
    {"action_set", PacketInReason::action_set},
    {"group", PacketInReason::group},
    {"packet_out", PacketInReason::packet_out},
};

inline constexpr std::uint16_t everything = 0xffff;  // as a max_len

// How many bits of the field a load counts: a VLAN ID goes without "there is a tag".
inline unsigned load_bits(const MatchField& field) {
    return field.id == FieldId::vlan_vid ? 12 : field.bits;
}

// Nothing that an output to the controller could not say.
inline bool only_max_len(const rule_action::Controller& action) {
    rule_action::Controller plain;
    plain.max_len = action.max_len;
    return action == plain;
}

}  // namespace switchd
