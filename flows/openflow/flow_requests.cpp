#include "flows/openflow/flow_mod_codec.h"
#include "flows/openflow/requests.h"

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

// The rules that a request selects, one after the other. A rule is remembered by its id, because
// it may go while the peer takes its time to read of those before it.
template <class Encode>
MultipartReply::NextEntry entries(const Request& request, const FlowMod& selection, Encode encode) {
    FlowTables& tables = request.target.tables();
    tables.settle();
    std::vector<RuleId> rules;
    for (const Rule* rule : tables.select(selection)) rules.push_back(rule->id);
    return [&target = request.target, rules = std::move(rules), encode,
            next = std::size_t{0}](Writer& writer) mutable {
        while (next < rules.size()) {
            const Rule* rule = target.tables().find(rules[next++]);
            if (rule && encode(writer, *rule, target.now())) return true;
        }
        return false;
    };
}

AggregateStats aggregate(const Request& request, const FlowMod& selection) {
    FlowTables& tables = request.target.tables();
    tables.settle();
    AggregateStats stats;
    for (const Rule* rule : tables.select_unordered(selection)) {
        stats.packets += rule->packets;
        stats.bytes += rule->bytes;
        ++stats.flows;
    }
    return stats;
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
    const auto encode = [version](Writer& writer, const Rule& rule, TimePoint now) {
        return encode_flow_stats(writer, rule, now, version);
    };
    request.reply_in_parts(
        {version, request.xid, multipart.type, entries(request, *selection, encode)});
    return {};
}

Outcome answer_aggregate(const Request& request, const Multipart& multipart) {
    const Version version = request.version();
    const auto selection = decode_flow_stats_request(multipart.body, version);
    if (!selection) return Failure(selection.error());
    request.reply_in_parts(
        MultipartReply::of(version, request.xid, multipart.type,
                           [version, stats = aggregate(request, *selection)](Writer& writer) {
                               encode_aggregate_stats(writer, stats, version);
                           }));
    return {};
}

Outcome answer_flow_stats_nicira(const Request& request, ByteSpan body) {
    const auto selection = decode_nicira_flow_stats_request(body);
    if (!selection) return Failure(selection.error());
    request.reply_in_parts(MultipartReply::nicira(
        request.xid, nicira_stats::flow, entries(request, *selection, encode_nicira_flow_stats)));
    return {};
}

Outcome answer_aggregate_nicira(const Request& request, ByteSpan body) {
    const auto selection = decode_nicira_flow_stats_request(body);
    if (!selection) return Failure(selection.error());
    request.reply_in_parts(MultipartReply::nicira(
        request.xid, nicira_stats::aggregate,
        MultipartReply::once([stats = aggregate(request, *selection)](Writer& writer) {
            encode_aggregate_stats(writer, stats, Version::v1_0);
        })));
    return {};
}

}  // namespace switchd::openflow
