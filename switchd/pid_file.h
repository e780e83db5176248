// The file that tells scripts which process the switch is: "PID\n".
//
// Made only where there is none, or where the one there names a process that is gone: two switches
// never share one, also when they start at once. A file that is no pid file is never replaced.
// Removed at the end if it still is the one that was made.
#pragma once

#include <string>

#include "switchd/core/fd.h"

namespace switchd {

class PidFile {
public:
    // Throws SetupError, with vde_switch's text: a live process has it, or it cannot be written.
    // `remedy` says how the operator gets another one.
    explicit PidFile(std::string path,
                     const std::string& remedy = "choose another file with --pidfile");
    ~PidFile();
    PidFile(const PidFile&) = delete;
    PidFile& operator=(const PidFile&) = delete;

private:
    std::string path_;
    // Locked as long as the process lives, which tells it from a left one for certain: with
    // flock(2) for ourselves, with fcntl(2) for Open vSwitch's tools, which ask for that one.
    Fd file_;
};

}  // namespace switchd
