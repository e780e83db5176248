#include "switchd/plug_hint.h"

#include <fmt/core.h>
#include <sys/random.h>

#include <array>

namespace switchd {

std::string plug_hint(const std::string& vde_directory) {
    // QEMU takes a comma for the end of a value, unless it is doubled.
    std::string sock;
    bool plain = true;
    for (const char c : vde_directory) {
        sock += c;
        if (c == ',') sock += c;
        const bool word = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                          (c >= 'a' && c <= 'z') ||
                          std::string_view("/._-+,:@").find(c) != std::string_view::npos;
        plain = plain && word;
    }
    std::array<unsigned char, 3> own{};
    static_cast<void>(::getrandom(own.data(), own.size(), GRND_NONBLOCK) < 0);
    const std::string value =
        fmt::format("vde,sock={},mac=52:54:00:{:02x}:{:02x}:{:02x}", sock, own[0], own[1], own[2]);
    if (plain) return "-nic " + value;
    // In single quotes a shell leaves everything alone but the single quote.
    std::string quoted;
    for (const char c : value) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return "-nic '" + quoted + "'";
}

}  // namespace switchd
