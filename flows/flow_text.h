// Whole rules in ovs-ofctl's syntax: lines that ask for a change of the tables, and lines that show
// what is in them (ovs-ofctl(8), "Flow Syntax").
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "flows/field_text.h"
#include "flows/flow_mod.h"
#include "flows/rule.h"

namespace switchd {

// "table=1,priority=100,tcp,tp_dst=80,actions=output:2". Which words may stand there depends on the
// command: what removes has no actions, what adds has no out_port. What rule_text() says about a
// rule's past is passed over, so that a dump can be read back.
std::expected<FlowMod, TextError> parse_flow_mod(std::string_view line, FlowMod::Command command,
                                                 const PortResolver& ports = {});

// As ovs-ofctl dump-flows prints it, without the line's end: " cookie=0x0, duration=1.234s,
// table=0, n_packets=0, n_bytes=0, idle_age=1, priority=1,tcp actions=drop".
std::string rule_text(const Rule& rule, TimePoint now);

}  // namespace switchd
