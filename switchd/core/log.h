// Lines for the operator: one per event, lower case, the object first.
//
// Goes to stderr as "PROGRAM: text" or, in a daemon, to syslog. Never used per packet.
#pragma once

#include <fmt/core.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace switchd {

class Log {
public:
    // What a line is worth. No line is of level emergency or debug, and off is no line's: they are
    // thresholds that syslog's users know.
    enum class Level : std::uint8_t { off, emergency, error, warning, info, debug };
    enum class Destination : std::uint8_t { console, syslog };  // stderr, or a daemon's

    // `program` is the name in front of each line.
    explicit Log(std::string program) : program_(std::move(program)) {}
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;
    ~Log();

    // From now on to syslog, as a daemon does whose stderr is gone.
    void use_syslog();
    // Lines of less worth than this are not written to `destination`; info unless said otherwise.
    void set_threshold(Destination destination, Level level) {
        thresholds_[static_cast<std::size_t>(destination)] = level;
    }
    Level threshold(Destination destination) const {
        return thresholds_[static_cast<std::size_t>(destination)];
    }

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
    // Shown as printable() says: a peer may have chosen the words.
    void write(Level level, std::string_view text);

    std::string program_;
    std::array<Level, 2> thresholds_{Level::info, Level::info};
    bool syslog_ = false;
};

}  // namespace switchd
