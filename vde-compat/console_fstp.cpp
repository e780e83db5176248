// fstp/*: VDE's own spanning tree.
#include "vde-compat/console_fstp.h"

#include <cerrno>

#include "vde-compat/console_arguments.h"
#include "vde-compat/console_command.h"

namespace switchd::vde {

namespace {

CommandResult showinfo(CommandCall& call) {
    const auto priority = call.parts.fstp.priority();
    call.print("MAC {} Priority {} (0x{:x})\nFSTP={}\n", call.parts.model.info().mac.to_string(),
               priority, priority, call.parts.fstp.enabled());
    return {};
}

CommandResult set_fstp(CommandCall& call) {
    if (call.parts.model.info().hub)
        call.print("Can't use fstp in hub mode\n");
    else
        call.parts.fstp.enable(loose_number(call.argument) != 0);
    return {};
}

CommandResult set_edge(CommandCall& call) {
    ConsoleArguments arguments(call.argument);
    const auto vlan = arguments.any_number();
    const auto port = arguments.any_number();
    const auto edge = arguments.any_number();
    if (!vlan || !port || !edge) return {EINVAL};
    return {call.parts.fstp.set_edge(*vlan, *port, *edge != 0)};
}

CommandResult bonus(CommandCall& call) {
    ConsoleArguments arguments(call.argument);
    const auto vlan = arguments.any_number();
    const auto port = arguments.any_number();
    const auto cost = arguments.any_number();
    if (!vlan || !port || !cost) return {EINVAL};
    return {call.parts.fstp.set_bonus(*vlan, *port, *cost)};
}

void print_tree(CommandCall& call, const FstpTreeView& tree) {
    call.print("FST DATA VLAN {:04} {} {}\n", tree.vlan, tree.is_root ? "ROOTSWITCH" : "",
               call.parts.fstp.enabled() ? "" : "FSTP IS DISABLED");
    call.print(" ++ root {:02x}\n ++ designated {:02x}\n", fmt::join(tree.root, ":"),
               fmt::join(tree.designated, ":"));
    call.print(" ++ rootport {:04} cost {} age {} bonusport {:04} bonuscost {}\n", tree.root_port,
               tree.cost, tree.age.count(), tree.bonus_port, tree.bonus_cost);
    for (const auto& port : tree.ports)
        call.print(" -- Port {:04} tagged={:d} portcost={} role={}\n", port.port, port.tagged,
                   port.cost, port.role);
}

CommandResult print(CommandCall& call) {
    if (call.argument.empty()) {
        for (const auto& tree : call.parts.fstp.trees()) print_tree(call, tree);
        return {};
    }
    const auto vlan = ConsoleArguments(call.argument).number();
    if (!vlan || *vlan < 0 || *vlan >= static_cast<int>(vlan_none)) return {EINVAL};
    const auto tree = call.parts.fstp.tree(static_cast<unsigned>(*vlan));
    if (!tree) return {ENXIO};
    print_tree(call, *tree);
    return {};
}

constexpr Command commands[] = {
    {"fstp", "============", "FAST SPANNING TREE MENU", CommandShape::menu},
    {"fstp/showinfo", "", "show fstp info", CommandShape::data, showinfo},
    {"fstp/setfstp", "0/1", "Fast spanning tree protocol 1=ON 0=OFF", CommandShape::data, set_fstp},
    {"fstp/setedge", "VLAN PORT 1/0", "Define an edge port for a vlan 1=Y 0=N",
     CommandShape::result, set_edge},
    {"fstp/bonus", "VLAN PORT COST", "set the port bonus for a vlan", CommandShape::result, bonus},
    {"fstp/print", "[N]", "print fst data for the defined vlan", CommandShape::data, print},
};

}  // namespace

std::span<const Command> fstp_commands() {
    return commands;
}

}  // namespace switchd::vde
