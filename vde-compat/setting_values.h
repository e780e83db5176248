// The values of options, from the operator's text: checked whole, never half.
//
// The same for vde_switch's command line and switchd's. What cannot be used is a ValueError: one
// line with the thing, the reason and the remedy.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "switchd/core/mac_address.h"

namespace switchd::vde {

class ValueError : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

// A whole number in C's notations: 16, 0x10, 020.
std::optional<long> parse_number(const std::string& text);

unsigned parse_port_count(const std::string& text);
std::uint16_t parse_priority(const std::string& text);
MacAddress parse_switch_mac(const std::string& text);
// As given: 1 to hash_size_max, perhaps no power of two yet.
unsigned parse_hash_size(const std::string& text);
// Octal, at most 07777. `option` is for the message.
mode_t parse_mode(const std::string& text, const std::string& option);
gid_t parse_group(const std::string& name);
// Against the working directory as it is now; symbolic links and ".." are left for the system.
std::string parse_path(const std::string& text, const std::string& option);
// The names between the commas, behind `names`.
void append_names(const std::string& text, std::vector<std::string>& names);

}  // namespace switchd::vde
