#include "flows/openflow/flow_mod_codec.h"

#include <memory>

#include "flows/flow_text.h"
#include "flows/openflow/action_codec.h"
#include "flows/openflow/fixed_match_codec.h"
#include "flows/openflow/header.h"
#include "flows/openflow/match_codec.h"
#include "tests/flows/openflow/hex.h"
#include "tests/flows/openflow/random_rules.h"
#include "tests/flows/recorded_flows.h"
#include "tests/flows/seeds.h"
#include "tests/support/catch.h"

namespace switchd::openflow::test {
namespace {

using switchd::test::recorded_flows;
using switchd::test::RecordedFlow;
using switchd::test::seeds;
using Bytes = std::vector<std::uint8_t>;
using Command = FlowMod::Command;
using Decoded = std::expected<FlowMod, Error>;
using namespace std::chrono_literals;

constexpr std::uint32_t any_group = 0xffffffff;

// A flow mod as a controller writes it.
struct Wanted {
    Match match{};
    RuleActions actions{};
    std::uint64_t cookie = 0;
    std::uint64_t cookie_mask = 0;
    std::uint16_t command = 0;  // 1.0: the table may be in the upper byte
    std::uint8_t table = 0;
    std::uint16_t idle_timeout = 10;
    std::uint16_t hard_timeout = 20;
    std::uint16_t priority = 30;
    std::uint32_t buffer = no_buffer;
    PortNumber out_port = reserved_port::any;
    std::uint32_t out_group = any_group;
    std::uint16_t flags = 0;
    std::uint16_t importance = 0;
};

Bytes standard(const Wanted& wanted, Version version) {
    Bytes out;
    Writer writer(out);
    const std::size_t start = begin_message(writer, version, message_type::flow_mod, 1);
    const bool first = version == Version::v1_0;
    if (first) encode_match(writer, wanted.match, version);
    writer.u64(wanted.cookie);
    if (first) {
        writer.u16(wanted.command);
    } else {
        writer.u64(wanted.cookie_mask);
        writer.u8(wanted.table);
        writer.u8(static_cast<std::uint8_t>(wanted.command));
    }
    writer.u16(wanted.idle_timeout);
    writer.u16(wanted.hard_timeout);
    writer.u16(wanted.priority);
    writer.u32(wanted.buffer);
    if (first) {
        writer.u16(port_to_16(wanted.out_port));
    } else {
        writer.u32(wanted.out_port);
        writer.u32(wanted.out_group);
    }
    writer.u16(wanted.flags);
    if (!first) {
        writer.u16(wanted.importance);
        encode_match(writer, wanted.match, version);
    }
    encode_instructions(writer, wanted.actions, version, wanted.match);
    end_message(writer, start);
    return out;
}

Bytes nicira(const Wanted& wanted, Version version = Version::v1_0, std::string_view cookie = "") {
    Bytes fields = from_hex(cookie);
    Writer fields_writer(fields);
    encode_nxm_fields(fields_writer, wanted.match);
    Bytes out;
    Writer writer(out);
    const std::size_t start = begin_nicira_message(writer, version, nicira_type::flow_mod, 1);
    writer.u64(wanted.cookie);
    writer.u16(wanted.command);
    writer.u16(wanted.idle_timeout);
    writer.u16(wanted.hard_timeout);
    writer.u16(wanted.priority);
    writer.u32(wanted.buffer);
    writer.u16(port_to_16(wanted.out_port));
    writer.u16(wanted.flags);
    writer.u16(static_cast<std::uint16_t>(fields.size()));
    writer.zeros(6);
    const std::size_t fields_start = writer.size();
    writer.bytes(fields);
    writer.pad_to_8(fields_start);
    encode_actions(writer, wanted.actions, version, wanted.match);
    end_message(writer, start);
    return out;
}

Decoded decoded(const Wanted& wanted, Version version, bool table_ids = false) {
    return decode_flow_mod(standard(wanted, version), version, table_ids);
}
Decoded decoded_nicira(const Wanted& wanted, Version version = Version::v1_0,
                       std::string_view cookie = "", bool table_ids = false) {
    return decode_nicira_flow_mod(nicira(wanted, version, cookie), version, table_ids);
}

Match ip_from_port_3() {
    return *decode_match_fields(from_hex("8000000400000003 80000a020800"));
}

// The rule that Open vSwitch 3.1 was given for the bytes below, 19 ms before `now`.
const TimePoint now{1h};
std::unique_ptr<Rule> sample_rule(std::uint8_t table = 0) {
    auto rule = std::make_unique<Rule>(table, ip_from_port_3(), 5);
    rule->idle_timeout = 100;
    rule->hard_timeout = 200;
    rule->importance = 7;
    rule->cookie = 0x1122;
    rule->flags =
        rule_flag::send_flow_removed | rule_flag::reset_counts | rule_flag::no_packet_counts;
    rule->actions = RuleActions{rule_action::Output{1, 0}};
    rule->created = rule->modified = rule->used = now - 19ms;
    return rule;
}

std::string plain(std::string_view hex) {
    return to_hex(from_hex(hex));
}

template <class Encode>
std::string text(Encode encode) {
    Bytes out;
    Writer writer(out);
    encode(writer);
    return to_hex(out);
}

}  // namespace

TEST_CASE("a flow mod of every version says the same", "[openflow]") {
    const Wanted wanted{.match = ip_from_port_3(),
                        .actions = {rule_action::Output{1, 0}},
                        .cookie = 7,
                        .flags = rule_flag::send_flow_removed,
                        .importance = 9};
    for (const Version version : all_versions) {
        INFO("version " << static_cast<int>(version));
        for (const Decoded& mod : {decoded(wanted, version), decoded_nicira(wanted, version)}) {
            REQUIRE(mod);
            CHECK(mod->command == Command::add);
            CHECK(mod->table == 0);
            CHECK(mod->match == wanted.match);
            CHECK(mod->priority == 30);
            CHECK(mod->new_cookie == 7);
            CHECK(mod->cookie_mask == 0);
            CHECK(mod->idle_timeout == 10);
            CHECK(mod->hard_timeout == 20);
            CHECK((mod->flags & rule_flag::send_flow_removed) != 0);
            // What 1.0 and 1.1 do without being told.
            CHECK(((mod->flags & rule_flag::reset_counts) != 0) == (version <= Version::v1_1));
            CHECK(mod->out_port == reserved_port::any);
            CHECK(mod->actions == wanted.actions);
        }
        CHECK(decoded(wanted, version)->importance == (version >= Version::v1_4 ? 9 : 0));
    }
}

TEST_CASE("versions differ in what a modification does", "[openflow]") {
    Wanted wanted{.cookie = 5, .command = 1};
    const auto first = decoded(wanted, Version::v1_0);
    CHECK((first->modify_cookie && first->modify_may_add && !first->resets_counters));
    const auto nicira_plain = decoded_nicira(wanted);
    CHECK((nicira_plain->modify_cookie && nicira_plain->modify_may_add));
    const auto nicira_masked =
        decoded_nicira(wanted, Version::v1_0, "00013d10 0000000000000005 00000000000000ff");
    CHECK((nicira_masked->modify_cookie && !nicira_masked->modify_may_add));
    CHECK(nicira_masked->cookie == 5);
    CHECK(nicira_masked->cookie_mask == 0xff);
    wanted.cookie = ~std::uint64_t{0};
    CHECK_FALSE(decoded_nicira(wanted)->modify_cookie);
    wanted.cookie = 0x105;
    const auto second = decoded(wanted, Version::v1_1);
    CHECK((!second->modify_cookie && second->modify_may_add && second->new_cookie == 0x105));
    wanted.cookie_mask = 0xff;
    CHECK_FALSE(decoded(wanted, Version::v1_1)->modify_may_add);
    for (const Version version : {Version::v1_2, Version::v1_3, Version::v1_4, Version::v1_5}) {
        const auto mod = decoded(wanted, version);
        CHECK((!mod->modify_cookie && !mod->modify_may_add && !mod->resets_counters));
        CHECK(mod->cookie == 5);
        CHECK(mod->cookie_mask == 0xff);
    }
}

TEST_CASE("an addition resets counters, since 1.2 only if it says so", "[openflow]") {
    for (const Version version : all_versions) {
        CHECK(decoded({}, version)->resets_counters == (version <= Version::v1_1));
        if (version <= Version::v1_1) continue;
        CHECK(decoded({.flags = rule_flag::reset_counts}, version)->resets_counters);
    }
}

TEST_CASE("flags that a version does not have are refused", "[openflow]") {
    const auto allowed = [](Version version, std::uint16_t flag) {
        return decoded({.flags = flag}, version).has_value();
    };
    for (const Version version : all_versions) {
        CHECK(allowed(version, rule_flag::check_overlap));
        CHECK(allowed(version, rule_flag::reset_counts) == (version >= Version::v1_2));
        CHECK(allowed(version, rule_flag::no_byte_counts) == (version >= Version::v1_3));
        CHECK_FALSE(allowed(version, 32));
        CHECK(decoded({.flags = 32}, version).error() == Error::fmfc_bad_flags);
    }
    CHECK(decoded({.flags = 4}, Version::v1_0).error() == Error::fmfc_table_full);  // emergency
    CHECK(decoded({.flags = 4}, Version::v1_1).error() == Error::fmfc_bad_flags);
}

TEST_CASE("1.0 has tables in the upper byte of the command if that was agreed upon", "[openflow]") {
    const auto table = [](std::uint16_t command, bool table_ids) {
        const Decoded standard_mod = decoded({.command = command}, Version::v1_0, table_ids);
        const Decoded nicira_mod =
            decoded_nicira({.command = command}, Version::v1_0, "", table_ids);
        REQUIRE(standard_mod.has_value() == nicira_mod.has_value());
        if (!standard_mod) {
            CHECK(standard_mod.error() == Error::fmfc_bad_command);
            return -1;
        }
        CHECK(standard_mod->table == nicira_mod->table);
        return static_cast<int>(standard_mod->table);
    };
    CHECK(table(0, false) == 0);
    CHECK(table(1, false) == table_all);
    CHECK(table(4, false) == table_all);
    CHECK(table(5, false) == -1);
    CHECK(table(0x0500, false) == -1);
    CHECK(table(0x0500, true) == 5);
    CHECK(table(0x0503, true) == 5);
    CHECK(table(0xff00, true) == 0);
    CHECK(table(0xff03, true) == table_all);
    CHECK(table(0x0505, true) == -1);
}

TEST_CASE("all tables can be asked to remove only", "[openflow]") {
    for (const Version version : all_versions) {
        if (version == Version::v1_0) continue;
        CHECK(decoded({.command = 3, .table = table_all}, version)->table == table_all);
        CHECK(decoded({.command = 0, .table = table_all}, version).error() ==
              Error::fmfc_bad_table_id);
        CHECK(decoded({.command = 2, .table = table_all}, version).error() ==
              Error::fmfc_bad_table_id);
        CHECK(decoded({.command = 5}, version).error() == Error::fmfc_bad_command);
    }
}

TEST_CASE("only a removal looks at an output port", "[openflow]") {
    for (const Version version : all_versions) {
        CHECK(decoded({.command = 3, .out_port = 5}, version)->out_port == 5);
        CHECK(decoded({.command = 0, .out_port = 5}, version)->out_port == reserved_port::any);
        if (version == Version::v1_0) continue;
        CHECK(decoded({.command = 3, .out_port = 0xff05}, version).error() ==
              Error::bac_bad_out_port);
        CHECK(decoded({.command = 0, .out_port = 0xff05, .out_group = 0}, version));
        // No rule outputs to a group.
        CHECK(decoded({.command = 3, .out_group = 7}, version)->out_port == reserved_port::unset);
    }
}

TEST_CASE("a buffer is unknown, whichever it is", "[openflow]") {
    for (const Version version : all_versions) {
        CHECK(decoded({.buffer = 7}, version).error() == Error::brc_buffer_unknown);
        CHECK(decoded_nicira({.buffer = 7}, version).error() == Error::brc_buffer_unknown);
        CHECK(decoded({.command = 3, .buffer = 7}, version));
    }
}

TEST_CASE("an addition has no cookie to look for", "[openflow]") {
    CHECK(decoded_nicira({}, Version::v1_0, "00013c080000000000000001").error() ==
          Error::nxbrc_nxm_invalid);
    CHECK(decoded_nicira({.command = 3}, Version::v1_0, "00013c080000000000000001")->cookie == 1);
}

TEST_CASE("actions are checked against the match", "[openflow]") {
    const Wanted wanted{.actions = {rule_action::DecTtl{}}};
    CHECK(decoded(wanted, Version::v1_0));
    CHECK(decoded(wanted, Version::v1_3).error() == Error::bac_match_inconsistent);
    const Wanted back{.actions = {rule_action::GotoTable{3}}, .table = 3};
    CHECK(decoded(back, Version::v1_3).error() == Error::bic_bad_table_id);
}

TEST_CASE("a statistics request selects as a removal does", "[openflow]") {
    const auto first = decode_flow_stats_request(
        from_hex("003fffff 00000000000000000000000000000000 00000000000000000000000000000000"
                 "00000000 ff 00 fffe"),
        Version::v1_0);
    REQUIRE(first);
    CHECK(first->command == Command::remove);
    CHECK(first->table == table_all);
    CHECK(first->out_port == reserved_port::local);
    CHECK(first->match == Match{});

    const std::string fixed =
        "05 000000 ffffffff ffffffff 00000000 0000000000000105 00000000000000ff";
    const std::string match = "0001000c 8000000400000003 00000000";
    const auto third = decode_flow_stats_request(from_hex(fixed + match), Version::v1_3);
    REQUIRE(third);
    CHECK(third->table == 5);
    CHECK(third->cookie == 5);
    CHECK(third->cookie_mask == 0xff);
    CHECK(third->out_port == reserved_port::any);
    CHECK(third->match == *decode_match_fields(from_hex("8000000400000003")));
    CHECK(decode_flow_stats_request(from_hex(fixed), Version::v1_3).error() == Error::bmc_bad_len);

    const auto nicira_request = decode_nicira_flow_stats_request(
        from_hex("ffff 0012 ff 000000 00013c080000000000000001 000000020003 000000000000"));
    REQUIRE(nicira_request);
    CHECK(nicira_request->cookie == 1);
    CHECK(nicira_request->cookie_mask == ~std::uint64_t{0});
    CHECK(nicira_request->out_port == reserved_port::any);
    CHECK(nicira_request->match == third->match);
    CHECK(decode_nicira_flow_stats_request(from_hex("ffff 0006 ff 000000 000000020003")).error() ==
          Error::bmc_bad_len);
}

TEST_CASE("requests that are too short are refused", "[openflow]") {
    for (const Version version : all_versions) {
        const std::size_t needed = version == Version::v1_0 ? 44 : 36;
        for (std::size_t length = 0; length < needed; ++length)
            CHECK_FALSE(decode_flow_stats_request(Bytes(length, 0), version));
    }
    for (std::size_t length = 0; length < 8; ++length)
        CHECK(decode_nicira_flow_stats_request(Bytes(length, 0)).error() == Error::brc_bad_len);
}

TEST_CASE("nothing stands behind the match of a statistics request", "[openflow]") {
    Bytes request = from_hex(
        "ff000000 ffffffff ffffffff 00000000 0000000000000000"
        "0000000000000000 0001000400000000");
    for (const Version version : {Version::v1_2, Version::v1_3, Version::v1_4, Version::v1_5}) {
        REQUIRE(decode_flow_stats_request(request, version));
        Bytes longer = request;
        longer.push_back(0);
        CHECK(decode_flow_stats_request(longer, version).error() == Error::brc_bad_len);
    }
}

TEST_CASE("a flow mod that is no multiple of 8 bytes long is refused for that", "[openflow]") {
    for (const Version version : all_versions)
        for (std::size_t length = header_bytes; length < 200; ++length)
            if (length % 8 != 0)
                CHECK(decode_flow_mod(Bytes(length, 0), version, false).error() ==
                      Error::brc_bad_len);
}

TEST_CASE("statistics of a rule are written as Open vSwitch writes them", "[openflow]") {
    const auto rule = sample_rule();
    const auto entry = [&](Version version) {
        return text([&](Writer& w) { REQUIRE(encode_flow_stats(w, *rule, now, version)); });
    };
    const std::string counters = "0000000000000000 0000000000000000";
    const std::string match = "00010012 8000000400000003 80000a020800 000000000000";
    const std::string output = "00040018 00000000 00000010 00000001 0000 000000000000";
    CHECK(entry(Version::v1_0) ==
          plain("0060 00 00 003820ee0003 00000000000000000000000000000000 0800 00 00 0000"
                "00000000 00000000 0000 0000 00000000 0121eac0 0005 0064 00c8 000000000000"
                "0000000000001122" +
                counters + "0000000800010000"));
    const std::string later = "0060 00 00 00000000 0121eac0 0005 0064 00c8";
    CHECK(entry(Version::v1_2) ==
          plain(later + "0000 0000 0000 0000000000001122" + counters + match + output));
    CHECK(entry(Version::v1_3) ==
          plain(later + "000d 0000 0000 0000000000001122" + counters + match + output));
    CHECK(entry(Version::v1_4) ==
          plain(later + "000d 0007 0000 0000000000001122" + counters + match + output));
    CHECK(entry(Version::v1_5) ==
          plain("0080 0000 00 00 0005 0064 00c8 000d 0007 0000000000001122" + match +
                "00000034 80020008 00000000 0121eac0 80020208 00000000 0121eac0"
                "80020808 0000000000000000 80020a08 0000000000000000 00000000" +
                output));
    // 1.1: its own match.
    CHECK(entry(Version::v1_1).size() == 2 * (48 + match_1_1_bytes + 24));
    CHECK(text([&](Writer& w) { REQUIRE(encode_nicira_flow_stats(w, *rule, now)); }) ==
          plain("0048 00 00 00000000 0121eac0 0005 0064 00c8 000c 0001 0001 0000000000001122" +
                counters + "000000020003 000006020800 00000000 0000000800010000"));
}

TEST_CASE("ages are whole seconds and one more", "[openflow]") {
    const auto rule = sample_rule();
    rule->used = now - 70s;
    rule->modified = now - 200h;
    const auto bytes =
        from_hex(text([&](Writer& w) { REQUIRE(encode_nicira_flow_stats(w, *rule, now)); }));
    Reader reader(ByteSpan(bytes).subspan(20));
    CHECK(reader.u16() == 71);
    CHECK(reader.u16() == 0xffff);
}

TEST_CASE("sums are written in every version's way", "[openflow]") {
    const auto sum = [](Version version) {
        return text([&](Writer& w) { encode_aggregate_stats(w, {5, 6, 7}, version); });
    };
    for (const Version version : {Version::v1_0, Version::v1_4})
        CHECK(sum(version) == plain("0000000000000005 0000000000000006 00000007 00000000"));
    CHECK(sum(Version::v1_5) == plain("00000024 80020808 0000000000000005 80020a08 0000000000000006"
                                      "80020604 00000007 00000000"));
}

TEST_CASE("the end of a rule is told as Open vSwitch tells it", "[openflow]") {
    const auto rule = sample_rule(2);
    const auto removed = [&](Version version) {
        return text([&](Writer& w) {
            encode_flow_removed(w, *rule, RemovedReason::deleted, now, version);
        });
    };
    const std::string counters = "0000000000000000 0000000000000000";
    const std::string match = "00010012 8000000400000003 80000a020800 000000000000";
    CHECK(removed(Version::v1_0) ==
          plain("010b0058 00000000 003820ee0003 00000000000000000000000000000000 0800 00 00"
                "0000 00000000 00000000 0000 0000 0000000000001122 0005 02 00 00000000 0121eac0"
                "0064 0000" +
                counters));
    for (const Version version : {Version::v1_2, Version::v1_3, Version::v1_4})
        CHECK(removed(version) == plain((version == Version::v1_2   ? "03"
                                         : version == Version::v1_3 ? "04"
                                                                    : "05") +
                                        std::string("0b0048 00000000 0000000000001122 0005 02 02"
                                                    "00000000 0121eac0 0064 00c8") +
                                        counters + match));
    CHECK(removed(Version::v1_5) ==
          plain("060b0058 00000000 02 02 0005 0064 00c8 0000000000001122" + match +
                "00000028 80020008 00000000 0121eac0 80020808 0000000000000000"
                "80020a08 0000000000000000"));
    CHECK(text([&](Writer& w) {
              encode_nicira_flow_removed(w, *rule, RemovedReason::deleted, now, Version::v1_0);
          }) == plain("01040048 00000000 00002320 0000000e 0000000000001122 0005 02 03 00000000"
                      "0121eac0 0064 000c" +
                      counters + "000000020003 000006020800 00000000"));
}

TEST_CASE("a rule that no message can hold is left out", "[openflow]") {
    const auto rule = sample_rule();
    // As long as 1.0 allows; 1.3 needs twice as much for each.
    rule->actions = RuleActions(8000, rule_action::Output{1, 0});
    Bytes out{1, 2, 3};
    Writer writer(out);
    CHECK(encode_flow_stats(writer, *rule, now, Version::v1_0));
    const std::size_t before = out.size();
    CHECK_FALSE(encode_flow_stats(writer, *rule, now, Version::v1_3));
    CHECK(out.size() == before);
}

TEST_CASE("a flow mod whose rule some version could not show is refused", "[openflow]") {
    // 1.0 has 8 bytes for an output, later versions have 16.
    for (const auto& [outputs, taken] : {std::pair{3000, true}, std::pair{5000, false}}) {
        INFO(outputs);
        Wanted wanted{
            .actions = RuleActions(static_cast<std::size_t>(outputs), rule_action::Output{1, 0})};
        const Decoded mod = decoded(wanted, Version::v1_0);
        CHECK(mod.has_value() == taken);
        if (!mod) CHECK(mod.error() == Error::bac_too_many);
        wanted.command = 3;
        CHECK(decoded(wanted, Version::v1_0));
    }
    CHECK(can_be_shown(RuleActions{rule_action::Note{std::vector<std::uint8_t>(60'000)}}));
    CHECK_FALSE(can_be_shown(
        RuleActions(2, RuleAction{rule_action::Note{std::vector<std::uint8_t>(40'000)}})));
}

TEST_CASE("a text that OpenFlow has no way to say is found out") {
    const auto told = [](std::string_view line) -> std::string_view {
        const auto mod = parse_flow_mod(line, FlowMod::Command::add);
        if (!mod) return "not understood";
        const auto result = check_expressible(*mod);
        return result ? "" : name(result.error());
    };
    for (const RecordedFlow& recorded : recorded_flows) {
        INFO(recorded.line);
        CHECK(told(recorded.line) == "");
    }
    CHECK(told("actions=write_actions(controller(id=5))") == "OFPBAC_BAD_TYPE");
    CHECK(told("actions=write_actions(output:1,note:01)") == "OFPBAC_BAD_TYPE");
    CHECK(told("actions=push_vlan:0x8100,push_vlan:0x8100,push_vlan:0x8100") == "OFPBAC_BAD_TAG");
    CHECK(told("arp,actions=load:1->NXM_OF_ARP_OP[8..15]") != "");
    // Of a port's number, Nicira's field has the lower half.
    CHECK(told("actions=load:0xfffe->NXM_OF_IN_PORT[]") == "");
    CHECK(told("actions=load:2->NXM_OF_IN_PORT[16..31]") == "not understood");
    CHECK(told("actions=load:0x12345->NXM_OF_IN_PORT[]") == "not understood");
}

TEST_CASE("a flow mod is read as it was written", "[openflow][property]") {
    for (const auto seed : seeds(100)) {
        INFO("rerun with seed " << seed);
        RandomRules random(seed);
        for (const Version version : all_versions) {
            // Removals are not refused for what their actions do.
            const Wanted wanted{
                .match = random.match(), .actions = random.actions(version), .command = 3};
            const Decoded mod = decoded(wanted, version);
            REQUIRE(mod);
            if (version != Version::v1_0) CHECK(mod->match == wanted.match);
            const Decoded nicira_mod = decoded_nicira(wanted, Version::v1_0);
            if (version == Version::v1_0) CHECK(nicira_mod->match == wanted.match);
        }
    }
}

TEST_CASE("flow mods that are cut off or changed are refused or mean something",
          "[openflow][property]") {
    for (const auto seed : seeds(30)) {
        INFO("rerun with seed " << seed);
        RandomRules random(seed);
        for (const Version version : all_versions) {
            const Wanted wanted{.match = random.match(), .actions = random.actions(version)};
            for (const bool vendor : {false, true}) {
                if (vendor && version != Version::v1_0) continue;
                const Bytes whole = vendor ? nicira(wanted) : standard(wanted, version);
                const auto decode = [&](const Bytes& bytes) {
                    return vendor ? decode_nicira_flow_mod(bytes, version, true)
                                  : decode_flow_mod(bytes, version, true);
                };
                for (std::size_t length = 0; length < whole.size(); ++length) {
                    const Decoded mod = decode(
                        {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)});
                    if (length % 8 != 0) CHECK_FALSE(mod);
                    if (length < 48) CHECK(mod.error() == Error::brc_bad_len);
                }
                for (int i = 0; i < 100; ++i) {
                    Bytes changed = whole;
                    changed[random.below(changed.size())] =
                        static_cast<std::uint8_t>(random.number());
                    (void)decode(changed);
                }
            }
        }
    }
}

}  // namespace switchd::openflow::test
