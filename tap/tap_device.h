// Opens a TAP interface of the kernel: plain Ethernet frames, one per read or write.
#pragma once

#include <string>

#include "switchd/core/fd.h"

namespace switchd {

// Attaches to the TAP `name`, which is created if there is none and the process may. Throws
// SetupError.
Fd open_tap(const std::string& name);

}  // namespace switchd
