// The file that tells scripts which process the switch is: "PID\n".
//
// Made only where there is none, or where the one there names a process that is gone. Removed at
// the end if it still is this process's.
#pragma once

#include <string>

namespace switchd {

class PidFile {
public:
    // Throws SetupError: a live process has it, or it cannot be written.
    explicit PidFile(std::string path);
    ~PidFile();
    PidFile(const PidFile&) = delete;
    PidFile& operator=(const PidFile&) = delete;

private:
    std::string path_;
};

}  // namespace switchd
