// Lines for the operator: one per event, lower case, the object first.
//
// Goes to stderr as "PROGRAM: text" or, in a daemon, to syslog. Never used per packet.
#pragma once

#include <fmt/core.h>

#include <string>
#include <string_view>

namespace switchd {

class Log {
public:
    // `program` is the name in front of each line.
    explicit Log(std::string program) : program_(std::move(program)) {}
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;
    ~Log();

    // From now on to syslog, as a daemon does whose stderr is gone.
    void use_syslog();

    template <class... Args>
    void info(fmt::format_string<Args...> text, Args&&... args) {
        write(Level::info, fmt::format(text, std::forward<Args>(args)...));
    }
    template <class... Args>
    void warn(fmt::format_string<Args...> text, Args&&... args) {
        write(Level::warning, fmt::format(text, std::forward<Args>(args)...));
    }
    template <class... Args>
    void error(fmt::format_string<Args...> text, Args&&... args) {
        write(Level::error, fmt::format(text, std::forward<Args>(args)...));
    }

private:
    enum class Level { error, warning, info };
    // Shown as printable() says: a peer may have chosen the words.
    void write(Level level, std::string_view text);

    std::string program_;
    bool syslog_ = false;
};

}  // namespace switchd
