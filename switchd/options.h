// The command lines of switchd and switchctl, and switchd's configuration file.
//
// Unlike vde_switch's, they are strict: what is not known is refused, with the nearest spelling
// that is, and exit status 2.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "switchd/bridge_options.h"

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
    // Private unless it was named: whom the bridges' rights admit must be able to reach them then.
    mode_t run_directory_mode = 0700;
    bool daemon = false;
    std::string pid_file;
    std::vector<BridgeOptions> bridges;  // one at least
};

std::variant<SwitchdOptions, OptionsExit> parse_switchd_options(int argc, const char* const* argv);

// The words of switchctl's add-bridge: the name, then options of a bridge without their dashes:
// "hub", "numports=64". The error is one line.
std::expected<BridgeOptions, std::string> parse_bridge_options(std::span<const std::string> words,
                                                               const std::string& run_directory);

struct SwitchctlOptions {
    std::string run_directory;  // absolute
    std::string bridge;         // empty: the first
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
