// The commands about the switch as a whole and about the session.
#include <unistd.h>

#include "switchd/core/printable.h"
#include "vde-compat/console_command.h"

namespace switchd::vde {

namespace {

CommandResult ds_showinfo(CommandCall& call) {
    const auto info = call.parts.model.info();
    call.print("ctl dir {}\nstd mode 0{:03o}\n", printable(info.ctl_directory), info.mode);
    return {};
}

CommandResult help(CommandCall& call) {
    print_help(call);
    return {};
}

CommandResult showinfo(CommandCall& call) {
    const auto info = call.parts.model.info();
    call.print("{}\npid {} MAC {} uptime {}\n", console_banner, ::getpid(), info.mac.to_string(),
               info.uptime.count());
    if (!info.management_socket.empty())
        call.print("mgmt {} perm 0{:03o}\n", printable(info.management_socket),
                   info.management_mode);
    return {};
}

constexpr Command commands[] = {
    {"ds", "============", "DATA SOCKET MENU", CommandShape::menu},
    {"ds/showinfo", "", "show ds info", CommandShape::data, ds_showinfo},
    {"help", "[arg]", "Help (limited to arg when specified)", CommandShape::data, help},
    {"logout", "", "logout from this mgmt terminal", CommandShape::logout},
    {"shutdown", "", "shutdown of the switch", CommandShape::shutdown},
    {"showinfo", "", "show switch version and info", CommandShape::data, showinfo},
    {"load", "path", "load a configuration script", CommandShape::load, nullptr, true},
};

}  // namespace

std::span<const Command> general_commands() {
    return commands;
}

}  // namespace switchd::vde
