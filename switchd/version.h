// What the programs call their version.
#pragma once

#include <string_view>

namespace switchd {

inline constexpr std::string_view version = "switchd 0.1";

}  // namespace switchd
