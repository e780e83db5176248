#include "flows/openflow/requests.h"
#include "flows/openflow/table_codec.h"

namespace switchd::openflow {
namespace {

void change(const Request& request, std::uint8_t table, const TableMod& mod) {
    FlowTables& tables = request.target.tables();
    if (mod.miss) tables.configure(table, *mod.miss);
    if (!mod.evicts) return;
    tables.set_eviction(table, *mod.evicts);
    request.controllers.vacancies().set(table, mod.vacancy, tables.state(table));
}

// An entry for each table. The tables outlive every connection.
template <class Write>
Outcome reply_with_tables(const Request& request, const Multipart& multipart, Write write) {
    request.target.tables().settle();
    const auto next_entry = [write, &tables = request.target.tables(),
                             next = 0U](Writer& writer) mutable {
        if (next == table_count) return false;
        const auto table = static_cast<std::uint8_t>(next++);
        write(writer, table, tables.state(table));
        return true;
    };
    request.reply_in_parts({request.version(), request.xid, multipart.type, next_entry});
    return {};
}

}  // namespace

Outcome change_table(const Request& request) {
    const auto mod = decode_table_mod(request.body(), request.version());
    if (!mod) return Failure(mod.error());
    if (mod->table == table_all) {
        for (unsigned table = 0; table < table_count; ++table)
            change(request, static_cast<std::uint8_t>(table), *mod);
    } else {
        change(request, mod->table, *mod);
    }
    return {};
}

Outcome answer_table_stats(const Request& request, const Multipart& multipart) {
    if (!multipart.body.empty()) return Failure(Error::brc_bad_len);
    return reply_with_tables(request, multipart, [version = request.version()](auto&&... entry) {
        encode_table_stats(entry..., version);
    });
}

// A request that says how tables ought to be is refused: they are all as able as they can be.
Outcome answer_table_features(const Request& request, const Multipart& multipart) {
    if (!multipart.body.empty()) return Failure(Error::tffc_eperm);
    return reply_with_tables(request, multipart, [version = request.version()](auto&&... entry) {
        encode_table_features(entry..., version);
    });
}

Outcome answer_table_descriptions(const Request& request, const Multipart& multipart) {
    if (!multipart.body.empty()) return Failure(Error::brc_bad_len);
    // The set of connections outlives this one.
    return reply_with_tables(request, multipart,
                             [&controllers = request.controllers](
                                 Writer& writer, std::uint8_t table, const TableState& state) {
                                 encode_table_description(
                                     writer, table, state,
                                     controllers.vacancies().thresholds(table));
                             });
}

}  // namespace switchd::openflow
