// What switchctl prints for people: the results of control_commands.h as tables.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace switchd {

// The result of `command` as text that ends in a newline. Throws nlohmann::json::exception when it
// does not have the shape that this version knows: another version's switch.
std::string control_text(std::string_view command, const nlohmann::json& result);

}  // namespace switchd
