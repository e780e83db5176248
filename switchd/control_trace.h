// switchctl trace: why the switch does what it does with a packet, as JSON and for people.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "switchd/control_commands.h"

namespace switchd {

// FLOW, and the frame in hexadecimal, whose headers then count instead of FLOW's (but in_port and
// registers). Changes nothing.
ControlReply trace_in_control(const ControlContext& context, ControlArguments arguments);

// Of such a result: the steps in their order, then what the switch remembers and does.
std::string trace_text(const nlohmann::json& result);

}  // namespace switchd
