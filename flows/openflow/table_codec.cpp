#include "flows/openflow/table_codec.h"

#include "flows/match_field.h"
#include "flows/openflow/action_numbers.h"
#include "flows/openflow/match_codec.h"
#include "flows/openflow/property.h"

namespace switchd::openflow {
namespace {

using Failure = std::unexpected<Error>;

constexpr std::size_t table_name_bytes = 32;

// Bits of what 1.0 and 1.1 can match on, by their numbers on the wire.
constexpr std::uint32_t wildcards_1_0 = 0x3fffff;
constexpr std::uint32_t fields_1_1 = 0xf8ff;  // all but MPLS
constexpr unsigned fields_of_1_2 = 36;
constexpr unsigned last_table = table_count - 1;

// OFPTC_*
constexpr std::uint32_t config_eviction = 4;
constexpr std::uint32_t config_vacancy = 8;

// OFPTFPT_*
namespace table_property {
constexpr std::uint16_t instructions = 0, next_tables = 2, write_actions = 4, apply_actions = 6,
                        match = 8, wildcards = 10, write_set_field = 12, apply_set_field = 14;
}  // namespace table_property

constexpr std::uint16_t eviction_property = 2;
constexpr std::uint16_t vacancy_property = 3;
constexpr std::uint32_t evicts_by_importance_and_lifetime = 6;

// Of OpenFlow 1.2's fields, those that rules can match on, or that actions can set.
std::uint64_t fields_1_2(bool writable) {
    std::uint64_t bits = 0;
    for (const MatchField& field : match_fields()) {
        const unsigned number = field.oxm >> 9 & 0x7f;
        if (field.oxm >> 16 == 0x8000 && number < fields_of_1_2 &&
            (!writable || settable({&field, false})))
            bits |= std::uint64_t{1} << number;
    }
    return bits;
}

std::uint32_t miss_config(TableMiss miss) {
    switch (miss) {
        case TableMiss::standard:
        case TableMiss::controller: return 0;
        case TableMiss::go_on: return 1;
        case TableMiss::drop: return 2;
    }
    return 0;
}

std::uint32_t eviction_config(const TableState& state) {
    return state.evicts ? config_eviction : 0;
}

void write_abilities_1_1(Writer& writer, std::uint32_t instructions) {
    const std::uint32_t actions = offered_actions(Version::v1_1);
    writer.u32(fields_1_1);  // that may be wildcards
    writer.u32(fields_1_1);
    writer.u32(instructions);
    writer.u32(actions);  // to write
    writer.u32(actions);  // to apply
}

void write_abilities_1_2(Writer& writer, std::uint32_t instructions) {
    const std::uint32_t actions = offered_actions(Version::v1_2);
    writer.u64(fields_1_2(false));
    writer.u64(fields_1_2(false));  // that may be wildcards
    writer.u32(actions);            // to write
    writer.u32(actions);            // to apply
    writer.u64(fields_1_2(true));
    writer.u64(fields_1_2(true));
    writer.u64(~std::uint64_t{0});  // metadata to match
    writer.u64(~std::uint64_t{0});  // and to write
    writer.u32(instructions);
}

// A property that lists the headers, without more, of actions or instructions.
void write_kinds(Writer& writer, std::uint16_t type, std::uint32_t numbers) {
    write_property(writer, type, [&] {
        for (std::uint16_t number = 0; number < 32; ++number) {
            if ((numbers >> number & 1) == 0) continue;
            writer.u16(number);
            writer.u16(4);  // length
        }
    });
}

void write_fields(Writer& writer, std::uint16_t type, Version version, bool to_set, bool masks) {
    write_property(writer, type, [&] {
        for (const FieldHeader& header : known_headers())
            if (!to_set || settable(header))
                encode_field_header(writer, header, version, masks && header.field->maskable);
    });
}

// What a table can do, also where no rule matches (the even numbers are for both).
void write_abilities_1_3(Writer& writer, std::uint8_t table, Version version) {
    using namespace table_property;
    write_kinds(writer, instructions, offered_instructions(table == last_table));
    write_property(writer, next_tables, [&] {
        for (unsigned next = table + 1u; next < table_count; ++next)
            writer.u8(static_cast<std::uint8_t>(next));
    });
    write_kinds(writer, write_actions, offered_actions(version));
    write_kinds(writer, apply_actions, offered_actions(version));
    write_fields(writer, match, version, false, true);
    write_fields(writer, wildcards, version, false, false);
    write_fields(writer, write_set_field, version, true, false);
    write_fields(writer, apply_set_field, version, true, false);
}

// The properties of a table mod: the thresholds of vacancy, if there are any.
std::expected<std::optional<Vacancy>, Error> read_properties(Reader& reader) {
    if (reader.left() % 8 != 0) return Failure(Error::brc_bad_len);
    std::optional<Vacancy> vacancy;
    while (reader.left() != 0) {
        const auto property = read_property(reader);
        if (!property || !property->number()) return Failure(Error::bpc_bad_len);
        if (property->type == eviction_property) continue;
        if (property->type != vacancy_property) return Failure(Error::bpc_bad_type);
        const auto& value = property->value;
        vacancy = Vacancy{value[0], value[1]};
        const std::uint8_t vacant_now = value[2];  // for a reply to say
        if (vacancy->down > vacancy->up || vacant_now != 0) return Failure(Error::bpc_bad_value);
    }
    return vacancy;
}

}  // namespace

void encode_table_stats(Writer& writer, std::uint8_t table, const TableState& state,
                        Version version) {
    writer.u8(table);
    if (version >= Version::v1_3) {
        writer.zeros(3);
        writer.u32(state.rules);
    } else {
        writer.zeros(version == Version::v1_0 ? 3 : 7);
        writer.zeros(table_name_bytes);
        if (version == Version::v1_0) writer.u32(wildcards_1_0);
        const std::uint32_t instructions = offered_instructions(table == last_table);
        if (version == Version::v1_1) write_abilities_1_1(writer, instructions);
        if (version == Version::v1_2) write_abilities_1_2(writer, instructions);
        if (version != Version::v1_0) writer.u32(miss_config(state.miss));
        writer.u32(state.rules_max);
        writer.u32(state.rules);
    }
    writer.u64(state.lookups);
    writer.u64(state.matches);
}

void encode_table_features(Writer& writer, std::uint8_t table, const TableState& state,
                           Version version) {
    const std::size_t start = writer.size();
    writer.u16(0);  // length
    writer.u8(table);
    writer.zeros(5);
    writer.zeros(table_name_bytes);
    writer.u64(~std::uint64_t{0});  // metadata to match
    writer.u64(~std::uint64_t{0});  // and to write
    writer.u32(version >= Version::v1_4 ? config_eviction | config_vacancy : 0);
    writer.u32(state.rules_max);
    write_abilities_1_3(writer, table, version);
    writer.patch_u16(start, static_cast<std::uint16_t>(writer.size() - start));
}

void encode_table_description(Writer& writer, std::uint8_t table, const TableState& state,
                              std::optional<Vacancy> vacancy) {
    const std::size_t start = writer.size();
    writer.u16(0);  // length
    writer.u8(table);
    writer.u8(0);
    writer.u32(eviction_config(state) | (vacancy ? config_vacancy : 0));
    write_property(writer, eviction_property,
                   [&] { writer.u32(evicts_by_importance_and_lifetime); });
    if (vacancy)
        write_property(writer, vacancy_property, [&] {
            writer.u8(vacancy->down);
            writer.u8(vacancy->up);
            writer.u8(vacancy_of(state));
            writer.u8(0);
        });
    writer.patch_u16(start, static_cast<std::uint16_t>(writer.size() - start));
}

std::expected<TableMod, Error> decode_table_mod(ByteSpan body, Version version) {
    Reader reader(body);
    TableMod mod;
    mod.table = reader.u8();
    reader.skip(3);
    const std::uint32_t config = reader.u32();
    if (!reader.ok()) return Failure(Error::brc_bad_len);
    if (version >= Version::v1_4) {
        const auto vacancy = read_properties(reader);
        if (!vacancy) return Failure(vacancy.error());
        mod.evicts = (config & config_eviction) != 0;
        if ((config & config_vacancy) != 0) mod.vacancy = *vacancy;
        return mod;
    }
    if (reader.left() != 0) return Failure(Error::brc_bad_len);
    // In 1.3 a rule says what happens to a miss, and nothing is left to configure.
    const bool known = version <= Version::v1_2 ? config <= 2 : config == 0;
    if (!known) return Failure(Error::tmfc_bad_config);
    if (version <= Version::v1_2)
        mod.miss = config == 0   ? TableMiss::controller
                   : config == 1 ? TableMiss::go_on
                                 : TableMiss::drop;
    return mod;
}

}  // namespace switchd::openflow
