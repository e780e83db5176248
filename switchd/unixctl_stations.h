// fdb/*: the stations, learned and set, in Open vSwitch's words.
#pragma once

#include "switchd/unixctl_commands.h"

namespace switchd {

// BRIDGE PORT VLAN MAC, PORT by its name. A station that is set stays where it is.
UnixctlReply set_station(const UnixctlContext& context, UnixctlArguments arguments);
// BRIDGE VLAN MAC
UnixctlReply remove_station(const UnixctlContext& context, UnixctlArguments arguments);
// BRIDGE
UnixctlReply show_stations(const UnixctlContext& context, UnixctlArguments arguments);
// [BRIDGE]: the learned ones.
UnixctlReply flush_stations(const UnixctlContext& context, UnixctlArguments arguments);
// BRIDGE
UnixctlReply show_station_statistics(const UnixctlContext& context, UnixctlArguments arguments);
// [BRIDGE]
UnixctlReply clear_station_statistics(const UnixctlContext& context, UnixctlArguments arguments);

}  // namespace switchd
