// One row of the console's table of commands, and what a command's handler is given.
//
// Each menu has a file with its rows (console_ports.cpp, ...); console_table.cpp puts them in the
// order in which `help` lists them and lines are compared with them.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "vde-compat/console.h"

namespace switchd::vde {

struct CommandResult {
    Errno error = 0;
    std::string text{};  // instead of the errno's own
};

struct CommandCall {
    const Console::Parts& parts;
    DebugListener* listener;  // none in an rc file
    std::string_view argument;
    std::string& data;  // the lines between "0000 DATA" and "."

    template <class... Args>
    void print(fmt::format_string<Args...> text, Args&&... args) {
        fmt::format_to(std::back_inserter(data), text, std::forward<Args>(args)...);
    }
};

using CommandHandler = CommandResult (*)(CommandCall& call);

enum class CommandShape : std::uint8_t {
    menu,    // a heading in `help`, never run
    result,  // answers with the result line alone
    data,    // and with lines of data
    load,    // the three that are about the session itself
    logout,
    shutdown,
};

struct Command {
    std::string_view path;
    std::string_view syntax;
    std::string_view help;
    CommandShape shape = CommandShape::result;
    CommandHandler run = nullptr;
    bool of_session = false;            // fails where there is no session
    bool extension = false;             // unknown to vde_switch: plain `help` does not list it
    std::optional<Plugin> plugin = {};  // exists while that plugin is added
};

std::span<const Command> general_commands();
std::span<const Command> debug_commands();
std::span<const Command> mac_commands();
std::span<const Command> fstp_commands();
std::span<const Command> port_commands();
std::span<const Command> vlan_commands();
std::span<const Command> dump_commands();

// The first command whose path is a prefix of `line`, nullptr for none.
const Command* find_command(std::string_view line, const PacketDump& dump);

// The lines of `help PREFIX`.
void print_help(CommandCall& call);

}  // namespace switchd::vde
