// What a rule does in ovs-ofctl's syntax (ovs-actions(7)): "strip_vlan,set_field:5->reg0,NORMAL".
#pragma once

#include <expected>
#include <string>

#include "flows/field_text.h"
#include "flows/match.h"
#include "flows/rule_actions.h"

namespace switchd {

// `text` lies in the reader's line. The match says which fields there are to set.
std::optional<RuleActions> read_actions(TextReader& reader, std::string_view text,
                                        const Match& match, const PortResolver& ports);

std::expected<RuleActions, TextError> parse_actions(std::string_view text, const Match& match = {},
                                                    const PortResolver& ports = {});

// As ovs-ofctl dump-flows prints them; "drop" if there are none.
std::string actions_text(std::span<const RuleAction> actions);

}  // namespace switchd
