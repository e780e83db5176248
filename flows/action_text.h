// What a rule does in ovs-ofctl's syntax (ovs-actions(7)): "strip_vlan,set_field:5->reg0,NORMAL".
// The other direction is parse_actions().
#pragma once

#include <span>
#include <string>

#include "flows/rule_actions.h"

namespace switchd {

// As ovs-ofctl dump-flows prints them; "drop" if there are none.
std::string actions_text(std::span<const RuleAction> actions);

// "NXM_NX_REG0[0..5]"; of a whole field "NXM_NX_REG0[]".
std::string subfield_text(const Subfield& part);

}  // namespace switchd
