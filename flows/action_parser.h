// Reads what a rule does from ovs-ofctl's syntax (ovs-actions(7)):
// "strip_vlan,set_field:5->reg0,NORMAL". The other direction is actions_text().
#pragma once

#include <expected>
#include <optional>
#include <string_view>

#include "flows/field_text.h"
#include "flows/match.h"
#include "flows/rule_actions.h"

namespace switchd {

// `text` lies in the reader's line. The match says which fields there are to set. None if there is
// a mistake, which the reader then knows.
std::optional<RuleActions> read_actions(TextReader& reader, std::string_view text,
                                        const Match& match, const PortResolver& ports);

std::expected<RuleActions, TextError> parse_actions(std::string_view text, const Match& match = {},
                                                    const PortResolver& ports = {});

}  // namespace switchd
