// vde_switch's command line: its options, their spellings, its messages and exit codes.
//
// Long options work with one or two dashes and may be abbreviated; an option that nobody knows is
// warned about and passed over, as scripts of twenty years rely on; a stray argument is an error,
// and so is a value that cannot be used.
#pragma once

#include <string>
#include <variant>

#include "vde-compat/settings.h"

namespace switchd::vde {

// The command line asks to end at once: what to print where, and the exit status.
struct CommandLineExit {
    std::string output;  // to stdout
    std::string error;   // to stderr
    int status = 0;
};

struct CommandLine {
    Settings settings;
    std::string warnings;  // to stderr, whole lines; empty for none
};

// Relative paths are made absolute against the working directory. Of unknown, ambiguous and
// incomplete options getopt itself warns on stderr, in the words that it has for everybody. Changes
// getopt's state, so not to be called from several threads.
std::variant<CommandLine, CommandLineExit> parse_command_line(int argc, char** argv);

}  // namespace switchd::vde
