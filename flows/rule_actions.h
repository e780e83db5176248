// What a rule of a flow table does with its packets, as people and controllers say it: OpenFlow
// actions and instructions of every version in one list.
//
// Order is meaning: apply-actions stand first, one after the other; then at most one each of
// ClearActions, WriteActions, WriteMetadata and GotoTable, in this order (OpenFlow 1.5.1, 5.7).
// An empty list drops.
//
// An ActionProgram (actions.h) is what the switch finally does with one kind of packet; this is
// what the tables say.
#pragma once

#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "flows/match_field.h"
#include "flows/numbers.h"
#include "flows/subfield.h"

namespace switchd {

// Reserved port numbers (OpenFlow 1.1 and later; 1.0 has the lower 16 bits).
namespace reserved_port {
inline constexpr PortNumber unset = 0xfffffff7;
inline constexpr PortNumber in_port = 0xfffffff8;
inline constexpr PortNumber table = 0xfffffff9;
inline constexpr PortNumber normal = 0xfffffffa;
inline constexpr PortNumber flood = 0xfffffffb;
inline constexpr PortNumber all = 0xfffffffc;
inline constexpr PortNumber controller = 0xfffffffd;
inline constexpr PortNumber local = port_local;
inline constexpr PortNumber any = 0xffffffff;  // also "none"
}  // namespace reserved_port

inline constexpr std::uint8_t table_all = 255;      // in requests: every table
inline constexpr std::uint8_t table_current = 255;  // in resubmit
inline constexpr unsigned table_count = 255;

namespace rule_action {

// To a port, or to one of the reserved ones. `max_len` matters for the controller only: how many
// bytes it wants.
struct Output {
    PortNumber port = 0;
    std::uint16_t max_len = 0;
    bool operator==(const Output&) const = default;
};

// Nicira's controller action: to the controllers with this id, for this reason (OFPR_*).
struct Controller {
    std::uint16_t max_len = 0xffff;
    std::uint16_t controller_id = 0;
    std::uint8_t reason = 1;
    std::vector<std::uint8_t> userdata;
    bool operator==(const Controller&) const = default;
};

// To a port's queue; the switch has no queues yet and sends it all the same.
struct Enqueue {
    PortNumber port = 0;
    std::uint32_t queue = 0;
    bool operator==(const Enqueue&) const = default;
};
struct SetQueue {
    std::uint32_t queue = 0;
    bool operator==(const SetQueue&) const = default;
};
struct PopQueue {
    bool operator==(const PopQueue&) const = default;
};

// The masked bits of a field become those of `value`; a packet without the field stays as it is.
// `value` has no bit outside `mask`. Whether it came as set_field, as one of the older actions with
// a name of their own, or as a load of some bits, is kept for whoever prints it.
struct SetField {
    enum class Spelling : std::uint8_t { set_field, load, old_action };
    FieldId field{};
    FieldValue value;
    FieldValue mask;
    Spelling spelling = Spelling::set_field;
    bool operator==(const SetField&) const = default;
};

// The bits of one field become those of as many of another; a packet without either stays as it is.
// Whether it came as ONF's copy_field, which some versions have beside Nicira's move, is kept.
struct Move {
    Subfield source;
    Subfield destination;
    bool copy_field = false;
    bool operator==(const Move&) const = default;
};

// OpenFlow 1.0's set_vlan_vid and set_vlan_pcp push a tag if there is none (`push`); 1.1's do not.
struct SetVlanVid {
    std::uint16_t vid = 0;
    bool push = false;
    bool operator==(const SetVlanVid&) const = default;
};
struct SetVlanPcp {
    std::uint8_t pcp = 0;
    bool push = false;
    bool operator==(const SetVlanPcp&) const = default;
};
// Takes the outer tag off; a packet without one stays as it is.
struct PopVlan {
    bool operator==(const PopVlan&) const = default;
};
struct PushVlan {
    std::uint16_t tpid = 0x8100;
    bool operator==(const PushVlan&) const = default;
};

// One hop less. At 1 or 0 the packet goes to the controllers with these ids (none: id 0) that want
// such packets, and the list ends there.
struct DecTtl {
    std::vector<std::uint16_t> controller_ids;
    bool operator==(const DecTtl&) const = default;
};

// The actions of what `table` (or this one: table_current) says about the packet as it is now, with
// another ingress port if one is given; then it goes on here. `in_port` may be
// reserved_port::in_port: unchanged.
struct Resubmit {
    PortNumber in_port = reserved_port::in_port;
    std::uint8_t table = table_current;
    bool operator==(const Resubmit&) const = default;
};

// Bytes that mean nothing to the switch.
struct Note {
    std::vector<std::uint8_t> bytes;
    bool operator==(const Note&) const = default;
};

// Instructions.
struct ClearActions {
    bool operator==(const ClearActions&) const = default;
};
struct WriteActions;
struct WriteMetadata {
    std::uint64_t value = 0;
    std::uint64_t mask = ~std::uint64_t{0};
    bool operator==(const WriteMetadata&) const = default;
};
struct GotoTable {
    std::uint8_t table = 0;
    bool operator==(const GotoTable&) const = default;
};

}  // namespace rule_action

struct RuleAction;
using RuleActions = std::vector<RuleAction>;

namespace rule_action {
// Merged into the packet's action set, which is carried out when no table follows.
struct WriteActions {
    RuleActions actions;
    bool operator==(const WriteActions&) const;
};
}  // namespace rule_action

struct RuleAction {
    using Variant =
        std::variant<rule_action::Output, rule_action::Controller, rule_action::Enqueue,
                     rule_action::SetQueue, rule_action::PopQueue, rule_action::SetField,
                     rule_action::Move, rule_action::SetVlanVid, rule_action::SetVlanPcp,
                     rule_action::PopVlan, rule_action::PushVlan, rule_action::DecTtl,
                     rule_action::Resubmit, rule_action::Note, rule_action::ClearActions,
                     rule_action::WriteActions, rule_action::WriteMetadata, rule_action::GotoTable>;
    Variant what;

    RuleAction() = default;
    template <class Kind>
    requires std::constructible_from<Variant, Kind> RuleAction(Kind kind) : what(std::move(kind)) {}
    bool operator==(const RuleAction&) const = default;
};

namespace rule_action {
inline bool WriteActions::operator==(const WriteActions& other) const {
    return actions == other.actions;
}
}  // namespace rule_action

// The list has an output or enqueue to this port, also within WriteActions.
bool outputs_to(std::span<const RuleAction> actions, PortNumber port);

// Of memory, with what they refer to.
std::size_t bytes_of(std::span<const RuleAction> actions);

}  // namespace switchd
