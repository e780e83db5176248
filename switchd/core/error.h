// What cannot be set up: the thing and the reason, the remedy, and the exit status to end with.
//
// Thrown by constructors and by whatever runs before the loop, never in the packet path. main()
// prints it as one line; a front door turns it into a reply and the switch goes on.
#pragma once

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

namespace switchd {

class SetupError : public std::runtime_error {
public:
    explicit SetupError(const std::string& what, std::string remedy = {}, int exit_status = 1)
        : std::runtime_error(what), remedy_(std::move(remedy)), exit_status_(exit_status) {}

    const std::string& remedy() const { return remedy_; }
    int exit_status() const { return exit_status_; }

    // "what (remedy)" in one line.
    std::string line() const {
        return remedy_.empty() ? std::string(what()) : std::string(what()) + " (" + remedy_ + ")";
    }

private:
    std::string remedy_;
    int exit_status_;
};

// The text of errno value `error`.
inline std::string errno_text(int error) {
    return std::strerror(error);
}

// What helps where something could not be made in a directory: on a full disk nothing but room,
// otherwise `remedy`.
inline std::string room_or(int error, std::string remedy) {
    return error == ENOSPC || error == EDQUOT ? "make room on its disk" : std::move(remedy);
}

}  // namespace switchd
