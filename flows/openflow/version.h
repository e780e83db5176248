// The versions of OpenFlow, by their number on the wire.
#pragma once

#include <cstdint>

namespace switchd::openflow {

enum class Version : std::uint8_t {
    v1_0 = 1,
    v1_1 = 2,
    v1_2 = 3,
    v1_3 = 4,
    v1_4 = 5,
    v1_5 = 6,
};

}  // namespace switchd::openflow
