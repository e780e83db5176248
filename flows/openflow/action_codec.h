// Actions and instructions as the versions of OpenFlow write them (1.0, section 5.2.4; 1.5.1, 7.2.5
// and 7.2.8; Nicira's vendor actions in all of them).
//
// 1.0 has no instructions: its list of actions is what is applied, and writing metadata and going
// to another table are Nicira's actions there. What is written in a version is what that version
// has for it: set_field becomes load or one of the older actions where there is none, and what
// cannot be said at all (write_actions in 1.0) is left out.
#pragma once

#include <expected>

#include "flows/match.h"
#include "flows/openflow/error.h"
#include "flows/openflow/version.h"
#include "flows/openflow/wire.h"
#include "flows/rule_actions.h"

namespace switchd::openflow {

// A list of actions, as in a packet-out or a flow mod of 1.0. Transport ports of the older actions
// are those of the protocol that `match` names; of all three protocols if it names none.
std::expected<RuleActions, Error> decode_actions(ByteSpan actions, Version version,
                                                 const Match& match = Match{});
// A list of instructions (1.1 and later).
std::expected<RuleActions, Error> decode_instructions(ByteSpan instructions, Version version,
                                                      const Match& match);

// The applied part of a list; in 1.0 all of it. `match` tells whether 1.0's setting of a VLAN has
// to push a tag first.
void encode_actions(Writer& writer, std::span<const RuleAction> actions, Version version,
                    const Match& match = Match{});
// 1.0: the same as encode_actions().
void encode_instructions(Writer& writer, std::span<const RuleAction> actions, Version version,
                         const Match& match);

}  // namespace switchd::openflow
