#include <array>

#include "vde-compat/console_command.h"

namespace switchd::vde {

namespace {

// Lines are compared in this order, and `help` lists in it.
std::array<std::span<const Command>, 7> tables() {
    return {general_commands(), debug_commands(), mac_commands(), fstp_commands(),
            port_commands(),    vlan_commands(),  dump_commands()};
}

bool exists(const Command& command, const PacketDump& dump) {
    return !command.plugin || dump.added(*command.plugin);
}

}  // namespace

const Command* find_command(std::string_view line, const PacketDump& dump) {
    for (const auto table : tables())
        for (const auto& command : table)
            if (command.shape != CommandShape::menu && line.starts_with(command.path) &&
                exists(command, dump))
                return &command;
    return nullptr;
}

void print_help(CommandCall& call) {
    const auto row = [&](std::string_view path, std::string_view syntax, std::string_view help) {
        call.print("{:<18} {:<15} {}\n", path, syntax, help);
    };
    row("COMMAND PATH", "SYNTAX", "HELP");
    row("------------", "--------------", "------------");
    for (const auto table : tables())
        for (const auto& command : table)
            if (command.path.starts_with(call.argument) && exists(command, call.parts.dump) &&
                (!command.extension || !call.argument.empty()))
                row(command.path, command.syntax, command.help);
}

}  // namespace switchd::vde
