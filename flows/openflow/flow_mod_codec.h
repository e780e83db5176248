// Messages about rules: flow mods, requests for flow statistics, their replies' entries, and flow
// removed, of every version and of Nicira's (1.5.1, sections 7.3.4.2, 7.3.5.2 and 7.4.3).
//
// `message` is a whole message with its header, of the length that the header says; `body` what is
// behind the header of a statistics request (1.0: type, flags; later: with padding; Nicira's: with
// vendor and subtype, too).
#pragma once

#include <expected>

#include "flows/flow_mod.h"
#include "flows/flow_tables.h"
#include "flows/openflow/error.h"
#include "flows/openflow/version.h"
#include "flows/openflow/wire.h"
#include "flows/rule.h"

namespace switchd::openflow {

// OFPT_FLOW_MOD. `table_ids`: the peer has switched on NXT_FLOW_MOD_TABLE_ID, so the upper byte of
// 1.0's command is a table.
std::expected<FlowMod, Error> decode_flow_mod(ByteSpan message, Version version, bool table_ids);
// NXT_FLOW_MOD, in any version.
std::expected<FlowMod, Error> decode_nicira_flow_mod(ByteSpan message, Version version,
                                                     bool table_ids);

// OFPST_FLOW and OFPST_AGGREGATE have the same request, and so have NXST_FLOW and NXST_AGGREGATE.
// The result selects rules as FlowTables::select() does.
std::expected<FlowMod, Error> decode_flow_stats_request(ByteSpan body, Version version);
std::expected<FlowMod, Error> decode_nicira_flow_stats_request(ByteSpan body);

// Whether every version can show a rule with these actions, whatever it matches: a rule that cannot
// be shown must not come to be. A flow mod that was decoded has such actions only.
bool can_be_shown(std::span<const RuleAction> actions);

// The same of what was not decoded but came as text: whether each version could have asked for it,
// as far as it has words for it.
std::expected<void, Error> check_expressible(const FlowMod& mod);

// One entry of a reply. False, and nothing is written: it would be longer than a message can be.
bool encode_flow_stats(Writer& writer, const Rule& rule, TimePoint now, Version version);
bool encode_nicira_flow_stats(Writer& writer, const Rule& rule, TimePoint now);  // 1.0 only

struct AggregateStats {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
    std::uint32_t flows = 0;
};
// The body of OFPST_AGGREGATE's and NXST_AGGREGATE's reply.
void encode_aggregate_stats(Writer& writer, const AggregateStats& stats, Version version);

// Whole messages.
void encode_flow_removed(Writer& writer, const Rule& rule, RemovedReason reason, TimePoint now,
                         Version version);
void encode_nicira_flow_removed(Writer& writer, const Rule& rule, RemovedReason reason,
                                TimePoint now, Version version);

}  // namespace switchd::openflow
