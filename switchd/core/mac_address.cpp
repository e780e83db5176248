#include "switchd/core/mac_address.h"

#include <fmt/core.h>

#include <charconv>

namespace switchd {

std::optional<MacAddress> MacAddress::parse(std::string_view text) {
    MacAddress mac;
    const char* at = text.data();
    const char* const end = at + text.size();
    char separator = '\0';
    for (std::size_t i = 0; i < mac.bytes.size(); ++i) {
        if (i > 0) {
            if (at == end || (*at != ':' && *at != '.')) return std::nullopt;
            if (separator != '\0' && *at != separator) return std::nullopt;
            separator = *at++;
        }
        const auto [next, error] = std::from_chars(at, end, mac.bytes[i], 16);
        if (error != std::errc{} || next - at > 2) return std::nullopt;
        at = next;
    }
    if (at != end) return std::nullopt;
    return mac;
}

std::string MacAddress::to_string() const {
    return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", bytes[0], bytes[1], bytes[2],
                       bytes[3], bytes[4], bytes[5]);
}

}  // namespace switchd
