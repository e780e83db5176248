// A port as the operator asks for it, in the way in which QEMU's users write things:
//
//     type=tap,name=vm1,ifname=tap0        a comma within a value is doubled
//
// On the command line, to switchctl, and, as an object with the same keys, in the configuration
// file. What the keys of a type mean is not known here (port_types.h).
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace switchd {

struct PortSpec {
    std::string type;
    std::vector<std::pair<std::string, std::string>> values;  // of the other keys, each once

    // Null if it is not said.
    const std::string* find(std::string_view key) const;
    // As parse_port_spec() takes it.
    std::string text() const;

    bool operator==(const PortSpec&) const = default;
};

// "KEY=VALUE", with its commas doubled.
std::string port_spec_word(std::string_view key, std::string_view value);

// The error is one line.
std::expected<PortSpec, std::string> parse_port_spec(std::string_view text);

}  // namespace switchd
