// What a controller is to the switch beside other controllers (OpenFlow 1.5.1, section 6.3.6).
#pragma once

#include <cstdint>

namespace switchd::openflow {

// OFPCR_ROLE_*; a slave may ask but not change, and hears of ports only unless it wants more.
enum class Role : std::uint8_t { equal = 1, master = 2, slave = 3 };

}  // namespace switchd::openflow
