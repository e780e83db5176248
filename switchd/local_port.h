// The port LOCAL of a bridge: the host's own network stack, behind a TAP interface.
#pragma once

#include <string>

#include "switchd/bridge.h"

namespace switchd {

// The bridge must have no such port. Throws SetupError if there is no such TAP, and none can be
// made.
void attach_local_port(Reactor& reactor, Bridge& bridge, const std::string& tap);

}  // namespace switchd
