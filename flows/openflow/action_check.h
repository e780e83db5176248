// Whether the actions of a rule or a packet-out make sense, whatever message they came in (1.3.5,
// section 5.12; reference errors of type 2).
#pragma once

#include <cstdint>
#include <expected>

#include "flows/match.h"
#include "flows/openflow/error.h"
#include "flows/openflow/version.h"
#include "flows/rule_actions.h"

namespace switchd::openflow {

// Whether the switch can do this with packets of `match` in `table`. In 1.1 and later an action on
// a field that these packets need not have is an error, unless it is only written to the action
// set; in 1.0 it is not. A packet-out's match is that of exactly its packet, its table table_all.
std::expected<void, Error> check_actions(const RuleActions& actions, const Match& match,
                                         std::uint8_t table, Version version);

}  // namespace switchd::openflow
