#include "vde-compat/setting_values.h"

#include <fmt/core.h>
#include <grp.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "vde-compat/settings.h"

namespace switchd::vde {

namespace {

std::optional<long> parse_number(const std::string& text, int base) {
    char* end = nullptr;
    errno = 0;
    const long value = std::strtol(text.c_str(), &end, base);
    // Also an embedded NUL ends early.
    if (text.empty() || end != text.c_str() + text.size() || errno != 0) return std::nullopt;
    return value;
}

}  // namespace

std::optional<long> parse_number(const std::string& text) {
    return parse_number(text, 0);
}

unsigned parse_port_count(const std::string& text) {
    const auto count = parse_number(text);
    if (!count)
        throw ValueError(fmt::format("'{}' is no number of ports (1 to {})", text, port_count_max));
    if (*count < 1)
        throw ValueError(
            fmt::format("The switch must have at least 1 port (1 to {})", port_count_max));
    if (*count > long{port_count_max})
        throw ValueError(fmt::format("{} ports are too many (1 to {})", *count, port_count_max));
    return static_cast<unsigned>(*count);
}

std::uint16_t parse_priority(const std::string& text) {
    const auto priority = parse_number(text);
    if (!priority || *priority < 0 || *priority > 0xffff)
        throw ValueError(fmt::format("'{}' is no priority (0 to 0xffff)", text));
    return static_cast<std::uint16_t>(*priority);
}

MacAddress parse_switch_mac(const std::string& text) {
    const auto mac = MacAddress::parse(text);
    if (!mac)
        throw ValueError(fmt::format("Invalid MAC Addr {} (a:b:c:d:e:f, six hex bytes)", text));
    if (mac->is_group())
        throw ValueError(fmt::format("{} is a group's address, not one of a switch", text));
    return *mac;
}

unsigned parse_hash_size(const std::string& text) {
    const auto size = parse_number(text);
    if (!size || *size < 1 || *size > long{hash_size_max})
        throw ValueError(fmt::format("'{}' is no hash size (1 to {})", text, hash_size_max));
    return static_cast<unsigned>(*size);
}

mode_t parse_mode(const std::string& text, const std::string& option) {
    const auto mode = parse_number(text, 8);
    if (!mode || *mode < 0 || *mode > 07777)
        throw ValueError(
            fmt::format("{} '{}' is no mode (octal digits, such as 0660)", option, text));
    return static_cast<mode_t>(*mode);
}

gid_t parse_group(const std::string& name) {
    if (const ::group* const entry = ::getgrnam(name.c_str())) return entry->gr_gid;
    throw ValueError(fmt::format("No such group '{}' (`getent group` lists them)", name));
}

std::string parse_path(const std::string& text, const std::string& option) {
    if (text.empty()) throw ValueError(fmt::format("{} is empty (it takes a path)", option));
    std::error_code error;
    const auto path = std::filesystem::absolute(text, error);
    if (error)
        throw ValueError(
            fmt::format("{} '{}' is relative to a directory that cannot be read: {} (give an "
                        "absolute path)",
                        option, text, error.message()));
    return path.string();
}

void append_names(const std::string& text, std::vector<std::string>& names) {
    std::istringstream list{text};
    for (std::string name; std::getline(list, name, ',');)
        if (!name.empty()) names.push_back(name);
}

}  // namespace switchd::vde
