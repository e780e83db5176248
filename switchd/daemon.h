// Going into the background, without leaving before everything that can fail has been tried.
//
// The parent waits until the child says that it is ready or ends: errors still reach the terminal,
// and whoever started the daemon gets its exit status. A parent that is killed meanwhile takes the
// child along.
#pragma once

#include "switchd/core/fd.h"
#include "switchd/core/log.h"

namespace switchd {

class Daemon {
public:
    // Forks; returns in the child, in a session of its own and in "/", with stdin from /dev/null.
    // The parent never returns. Before threads and rings are made. Throws SetupError.
    static Daemon start();

    // The parent exits with 0; stdout and stderr go to /dev/null, the log to syslog.
    void ready(Log& log);

private:
    explicit Daemon(Fd parent) : parent_(std::move(parent)) {}
    Fd parent_;
};

}  // namespace switchd
