#include "switchd/core/log.h"

#include <poll.h>
#include <syslog.h>
#include <unistd.h>

#include <tuple>

#include "switchd/core/printable.h"

namespace switchd {

namespace {

// With the program's name in front it stays below PIPE_BUF: written whole or not at all.
constexpr std::size_t line_bytes_max = 2048;

}  // namespace

Log::~Log() {
    if (syslog_) closelog();
}

void Log::use_syslog() {
    openlog(program_.c_str(), LOG_PID, LOG_DAEMON);
    syslog_ = true;
}

void Log::write(Level level, std::string_view text) {
    if (level > threshold(syslog_ ? Destination::syslog : Destination::console)) return;
    std::string line = printable(text);
    if (syslog_) {
        const int priority = level == Level::error     ? LOG_ERR
                             : level == Level::warning ? LOG_WARNING
                                                       : LOG_INFO;
        syslog(priority, "%s", line.c_str());
        return;
    }
    // Nobody may read it: a pipe that is full must not stop the switch, so the line is lost.
    line = program_ + ": " + line.substr(0, line_bytes_max) + "\n";
    pollfd ready{STDERR_FILENO, POLLOUT, 0};
    if (::poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT) != 0)
        std::ignore = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace switchd
