// port/*: the ports, who may use them, who does.
#include <cerrno>

#include "switchd/core/printable.h"
#include "vde-compat/console_arguments.h"
#include "vde-compat/console_command.h"
#include "vde-compat/console_users.h"

namespace switchd::vde {

namespace {

CommandResult showinfo(CommandCall& call) {
    const auto info = call.parts.model.info();
    call.print("Numports={}\nHUB={}\ncounters=true\n", info.port_count, info.hub);
    return {};
}

template <Errno (Switch::*change)(long)>
CommandResult change_by_number(CommandCall& call) {
    const auto number = ConsoleArguments(call.argument).number();
    return {number ? (call.parts.model.*change)(*number) : EINVAL};
}

template <Errno (Switch::*change)(long, long)>
CommandResult change_by_two(CommandCall& call) {
    ConsoleArguments arguments(call.argument);
    const auto number = arguments.any_number();
    const auto value = arguments.any_number();
    return {number && value ? (call.parts.model.*change)(*number, *value) : EINVAL};
}

CommandResult create(CommandCall& call) {
    const auto number = ConsoleArguments(call.argument).number();
    if (!number) return {EINVAL};
    if (*number != 0) return {call.parts.model.create_port(*number)};
    // 0 asks for any port, as it does in a plug's request.
    const auto port = call.parts.model.create_port_auto();
    return {port ? 0 : port.error()};
}

template <void (Switch::*set)(bool)>
CommandResult set_mode(CommandCall& call) {
    (call.parts.model.*set)(loose_number(call.argument) != 0);
    return {};
}

CommandResult set_hub(CommandCall& call) {
    const bool hub = loose_number(call.argument) != 0;
    if (hub) call.parts.fstp.enable(false);
    call.parts.model.set_hub(hub);
    return {};
}

CommandResult create_auto(CommandCall& call) {
    const auto port = call.parts.model.create_port_auto();
    if (!port) return {port.error()};
    call.print("Port {:04}\n", *port);
    return {};
}

CommandResult set_allocatable(CommandCall& call) {
    ConsoleArguments arguments(call.argument);
    const auto number = arguments.any_number();
    const auto allocatable = arguments.any_number();
    if (!number || !allocatable) return {EINVAL};
    return {call.parts.model.set_allocatable(*number, *allocatable != 0)};
}

// port/setuser and port/setgroup: "N NAME", where NONE and ANY lift the restriction.
template <auto set, auto find>
CommandResult set_owner(CommandCall& call) {
    ConsoleArguments arguments(call.argument);
    const auto number = arguments.any_number();
    const auto name = arguments.rest();
    if (!number || name.empty()) return {EINVAL};
    if (name == "NONE" || name == "ANY") return {(call.parts.model.*set)(*number, std::nullopt)};
    const auto id = find(name);
    return {id ? (call.parts.model.*set)(*number, id) : EINVAL};
}

CommandResult reset_counters(CommandCall& call) {
    if (!call.argument.empty()) return change_by_number<&Switch::reset_counters>(call);
    call.parts.model.reset_all_counters();
    return {};
}

void print_port(CommandCall& call, const PortInfo& port, AccountNames& names) {
    call.print("Port {:04} untagged_vlan={:04} {}ACTIVE - {}Unnamed Allocatable\n", port.number,
               port.untagged_vlan, port.active() ? "" : "IN", port.allocatable ? "" : "NOT ");
    call.print(" Current User: {} Access Control: (User: {} - Group: {})\n",
               names.user(port.current_user), names.user(port.user), names.group(port.group));
    call.print(" IN:  pkts {:10}          bytes {:20}\n", port.in.packets, port.in.bytes);
    call.print(" OUT: pkts {:10}          bytes {:20}\n", port.out.packets, port.out.bytes);
    for (const auto& endpoint : port.endpoints)
        call.print("  -- endpoint ID {:04} module {:<12}: {}\n", endpoint.id, endpoint.module,
                   printable(endpoint.description));
}

// The port that `argument` names, or why there is none.
std::expected<PortInfo, Errno> port_named(CommandCall& call) {
    const auto number = ConsoleArguments(call.argument).number();
    if (!number || *number < 0 || *number > static_cast<int>(call.parts.model.info().port_count))
        return std::unexpected(EINVAL);
    const auto port = call.parts.model.port(static_cast<unsigned>(*number));
    if (!port) return std::unexpected(ENXIO);
    return *port;
}

template <bool inactive_too>
CommandResult print(CommandCall& call) {
    AccountNames names;
    if (call.argument.empty()) {
        for (const auto& port : call.parts.model.ports())
            if (port.active() || inactive_too) print_port(call, port, names);
        return {};
    }
    const auto port = port_named(call);
    if (!port) return {port.error()};
    if (!port->active() && !inactive_too) return {ENXIO};
    print_port(call, *port, names);
    return {};
}

void print_drops(CommandCall& call, unsigned port) {
    call.print("Port {:04}\n", port);
    for (const auto& [reason, frames] : call.parts.model.drops(port))
        call.print(" {:<32} {:10}\n", reason, frames);
}

CommandResult drops(CommandCall& call) {
    if (call.argument.empty()) {
        for (const auto& port : call.parts.model.ports()) print_drops(call, port.number);
        return {};
    }
    const auto port = port_named(call);
    if (!port) return {port.error()};
    print_drops(call, port->number);
    return {};
}

constexpr auto extension = true;
constexpr Command commands[] = {
    {"port", "============", "PORT STATUS MENU", CommandShape::menu},
    {"port/showinfo", "", "show port info", CommandShape::data, showinfo},
    {"port/setnumports", "N", "set the number of ports", CommandShape::result,
     change_by_number<&Switch::set_port_count>},
    {"port/sethub", "0/1", "1=HUB 0=switch", CommandShape::result, set_hub},
    {"port/setvlan", "N VLAN", "set port VLAN (untagged)", CommandShape::result,
     change_by_two<&Switch::set_port_vlan>},
    // Before port/create, which is a prefix of it.
    {"port/createauto", "",
     "create a port with an automatically allocated id (inactive|notallocatable)",
     CommandShape::data, create_auto},
    {"port/create", "N", "create the port N (inactive|notallocatable)", CommandShape::result,
     create},
    {"port/remove", "N", "remove the port N", CommandShape::result,
     change_by_number<&Switch::remove_port>},
    {"port/allocatable", "N 0/1", "Is the port allocatable as unnamed? 1=Y 0=N",
     CommandShape::result, set_allocatable},
    {"port/setuser", "N user", "access control: set user", CommandShape::result,
     set_owner<&Switch::set_port_user, find_user>},
    {"port/setgroup", "N user", "access control: set group", CommandShape::result,
     set_owner<&Switch::set_port_group, find_group>},
    {"port/epclose", "N ID", "remove the endpoint port N/id ID", CommandShape::result,
     change_by_two<&Switch::close_endpoint>},
    {"port/resetcounter", "[N]", "reset the port (N) counters", CommandShape::result,
     reset_counters},
    {"port/print", "[N]", "print the port/endpoint table", CommandShape::data, print<false>},
    {"port/allprint", "[N]", "print the port/endpoint table (including inactive port)",
     CommandShape::data, print<true>},
    // Before port/setcolour, which is a prefix of it.
    {"port/setcolourful", "0/1", "1=no traffic between ports of one colour other than 0",
     CommandShape::result, set_mode<&Switch::set_colourful>, false, extension},
    {"port/setcolour", "N COLOUR", "set port colour", CommandShape::result,
     change_by_two<&Switch::set_port_colour>, false, extension},
    {"port/drops", "[N]", "print the frames dropped at a port, by reason", CommandShape::data,
     drops, false, extension},
};

}  // namespace

std::span<const Command> port_commands() {
    return commands;
}

}  // namespace switchd::vde
