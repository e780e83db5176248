// What to type to plug a machine into the switch.
#pragma once

#include <string>

namespace switchd {

// QEMU's option for the directory of a bridge, ready for a shell: with a MAC address that was made
// up for this one machine, because all machines of QEMU have the same one unless told otherwise.
std::string plug_hint(const std::string& vde_directory);

}  // namespace switchd
