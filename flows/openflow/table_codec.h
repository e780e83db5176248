// Flow tables as the versions of OpenFlow write them: counters, what they can do, how they are
// configured (1.5.1, sections 7.3.4.1, 7.3.5.5, 7.3.5.16 and 7.3.5.18; 1.0, 5.3.5).
#pragma once

#include <expected>
#include <optional>

#include "flows/flow_tables.h"
#include "flows/openflow/error.h"
#include "flows/openflow/table_vacancy.h"
#include "flows/openflow/version.h"
#include "flows/openflow/wire.h"

namespace switchd::openflow {

void encode_table_stats(Writer& writer, std::uint8_t table, const TableState& state,
                        Version version);
// 1.3 and later: all that the tables' fields, actions and instructions are.
void encode_table_features(Writer& writer, std::uint8_t table, const TableState& state,
                           Version version);
// 1.4 and later. `vacancy`: the thresholds, if the table is watched.
void encode_table_description(Writer& writer, std::uint8_t table, const TableState& state,
                              std::optional<Vacancy> vacancy);

struct TableMod {
    std::uint8_t table = 0;  // table_all: every table
    std::optional<TableMiss> miss;
    std::optional<bool> evicts;
    std::optional<Vacancy> vacancy;  // where `evicts` is set, none: not to be watched
    bool operator==(const TableMod&) const = default;
};
// `body` is what is behind the header of an OFPT_TABLE_MOD.
std::expected<TableMod, Error> decode_table_mod(ByteSpan body, Version version);

}  // namespace switchd::openflow
