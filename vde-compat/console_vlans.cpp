// vlan/*: which VLANs exist and which ports belong to them.
#include <cerrno>

#include "vde-compat/console_arguments.h"
#include "vde-compat/console_command.h"

namespace switchd::vde {

namespace {

template <Errno (Switch::*change)(long)>
CommandResult change_vlan(CommandCall& call) {
    const auto vlan = ConsoleArguments(call.argument).number();
    return {vlan ? (call.parts.model.*change)(*vlan) : EINVAL};
}

template <Errno (Switch::*change)(long, long)>
CommandResult change_member(CommandCall& call) {
    ConsoleArguments arguments(call.argument);
    const auto vlan = arguments.any_number();
    const auto port = arguments.any_number();
    return {vlan && port ? (call.parts.model.*change)(*vlan, *port) : EINVAL};
}

std::string_view status_of(const VlanMember& member) {
    // An inactive port forwards nothing yet, whatever its state will be.
    if (!member.active || member.state == PortState::learning) return "Learning";
    return member.state == PortState::forwarding ? "Forwarding" : "Discarding";
}

void print_vlan(CommandCall& call, const VlanInfo& vlan, bool inactive_too) {
    call.print("VLAN {:04}\n", vlan.vlan);
    for (const auto& member : vlan.members)
        if (member.active || inactive_too)
            call.print(" -- Port {:04} tagged={:d} active={:d} status={}\n", member.port,
                       member.tagged, member.active, status_of(member));
}

template <bool inactive_too>
CommandResult print(CommandCall& call) {
    if (call.argument.empty()) {
        for (const auto& vlan : call.parts.model.vlans()) print_vlan(call, vlan, inactive_too);
        return {};
    }
    const auto number = ConsoleArguments(call.argument).number();
    if (!number || *number < 0 || *number >= static_cast<int>(vlan_none)) return {EINVAL};
    const auto vlan = call.parts.model.vlan(static_cast<unsigned>(*number));
    if (!vlan) return {ENXIO};
    print_vlan(call, *vlan, inactive_too);
    return {};
}

constexpr Command commands[] = {
    {"vlan", "============", "VLAN MANAGEMENT MENU", CommandShape::menu},
    {"vlan/create", "N", "create the VLAN with tag N", CommandShape::result,
     change_vlan<&Switch::create_vlan>},
    {"vlan/remove", "N", "remove the VLAN with tag N", CommandShape::result,
     change_vlan<&Switch::remove_vlan>},
    {"vlan/addport", "N PORT", "add port to the vlan N (tagged)", CommandShape::result,
     change_member<&Switch::add_vlan_port>},
    {"vlan/delport", "N PORT", "delete port from the vlan N (tagged)", CommandShape::result,
     change_member<&Switch::remove_vlan_port>},
    {"vlan/print", "[N]", "print the list of defined vlan", CommandShape::data, print<false>},
    {"vlan/allprint", "[N]", "print the list of defined vlan (including inactive port)",
     CommandShape::data, print<true>},
};

}  // namespace

std::span<const Command> vlan_commands() {
    return commands;
}

}  // namespace switchd::vde
