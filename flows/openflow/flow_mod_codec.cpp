#include "flows/openflow/flow_mod_codec.h"

#include <algorithm>
#include <chrono>

#include "flows/openflow/action_check.h"
#include "flows/openflow/action_codec.h"
#include "flows/openflow/fixed_match_codec.h"
#include "flows/openflow/header.h"
#include "flows/openflow/match_codec.h"

namespace switchd::openflow {
namespace {

constexpr std::uint32_t any_group = 0xffffffff;
constexpr std::uint16_t emergency_flag_1_0 = 4;
constexpr std::size_t match_alignment_bytes = 8;

// Leaves room for the largest header of a reply: that of Nicira's statistics.
constexpr std::size_t entry_bytes_max = message_bytes_max - 24;
// What an entry has beside actions, with a match on every field there is.
constexpr std::size_t entry_rest_bytes_max = 2048;
// Far from being too long in any version, so that nobody has to look.
constexpr std::size_t few_actions_bytes = 8 * 1024;

// OXS fields of 1.5 (1.5.1, 7.2.4.1): class 0x8002, number, bytes.
namespace oxs {
constexpr std::uint32_t field(std::uint32_t number, std::uint32_t bytes) {
    return 0x8002u << 16 | number << 9 | bytes;
}
constexpr std::uint32_t duration = field(0, 8), idle_time = field(1, 8), flow_count = field(3, 4),
                        packet_count = field(4, 8), byte_count = field(5, 8);
}  // namespace oxs

using Command = FlowMod::Command;

bool removes(Command command) {
    return command == Command::remove || command == Command::remove_strict;
}

std::expected<Command, Error> command_of(unsigned number) {
    if (number > static_cast<unsigned>(Command::remove_strict))
        return std::unexpected(Error::fmfc_bad_command);
    return static_cast<Command>(number);
}

// What a version lets a peer ask for.
std::expected<std::uint16_t, Error> checked_flags(std::uint16_t flags, Version version) {
    if (version == Version::v1_0 && (flags & emergency_flag_1_0) != 0)
        return std::unexpected(Error::fmfc_table_full);  // the table of emergency flows has no room
    unsigned known = rule_flag::send_flow_removed | rule_flag::check_overlap;
    if (version >= Version::v1_2) known |= rule_flag::reset_counts;
    if (version >= Version::v1_3) known |= rule_flag::no_packet_counts | rule_flag::no_byte_counts;
    if ((flags & ~known) != 0) return std::unexpected(Error::fmfc_bad_flags);
    return flags;
}

// 1.0 and Nicira's messages: a table in the upper byte, if that was agreed upon; else additions go
// to the first table and everything else to all of them.
std::expected<void, Error> set_command_1_0(FlowMod& mod, std::uint16_t number, bool table_ids) {
    const auto command = command_of(table_ids ? number & 0xffu : number);
    if (!command) return std::unexpected(command.error());
    mod.command = *command;
    mod.table = table_ids ? static_cast<std::uint8_t>(number >> 8) : table_all;
    if (mod.command == Command::add && mod.table == table_all) mod.table = 0;
    return {};
}

// An addition of 1.0 or 1.1 always does, which its rule tells as if it had been asked for.
void set_resets_counters(FlowMod& mod, Version version) {
    if (version <= Version::v1_1 && mod.command == Command::add)
        mod.flags |= rule_flag::reset_counts;
    mod.resets_counters = (mod.flags & rule_flag::reset_counts) != 0;
}

// What is not wrong in itself but cannot be done: at the end, so that what is wrong is told first.
std::expected<FlowMod, Error> accepted(FlowMod mod, RuleActions actions, std::uint32_t buffer,
                                       Version version) {
    if (removes(mod.command)) return mod;
    if (const auto checked = check_actions(actions, mod.match, mod.table, version); !checked)
        return std::unexpected(checked.error());
    if (!can_be_shown(actions)) return std::unexpected(Error::bac_too_many);
    mod.actions = std::move(actions);
    if (buffer != no_buffer) return std::unexpected(Error::brc_buffer_unknown);
    return mod;
}

std::expected<FlowMod, Error> decode_flow_mod_1_0(ByteSpan message, bool table_ids) {
    Reader reader(message);
    reader.skip(header_bytes);
    FlowMod mod;
    const auto match = decode_match_1_0(reader);
    mod.new_cookie = reader.u64();
    const std::uint16_t command = reader.u16();
    mod.idle_timeout = reader.u16();
    mod.hard_timeout = reader.u16();
    mod.priority = reader.u16();
    const std::uint32_t buffer = reader.u32();
    const std::uint16_t out_port = reader.u16();
    const auto flags = checked_flags(reader.u16(), Version::v1_0);
    if (!reader.ok()) return std::unexpected(Error::brc_bad_len);
    if (!match) return std::unexpected(match.error());
    mod.match = *match;
    auto actions = decode_actions(reader.rest(), Version::v1_0, mod.match);
    if (!actions) return std::unexpected(actions.error());
    if (const auto set = set_command_1_0(mod, command, table_ids); !set)
        return std::unexpected(set.error());
    if (!flags) return std::unexpected(flags.error());
    mod.flags = *flags;
    if (removes(mod.command)) mod.out_port = port_from_16(out_port);
    mod.modify_cookie = true;
    mod.modify_may_add = true;
    set_resets_counters(mod, Version::v1_0);
    return accepted(std::move(mod), std::move(*actions), buffer, Version::v1_0);
}

// A group that rules output to: there is none, so nothing is selected, as by a port to which no
// rule can output.
void set_out(FlowMod& mod, PortNumber port, std::uint32_t group) {
    mod.out_port = group == any_group ? port : reserved_port::unset;
}

std::expected<FlowMod, Error> decode_flow_mod_1_1(ByteSpan message, Version version) {
    Reader reader(message);
    reader.skip(header_bytes);
    FlowMod mod;
    const std::uint64_t cookie = reader.u64();
    const std::uint64_t cookie_mask = reader.u64();
    mod.table = reader.u8();
    const std::uint8_t command_number = reader.u8();
    mod.idle_timeout = reader.u16();
    mod.hard_timeout = reader.u16();
    mod.priority = reader.u16();
    const std::uint32_t buffer = reader.u32();
    const PortNumber out_port = reader.u32();
    const std::uint32_t out_group = reader.u32();
    const auto flags = checked_flags(reader.u16(), version);
    const std::uint16_t importance = reader.u16();
    if (!reader.ok()) return std::unexpected(Error::brc_bad_len);
    if (version >= Version::v1_4) mod.importance = importance;
    const auto match = decode_match(reader, version);
    if (!match) return std::unexpected(match.error());
    mod.match = *match;
    auto actions = decode_instructions(reader.rest(), version, mod.match);
    if (!actions) return std::unexpected(actions.error());
    const auto command = command_of(command_number);
    if (!command) return std::unexpected(command.error());
    mod.command = *command;
    if (mod.table == table_all && !removes(mod.command))
        return std::unexpected(Error::fmfc_bad_table_id);
    if (!flags) return std::unexpected(flags.error());
    mod.flags = *flags;
    if (removes(mod.command)) {
        if (!valid_port(out_port)) return std::unexpected(Error::bac_bad_out_port);
        set_out(mod, out_port, out_group);
    }
    mod.new_cookie = cookie;
    if (mod.command != Command::add) {
        mod.cookie = cookie & cookie_mask;
        mod.cookie_mask = cookie_mask;
    }
    mod.modify_may_add = version == Version::v1_1 && mod.cookie_mask == 0;
    set_resets_counters(mod, version);
    return accepted(std::move(mod), std::move(*actions), buffer, version);
}

// A list of `length` bytes and its padding.
std::expected<Match, Error> take_match_fields(Reader& reader, std::size_t length,
                                              CookieMatch& cookie) {
    const ByteSpan fields = reader.take(length);
    reader.skip((match_alignment_bytes - length % match_alignment_bytes) % match_alignment_bytes);
    if (!reader.ok()) return std::unexpected(Error::bmc_bad_len);
    return decode_match_fields(fields, &cookie);
}

void set_cookie(FlowMod& mod, const CookieMatch& cookie) {
    mod.cookie = cookie.value;
    mod.cookie_mask = cookie.mask;
}

// Nicira's ages: one more than the seconds, as 0 is "unknown".
std::uint16_t age(Duration duration) {
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
    return static_cast<std::uint16_t>(std::clamp<std::int64_t>(whole + 1, 1, 0xffff));
}

// Versions that do not have all flags show none.
std::uint16_t shown_flags(const Rule& rule, Version version) {
    return version < Version::v1_3 ? std::uint16_t{0} : rule.flags;
}

// A list of OXS fields with its length and padding.
template <class Fields>
void write_oxs(Writer& writer, Fields fields) {
    const std::size_t start = writer.size();
    writer.u16(0);
    writer.u16(0);
    fields();
    writer.patch_u16(start + 2, static_cast<std::uint16_t>(writer.size() - start));
    writer.pad_to_8(start);
}
void write_oxs_number(Writer& writer, std::uint32_t field, std::uint64_t value) {
    writer.u32(field);
    writer.number(value, field & 0xff);
}
void write_oxs_duration(Writer& writer, std::uint32_t field, Duration duration) {
    writer.u32(field);
    write_duration(writer, duration);
}

void write_flow_stats_1_0(Writer& writer, const Rule& rule, const Match& match, TimePoint now) {
    writer.u8(rule.table);
    writer.u8(0);
    encode_match(writer, match, Version::v1_0);
    write_duration(writer, now - rule.created);
    writer.u16(static_cast<std::uint16_t>(rule.priority()));
    writer.u16(rule.idle_timeout);
    writer.u16(rule.hard_timeout);
    writer.zeros(6);
    writer.u64(rule.cookie);
    writer.u64(rule.packets);
    writer.u64(rule.bytes);
}

void write_flow_stats_1_1(Writer& writer, const Rule& rule, const Match& match, TimePoint now,
                          Version version) {
    writer.u8(rule.table);
    writer.u8(0);
    write_duration(writer, now - rule.created);
    writer.u16(static_cast<std::uint16_t>(rule.priority()));
    writer.u16(rule.idle_timeout);
    writer.u16(rule.hard_timeout);
    writer.u16(shown_flags(rule, version));
    writer.u16(version >= Version::v1_4 ? rule.importance : 0);
    writer.zeros(2);
    writer.u64(rule.cookie);
    writer.u64(rule.packets);
    writer.u64(rule.bytes);
    encode_match(writer, match, version);
}

void write_flow_stats_1_5(Writer& writer, const Rule& rule, const Match& match, TimePoint now) {
    writer.zeros(2);
    writer.u8(rule.table);
    writer.u8(0);
    writer.u16(static_cast<std::uint16_t>(rule.priority()));
    writer.u16(rule.idle_timeout);
    writer.u16(rule.hard_timeout);
    writer.u16(shown_flags(rule, Version::v1_5));
    writer.u16(rule.importance);
    writer.u64(rule.cookie);
    encode_match(writer, match, Version::v1_5);
    write_oxs(writer, [&] {
        write_oxs_duration(writer, oxs::duration, now - rule.created);
        write_oxs_duration(writer, oxs::idle_time, now - rule.used);
        write_oxs_number(writer, oxs::packet_count, rule.packets);
        write_oxs_number(writer, oxs::byte_count, rule.bytes);
    });
}

// Fills in the length of an entry, or takes it back if it is too long.
bool end_entry(Writer& writer, std::size_t start) {
    const std::size_t length = writer.size() - start;
    if (length > entry_bytes_max) {
        writer.cut(start);
        return false;
    }
    writer.patch_u16(start, static_cast<std::uint16_t>(length));
    return true;
}

}  // namespace

std::expected<FlowMod, Error> decode_flow_mod(ByteSpan message, Version version, bool table_ids) {
    // All of its parts are multiples of 8 bytes.
    if (message.size() % 8 != 0) return std::unexpected(Error::brc_bad_len);
    if (version == Version::v1_0) return decode_flow_mod_1_0(message, table_ids);
    return decode_flow_mod_1_1(message, version);
}

std::expected<FlowMod, Error> decode_nicira_flow_mod(ByteSpan message, Version version,
                                                     bool table_ids) {
    Reader reader(message);
    reader.skip(vendor_header_bytes);
    FlowMod mod;
    mod.new_cookie = reader.u64();
    const std::uint16_t command = reader.u16();
    mod.idle_timeout = reader.u16();
    mod.hard_timeout = reader.u16();
    mod.priority = reader.u16();
    const std::uint32_t buffer = reader.u32();
    const std::uint16_t out_port = reader.u16();
    const auto flags = checked_flags(reader.u16(), version);
    const std::size_t match_bytes = reader.u16();
    reader.skip(6);
    if (!reader.ok()) return std::unexpected(Error::brc_bad_len);
    CookieMatch cookie;
    const auto match = take_match_fields(reader, match_bytes, cookie);
    if (!match) return std::unexpected(match.error());
    mod.match = *match;
    auto actions = decode_actions(reader.rest(), version, mod.match);
    if (!actions) return std::unexpected(actions.error());
    if (const auto set = set_command_1_0(mod, command, table_ids); !set)
        return std::unexpected(set.error());
    if (!flags) return std::unexpected(flags.error());
    mod.flags = *flags;
    // Additions give a cookie and have none to look for.
    if (mod.command == Command::add && cookie.mask != 0)
        return std::unexpected(Error::nxbrc_nxm_invalid);
    set_cookie(mod, cookie);
    if (removes(mod.command)) mod.out_port = port_from_16(out_port);
    mod.modify_cookie = mod.new_cookie != ~std::uint64_t{0};
    mod.modify_may_add = cookie.mask == 0;
    set_resets_counters(mod, version);
    return accepted(std::move(mod), std::move(*actions), buffer, version);
}

std::expected<FlowMod, Error> decode_flow_stats_request(ByteSpan body, Version version) {
    Reader reader(body);
    FlowMod request;
    request.command = Command::remove;
    if (version == Version::v1_0) {
        const auto match = decode_match_1_0(reader);
        request.table = reader.u8();
        reader.skip(1);
        request.out_port = port_from_16(reader.u16());
        if (!reader.ok() || reader.left() != 0) return std::unexpected(Error::brc_bad_len);
        request.match = *match;
        return request;
    }
    request.table = reader.u8();
    reader.skip(3);
    const PortNumber out_port = reader.u32();
    const std::uint32_t out_group = reader.u32();
    reader.skip(4);
    const std::uint64_t cookie = reader.u64();
    request.cookie_mask = reader.u64();
    request.cookie = cookie & request.cookie_mask;
    if (!reader.ok()) return std::unexpected(Error::brc_bad_len);
    if (!valid_port(out_port)) return std::unexpected(Error::bac_bad_out_port);
    set_out(request, out_port, out_group);
    const auto match = decode_match(reader, version);
    if (!match) return std::unexpected(match.error());
    if (reader.left() != 0) return std::unexpected(Error::brc_bad_len);
    request.match = *match;
    return request;
}

std::expected<FlowMod, Error> decode_nicira_flow_stats_request(ByteSpan body) {
    Reader reader(body);
    FlowMod request;
    request.command = Command::remove;
    request.out_port = port_from_16(reader.u16());
    const std::size_t match_bytes = reader.u16();
    request.table = reader.u8();
    reader.skip(3);
    if (!reader.ok()) return std::unexpected(Error::brc_bad_len);
    CookieMatch cookie;
    const auto match = take_match_fields(reader, match_bytes, cookie);
    if (!match) return std::unexpected(match.error());
    if (reader.left() != 0) return std::unexpected(Error::brc_bad_len);
    request.match = *match;
    set_cookie(request, cookie);
    return request;
}

constexpr Version every_version[] = {Version::v1_0, Version::v1_1, Version::v1_2,
                                     Version::v1_3, Version::v1_4, Version::v1_5};

bool can_be_shown(std::span<const RuleAction> actions) {
    if (bytes_of(actions) <= few_actions_bytes) return true;
    return std::ranges::all_of(every_version, [&](Version version) {
        std::vector<std::uint8_t> bytes;
        Writer writer(bytes);
        encode_instructions(writer, actions, version, Match{});
        return bytes.size() <= entry_bytes_max - entry_rest_bytes_max;
    });
}

std::expected<void, Error> check_expressible(const FlowMod& mod) {
    if (!can_be_shown(mod.actions)) return std::unexpected(Error::bac_too_many);
    for (const Version version : every_version) {
        std::vector<std::uint8_t> bytes;
        Writer writer(bytes);
        encode_match(writer, mod.match, version);
        Reader reader(bytes);
        const auto match = decode_match(reader, version);
        if (!match) return std::unexpected(match.error());

        bytes.clear();
        encode_instructions(writer, mod.actions, version, mod.match);
        const auto actions = version == Version::v1_0
                                 ? decode_actions(bytes, version, mod.match)
                                 : decode_instructions(bytes, version, mod.match);
        if (!actions) return std::unexpected(actions.error());
    }
    // What an action does to packets that lack its field is up to the text.
    return check_actions(mod.actions, mod.match, mod.table, Version::v1_0);
}

bool encode_flow_stats(Writer& writer, const Rule& rule, TimePoint now, Version version) {
    const std::size_t start = writer.size();
    const Match match = rule.match();
    writer.u16(0);
    if (version == Version::v1_0)
        write_flow_stats_1_0(writer, rule, match, now);
    else if (version < Version::v1_5)
        write_flow_stats_1_1(writer, rule, match, now, version);
    else
        write_flow_stats_1_5(writer, rule, match, now);
    encode_instructions(writer, rule.actions, version, match);
    return end_entry(writer, start);
}

bool encode_nicira_flow_stats(Writer& writer, const Rule& rule, TimePoint now) {
    const std::size_t start = writer.size();
    const Match match = rule.match();
    writer.u16(0);
    writer.u8(rule.table);
    writer.u8(0);
    write_duration(writer, now - rule.created);
    writer.u16(static_cast<std::uint16_t>(rule.priority()));
    writer.u16(rule.idle_timeout);
    writer.u16(rule.hard_timeout);
    const std::size_t match_length_at = writer.size();
    writer.u16(0);
    writer.u16(age(now - rule.used));
    writer.u16(age(now - rule.modified));
    writer.u64(rule.cookie);
    writer.u64(rule.packets);
    writer.u64(rule.bytes);
    const std::size_t match_start = writer.size();
    encode_nxm_fields(writer, match);
    writer.patch_u16(match_length_at, static_cast<std::uint16_t>(writer.size() - match_start));
    writer.pad_to_8(match_start);
    encode_actions(writer, rule.actions, Version::v1_0, match);
    return end_entry(writer, start);
}

void encode_aggregate_stats(Writer& writer, const AggregateStats& stats, Version version) {
    if (version >= Version::v1_5) {
        write_oxs(writer, [&] {
            write_oxs_number(writer, oxs::packet_count, stats.packets);
            write_oxs_number(writer, oxs::byte_count, stats.bytes);
            write_oxs_number(writer, oxs::flow_count, stats.flows);
        });
        return;
    }
    writer.u64(stats.packets);
    writer.u64(stats.bytes);
    writer.u32(stats.flows);
    writer.zeros(4);
}

void encode_flow_removed(Writer& writer, const Rule& rule, RemovedReason reason, TimePoint now,
                         Version version) {
    const std::size_t start = begin_message(writer, version, message_type::flow_removed, 0);
    const Match match = rule.match();
    const auto priority = static_cast<std::uint16_t>(rule.priority());
    const Duration duration = now - rule.created;
    if (version >= Version::v1_5) {
        writer.u8(rule.table);
        writer.u8(static_cast<std::uint8_t>(reason));
        writer.u16(priority);
        writer.u16(rule.idle_timeout);
        writer.u16(rule.hard_timeout);
        writer.u64(rule.cookie);
        encode_match(writer, match, version);
        write_oxs(writer, [&] {
            write_oxs_duration(writer, oxs::duration, duration);
            write_oxs_number(writer, oxs::packet_count, rule.packets);
            write_oxs_number(writer, oxs::byte_count, rule.bytes);
        });
        end_message(writer, start);
        return;
    }
    const bool first_version = version == Version::v1_0;
    if (first_version) encode_match(writer, match, version);
    writer.u64(rule.cookie);
    writer.u16(priority);
    writer.u8(static_cast<std::uint8_t>(reason));
    writer.u8(first_version ? 0 : rule.table);
    write_duration(writer, duration);
    writer.u16(rule.idle_timeout);
    writer.u16(first_version ? 0 : rule.hard_timeout);
    writer.u64(rule.packets);
    writer.u64(rule.bytes);
    if (!first_version) encode_match(writer, match, version);
    end_message(writer, start);
}

void encode_nicira_flow_removed(Writer& writer, const Rule& rule, RemovedReason reason,
                                TimePoint now, Version version) {
    const std::size_t start = begin_nicira_message(writer, version, nicira_type::flow_removed, 0);
    writer.u64(rule.cookie);
    writer.u16(static_cast<std::uint16_t>(rule.priority()));
    writer.u8(static_cast<std::uint8_t>(reason));
    writer.u8(static_cast<std::uint8_t>(rule.table + 1));  // 0 would be "unknown"
    write_duration(writer, now - rule.created);
    writer.u16(rule.idle_timeout);
    const std::size_t match_length_at = writer.size();
    writer.u16(0);
    writer.u64(rule.packets);
    writer.u64(rule.bytes);
    const std::size_t match_start = writer.size();
    encode_nxm_fields(writer, rule.match());
    writer.patch_u16(match_length_at, static_cast<std::uint16_t>(writer.size() - match_start));
    writer.pad_to_8(match_start);
    end_message(writer, start);
}

}  // namespace switchd::openflow
