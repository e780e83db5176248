#include "switchd/core/log.h"

#include <syslog.h>

#include <cstdio>

namespace switchd {

Log::~Log() {
    if (syslog_) closelog();
}

void Log::use_syslog() {
    openlog(program_.c_str(), LOG_PID, LOG_DAEMON);
    syslog_ = true;
}

void Log::write(Level level, std::string_view text) {
    std::string line{text};
    for (char& c : line)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    if (syslog_) {
        const int priority = level == Level::error     ? LOG_ERR
                             : level == Level::warning ? LOG_WARNING
                                                       : LOG_INFO;
        syslog(priority, "%s", line.c_str());
    } else {
        std::fprintf(stderr, "%s: %s\n", program_.c_str(), line.c_str());
    }
}

}  // namespace switchd
