// The command lines of switchd and switchctl, and switchd's configuration file.
//
// Unlike vde_switch's, they are strict: what is not known is refused, with the nearest spelling
// that is, and exit status 2.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "switchd/openflow_options.h"
#include "switchd/port_spec.h"
#include "vde-compat/settings.h"

namespace switchd {

inline constexpr int usage_exit_status = 2;

// The command line asks to end at once: what to print where, and the exit status.
struct OptionsExit {
    std::string output;  // to stdout
    std::string error;   // to stderr, one line with its newline
    int status = 0;
};

struct SwitchdOptions {
    std::string run_directory;  // absolute; not made yet
    // Private unless it was named: whom the bridge's rights admit must be able to reach it then.
    mode_t run_directory_mode = 0700;
    std::string bridge = "br0";
    vde::Settings vde;      // of the bridge, whose directory is RUN-DIR/BRIDGE
    std::string local_tap;  // the interface behind the port LOCAL; empty: there is no such port
    std::vector<PortSpec> ports;  // asked for by name
    OpenflowOptions openflow;
    // Every so many answers of the megaflow cache are compared with the tables'; 0: none.
    std::uint32_t validate_every = 0;
};

std::variant<SwitchdOptions, OptionsExit> parse_switchd_options(int argc, const char* const* argv);

struct SwitchctlOptions {
    std::string run_directory;  // absolute
    bool json = false;
    std::string capture;  // "FILE" or "FILE:N": the frame of it is one argument more; empty: none
    std::string command;
    std::vector<std::string> arguments;
};

struct SwitchctlCommand {
    std::string_view name;
    std::string_view usage;  // its arguments; empty: none
    std::string_view help;
    std::size_t arguments_min = 0;
    std::size_t arguments_max = 0;
};

// `command` of the result is one of `commands`, with as many arguments as it takes.
std::variant<SwitchctlOptions, OptionsExit> parse_switchctl_options(
    int argc, const char* const* argv, std::span<const SwitchctlCommand> commands);

}  // namespace switchd
