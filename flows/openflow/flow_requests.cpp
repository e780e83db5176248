#include "flows/openflow/flow_mod_codec.h"
#include "flows/openflow/requests.h"
#include "flows/rule_walk.h"

namespace switchd::openflow {
namespace {

Error error_of(FlowModError error) {
    switch (error) {
        case FlowModError::table_full: return Error::fmfc_table_full;
        case FlowModError::bad_table_id: return Error::fmfc_bad_table_id;
        case FlowModError::overlap: return Error::fmfc_overlap;
        case FlowModError::bad_command: return Error::fmfc_bad_command;
        case FlowModError::bad_flags: return Error::fmfc_bad_flags;
        case FlowModError::goto_backwards: return Error::bic_bad_table_id;
    }
    return Error::fmfc_unknown;
}

Outcome carry_out(const Request& request, const std::expected<FlowMod, Error>& mod) {
    if (!mod) return Failure(mod.error());
    const auto applied = request.target.tables().apply(*mod, request.target.now());
    if (!applied) return Failure(error_of(applied.error()));
    request.controllers.rules_changed();
    return {};
}

// A reply about the rules that a request selects. Both parts share what was found.
struct RulesReply {
    MultipartReply::Prepare find;
    MultipartReply::NextEntry next;
};

// One entry after the other. An entry that fits into no message is left out.
template <class Encode>
RulesReply each_rule(const Request& request, const FlowMod& selection, Encode encode) {
    const FlowTables& tables = request.target.tables();
    tables.settle();
    const auto rules = std::make_shared<RuleWalk>(tables, RuleSelection(selection));
    return {[rules] { return rules->look_around(); },
            [&target = request.target, rules, encode](Writer& writer) {
                while (const Rule* rule = rules->next())
                    if (encode(writer, *rule, target.now())) return true;
                return false;
            }};
}

RulesReply sum_of_rules(const Request& request, const FlowMod& selection, Version version) {
    struct Sum {
        RuleScan rules;
        AggregateStats stats;
    };
    const FlowTables& tables = request.target.tables();
    tables.settle();
    const auto sum = std::make_shared<Sum>(RuleScan(tables, RuleSelection(selection)));
    return {[sum] {
                return sum->rules.go_on([&stats = sum->stats](const Rule& rule) {
                    stats.packets += rule.packets;
                    stats.bytes += rule.bytes;
                    ++stats.flows;
                });
            },
            MultipartReply::once([sum, version](Writer& writer) {
                encode_aggregate_stats(writer, sum->stats, version);
            })};
}

}  // namespace

Outcome change_flows(const Request& request) {
    return carry_out(request, decode_flow_mod(request.message, request.version(),
                                              request.session.flow_mod_tables));
}

Outcome change_flows_nicira(const Request& request) {
    if (request.session.role == Role::slave) return Failure(Error::brc_is_secondary);
    return carry_out(request, decode_nicira_flow_mod(request.message, request.version(),
                                                     request.session.flow_mod_tables));
}

Outcome answer_flow_stats(const Request& request, const Multipart& multipart) {
    const Version version = request.version();
    const auto selection = decode_flow_stats_request(multipart.body, version);
    if (!selection) return Failure(selection.error());
    RulesReply rules =
        each_rule(request, *selection, [version](Writer& writer, const Rule& rule, TimePoint now) {
            return encode_flow_stats(writer, rule, now, version);
        });
    request.reply_in_parts(
        {version, request.xid, multipart.type, std::move(rules.next), std::move(rules.find)});
    return {};
}

Outcome answer_aggregate(const Request& request, const Multipart& multipart) {
    const Version version = request.version();
    const auto selection = decode_flow_stats_request(multipart.body, version);
    if (!selection) return Failure(selection.error());
    RulesReply sum = sum_of_rules(request, *selection, version);
    request.reply_in_parts(
        {version, request.xid, multipart.type, std::move(sum.next), std::move(sum.find)});
    return {};
}

Outcome answer_flow_stats_nicira(const Request& request, ByteSpan body) {
    const auto selection = decode_nicira_flow_stats_request(body);
    if (!selection) return Failure(selection.error());
    RulesReply rules = each_rule(request, *selection, encode_nicira_flow_stats);
    request.reply_in_parts(MultipartReply::nicira(request.xid, nicira_stats::flow,
                                                  std::move(rules.next), std::move(rules.find)));
    return {};
}

Outcome answer_aggregate_nicira(const Request& request, ByteSpan body) {
    const auto selection = decode_nicira_flow_stats_request(body);
    if (!selection) return Failure(selection.error());
    RulesReply sum = sum_of_rules(request, *selection, Version::v1_0);
    request.reply_in_parts(MultipartReply::nicira(request.xid, nicira_stats::aggregate,
                                                  std::move(sum.next), std::move(sum.find)));
    return {};
}

}  // namespace switchd::openflow
