// What reading and writing actions share: the vendors' numbers, the layout of loads, and how the
// older actions stand among the rule's (1.0, section 5.2.4; Nicira's vendor actions).
#pragma once

#include <array>
#include <cstdint>
#include <variant>

#include "flows/action_names.h"
#include "flows/openflow/match_codec.h"
#include "flows/openflow/version.h"
#include "flows/packet_headers.h"
#include "flows/rule_actions.h"

namespace switchd::openflow {

inline constexpr std::uint16_t type_vendor = 0xffff;  // of actions and instructions

namespace nicira_action {
inline constexpr std::uint16_t resubmit = 1, set_queue = 4, pop_queue = 5, move = 6, load = 7,
                               note = 8, resubmit_table = 14, dec_ttl = 18, controller = 20,
                               dec_ttl_ids = 21, write_metadata = 22, load2 = 33, controller2 = 37,
                               group = 40;
inline constexpr std::uint16_t set_tunnel = 2, set_tunnel64 = 9;
}  // namespace nicira_action
inline constexpr std::uint16_t onf_copy_field = 3200;
namespace controller_property {
inline constexpr std::uint16_t max_len = 0, controller_id = 1, reason = 2, userdata = 3;
}  // namespace controller_property

struct PortFields {
    std::uint8_t protocol;
    FieldId source;
    FieldId destination;
};
inline constexpr std::array port_fields{
    PortFields{ip::tcp, FieldId::tcp_src, FieldId::tcp_dst},
    PortFields{ip::udp, FieldId::udp_src, FieldId::udp_dst},
    PortFields{ip::sctp, FieldId::sctp_src, FieldId::sctp_dst},
};

inline std::uint64_t low_ones(unsigned bits) {
    return lowest_bits(bits).low;
}

// How a field stands in a load: which bits of the written field are the switch's own.
struct LoadLayout {
    unsigned bits = 0;   // of the written field
    unsigned shift = 0;  // the switch's field begins that far up
};
inline LoadLayout load_layout(const FieldHeader& header) {
    const MatchField& field = *header.field;
    if (header.nicira && field.id == FieldId::in_port) return {16, 0};
    const unsigned shift = header.nicira ? field.nxm_shift : 0u;
    return {load_bits(field) + shift, shift};
}

inline rule_action::SetField old_set(FieldId id, std::uint64_t value) {
    return {id, {0, value}, match_field(id).ones(), rule_action::SetField::Spelling::old_action};
}

inline bool has_onf_copy_field(Version version) {
    return version == Version::v1_3 || version == Version::v1_4;
}

// Where an entry of the list stands among the instructions; those of apply-actions first.
inline unsigned instruction_rank(const RuleAction& action) {
    if (std::holds_alternative<rule_action::ClearActions>(action.what)) return 1;
    if (std::holds_alternative<rule_action::WriteActions>(action.what)) return 2;
    if (std::holds_alternative<rule_action::WriteMetadata>(action.what)) return 3;
    if (std::holds_alternative<rule_action::GotoTable>(action.what)) return 4;
    return 0;
}

}  // namespace switchd::openflow
