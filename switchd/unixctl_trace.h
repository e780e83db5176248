// ofproto/trace: what the tables would do with a packet, as Open vSwitch prints it.
#pragma once

#include "switchd/unixctl_commands.h"

namespace switchd {

// BRIDGE FLOW [-generate | PACKET], PACKET in hexadecimal. With one of the last two the packet's
// source is learned, as if it had come in; it is sent nowhere.
UnixctlReply trace_flow(const UnixctlContext& context, UnixctlArguments arguments);

}  // namespace switchd
