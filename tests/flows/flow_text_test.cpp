#include "flows/flow_text.h"

#include <fmt/format.h>

#include <random>

#include "flows/action_text.h"
#include "flows/match_text.h"
#include "tests/flows/random_rules.h"
#include "tests/flows/recorded_flows.h"
#include "tests/flows/seeds.h"
#include "tests/support/catch.h"

namespace switchd::test {
namespace {

using Command = FlowMod::Command;
using namespace std::chrono_literals;

// The caret stands before the character that is wrong.
constexpr std::string_view wrong_lines[] = {
    "^tp_dst=80,actions=drop",
    "^tcp_dst=80,actions=drop",
    "^nw_src=10.0.0.1,actions=drop",
    "ip,^tcp_dst=80,actions=drop",
    "ip,^tp_dst=80,actions=drop",
    "tcp,^udp_dst=80,actions=drop",
    "icmp6,icmpv6_type=128,icmpv6_code=0,^nd_target=fe80::1,actions=drop",
    "^arp_op=1,actions=drop",
    "ip,ip_frag=^1/2,actions=drop",
    "in_port=^70000,actions=drop",
    "reg0=^ANY,actions=drop",
    "ip,ip,in_port=1,^in_port=2,actions=drop",
    "tcp,^udp,actions=drop",
    "arp,^ip,actions=drop",
    "ip,nw_src=1.2.3.4,^nw_src=2.3.4.5,actions=drop",
    "priority^ = 5 , tcp  tp_dst = 80  actions = drop",
    "actions=^NONE",
    "actions=^ANY",
    "actions=output:^ANY",
    "actions=controller(^pause)",
    "actions=^drop,1",
    "actions=1,^drop",
    "actions=mod_vlan_vid:^4096",
    "actions=mod_vlan_pcp:^8",
    "actions=push_vlan:^0x1234",
    "ip,actions=mod_nw_tos:^33",
    "actions=set_field:0x1005->^vlan_vid",
    "dl_vlan=1,actions=set_field:^5->vlan_vid",
    "actions=set_field:0x800->^eth_type",
    "actions=set_field:1^ -> reg0",
    "actions=load:^16->NXM_NX_REG0[0..3]",
    "actions=load:1->NXM_NX_REG0[0..^32]",
    "actions=load:1->NXM_NX_REG0[^4..3]",
    "ip,actions=load:^1->NXM_OF_IP_TOS[]",
    "actions=load:02^:00:00:00:00:01->eth_src[]",
    "actions=load:1^.2.3.4->reg0[]",
    "actions=resubmit(^,)",
    "actions=resubmit(^)",
    "actions=resubmit^",
    "actions=resubmit:^IN_PORT",
    "actions=resubmit(^,255)",
    "actions=resubmit(,^256)",
    "actions=note:^1.2",
    "actions=goto_table:^255",
    "actions=goto_table:3,^1",
    "actions=clear_actions,^1",
    "actions=goto_table:3,^clear_actions",
    "actions=write_metadata:1,^write_actions(1)",
    "actions=write_actions(1),^write_actions(2)",
    "actions=write_metadata:1,^1",
    "actions=write_actions(^write_metadata:1)",
    "actions=goto_table:3,^goto_table:4",
    "actions=write_actions(^goto_table:1)",
    "actions=write_actions(^clear_actions)",
    "actions=output:1,output:2^;",
    "actions=^foo",
    "actions=output^",
    "actions=output:^",
    "actions=output:^foo",
    "actions=^65280",
    "actions=output:^reg0",
    "actions=output:^NXM_NX_REG0[0..15]",
    "actions=output(^port=1,max_len=100)",
    "actions=push_vlan:0x8100,set_field:^5->vlan_vid",
    "dl_vlan=1,actions=pop_vlan,set_field:0x1005->^vlan_vid",
    "actions=^mod_tp_src:80",
    "actions=load:5->^OXM_OF_VLAN_PCP[]",
    "dl_vlan=1,actions=load:5->OXM_OF_VLAN_VID[0..^12]",
    "actions=set_field:1.2.3.4->^ip_src",
    "actions=write_actions(set_field:1.2.3.4->^ip_src)",
    "actions=load:1->^NXM_NX_ND_SLL[]",
    "tcp,actions=set_field:0x123->^tcp_flags",
    "actions=enqueue:^NORMAL:5",
    "actions=IN_PORT:^5",
    "arp,^nw_tos=4,actions=drop",
    "tcp,tcp_flags=+syn^|ack,actions=drop",
    "tcp,tcp_flags=syn|^ack/0x17,actions=drop",
    "table=^256,actions=drop",
    "table=^255,actions=drop",
    "priority=^65536,actions=drop",
    "priority=^-1,actions=drop",
    "priority=^x,actions=drop",
    "cookie=1/^2,actions=drop",
    "cookie=-1/^-1,actions=drop",
    "idle_timeout=^65536,actions=drop",
    "^out_port=1,actions=drop",
    "cookie=0x5/^0x7,actions=drop",
    "^foo=1,actions=drop",
    "^foo,actions=drop",
    "in_port^,actions=drop",
    "tcp=^1,actions=drop",
    "cookie=0x^g,actions=drop",
    "dl_src=^02:00:00:00:00,actions=drop",
    "dl_src=^02:00:00:00:00:001,actions=drop",
    "^nw_src=1.2.3,actions=drop",
    "^nw_src=1.2.3.4/33,actions=drop",
    "^nw_src=1.2.3.400,actions=drop",
    "reg0=^0x1ffffffff,actions=drop",
    "vlan_vid=^0x2000,actions=drop",
    "dl_vlan=^4096,actions=drop",
    "dl_vlan_pcp=^8,actions=drop",
    "ip,nw_tos=^256,actions=drop",
    "ip,nw_ttl=^256,actions=drop",
    "^tp_dst=65536,actions=drop",
    "reg0=1/^,actions=drop",
    "reg0=^/1,actions=drop",
    "reg0=^,actions=drop",
    "in_port=1/^1,actions=drop",
    "in_port=^,actions=drop",
    "eth_type=0x800/^0xff,actions=drop",
    "tcp,tcp_flags=+^foo,actions=drop",
    "tcp,tcp_flags=+syn+^syn,actions=drop",
    "tcp,tcp_flags=^0x1000,actions=drop",
    "ipv6,ipv6_src=^1::2::3,actions=drop",
    "ipv6,ipv6_src=::/^129,actions=drop",
    "ip,nw_frag=^maybe,actions=drop",
    "udp,nw_frag=later,^tp_dst=53,actions=drop",
    "udp,tp_dst=53,^nw_frag=later,actions=drop",
    "udp,nw_frag=later,actions=^mod_tp_dst:53",
    "ip,nw_ecn=^4,actions=drop",
    "ipv6,ipv6_label=^0x100000,actions=drop",
    "priority=100,tcp,tp_dst=^http,actions=drop",
    "in_port=1,dl_src=^02:00:00:00:00:0g,actions=drop",
    "^ct_state=+trk,actions=drop",
    "^tun_src=1.2.3.4,actions=drop",
    "tcp,tp_dst=80/^,actions=drop",
    "tcp,tp_dst=80/^0x10000,actions=drop",
    "ip,nw_src=10.0.0.0/8^/8,actions=drop",
    "ip,nw_src=10.0.0.0/^255.0.0,actions=drop",
    "ipv6,ipv6_src=^10.0.0.1,actions=drop",
    "in_port=^eth0,actions=drop",
    "metadata=^0x10000000000000000,actions=drop",
    "xxreg0=^0x100000000000000000000000000000000,actions=drop",
    "xxreg0=^18446744073709551616,actions=drop",
    "^(tcp),actions=drop",
    "tcp^),actions=drop",
    "^=5,actions=drop",
    "tcp^",
    "tcp,^actions",
    "tcp,^actions:drop",
    "in_port=1,^in_port=2,actions=drop",
    "actions=move:reg0[]->^metadata[]",
    "actions=move:^tcp_src[]->reg0[0..15]",
    "actions=move:reg0[]->reg1[^32]",
    "actions=move:reg0[0..15]->^eth_type[]",
    "actions=move:reg0[]^",
    "actions=^learn(table=1)",
    "actions=^group:5",
    "actions=output(1^",
    "actions=output(1)^2",
    "actions=set_field:1->^",
    "actions=set_field:^->reg0",
    "actions=set_field:1->^reg99",
    "actions=load:1->reg0[^",
    "actions=load:1->reg0[^x]",
    "actions=load:1->reg0[1..^]",
    "actions=load:^->reg0[]",
    "actions=note:^0",
    "actions=note:^zz",
    "actions=controller(max_len=^65536)",
    "actions=controller(reason=^boredom)",
    "actions=dec_ttl(^65536)",
    "actions=dec_ttl(1,^x)",
    "actions=enqueue:^1",
    "actions=enqueue:1:^x",
    "actions=enqueue:^x:1",
    "actions=set_queue^",
    "actions=set_queue:^4294967296",
    "actions=mod_dl_src:^02:00",
    "ip,actions=mod_nw_dst:^1.2.3",
    "actions=mod_dl_src:^02:00:00:00:00:01/ff:00:00:00:00:00",
    "actions=resubmit:^x",
    "actions=resubmit(1,^x)",
    "actions=write_metadata:^x",
    "actions=write_metadata:1/^x",
    "actions=write_actions:^1",
    "actions=write_actions(output:1^",
    "actions=write_actions(^foo)",
    "actions=drop:^1",
    "actions=pop_vlan:^1",
    "actions=clear_actions()^x",
};

std::string printed(const FlowMod& mod) {
    std::string text;
    if (mod.priority != 32768) text = fmt::format("priority={}", mod.priority);
    const std::string match = match_text(mod.match);
    if (!text.empty() && !match.empty()) text += ',';
    text += match;
    if (!text.empty()) text += ' ';
    return text + "actions=" + actions_text(mod.actions);
}

FlowMod parsed(std::string_view line, Command command = Command::add) {
    auto mod = parse_flow_mod(line, command);
    if (!mod) FAIL(explained(line, mod.error()));
    return *mod;
}

std::size_t wrong_at(std::string_view line, Command command) {
    const auto mod = parse_flow_mod(line, command);
    return mod ? std::string_view::npos : mod.error().position;
}

}  // namespace

TEST_CASE("lines are understood and printed as ovs-ofctl does", "[flows]") {
    for (const RecordedFlow& recorded : recorded_flows) {
        const auto mod = parse_flow_mod(recorded.line, Command::add);
        if (!mod) FAIL(explained(recorded.line, mod.error()));
        CHECK(printed(*mod) == recorded.printed);
    }
}

TEST_CASE("what is wrong with a line is told with its place, reason and remedy", "[flows]") {
    for (const std::string_view marked : wrong_lines) {
        const std::size_t position = marked.find('^');
        std::string line(marked);
        line.erase(position, 1);
        const auto mod = parse_flow_mod(line, Command::add);
        INFO(line);
        REQUIRE_FALSE(mod);
        INFO(explained(line, mod.error()));
        CHECK(mod.error().position == position);
        CHECK_FALSE(mod.error().wrong.empty());
        CHECK_FALSE(mod.error().expected.empty());
    }
}

TEST_CASE("a rule that was printed reads back as the same", "[flows][property]") {
    for (const auto seed : seeds(300)) {
        INFO("rerun with seed " << seed);
        std::mt19937_64 random{seed};
        Rule rule(static_cast<std::uint8_t>(random() % 255), random_match(random),
                  static_cast<std::uint32_t>(random() % 65536));
        rule.actions = random_actions(random, rule.match());
        rule.flags = static_cast<std::uint16_t>(random() % 32);
        rule.idle_timeout = static_cast<std::uint16_t>(random() % 3);
        rule.hard_timeout = static_cast<std::uint16_t>(random() % 3);
        rule.importance = static_cast<std::uint16_t>(random() % 3);
        rule.cookie = random() % 3;
        rule.packets = random();
        const std::string text = rule_text(rule, TimePoint{1234567us});
        INFO(text);
        const auto mod = parse_flow_mod(text, Command::add);
        if (!mod) FAIL(explained(text, mod.error()));
        CHECK(mod->table == rule.table);
        CHECK(mod->match == rule.match());
        CHECK(mod->priority == rule.priority());
        CHECK(mod->actions == rule.actions);
        CHECK(mod->flags == rule.flags);
        CHECK(mod->idle_timeout == rule.idle_timeout);
        CHECK(mod->hard_timeout == rule.hard_timeout);
        CHECK(mod->importance == rule.importance);
        CHECK(mod->new_cookie == rule.cookie);
    }
}

TEST_CASE("rules are listed as ovs-ofctl dump-flows lists them", "[flows]") {
    const FlowMod mod = parsed("tcp,in_port=1,nw_dst=10.0.0.0/8,actions=output:2");
    Rule rule(0, mod.match, 100);
    rule.actions = mod.actions;
    rule.cookie = 0x12ab;
    rule.idle_timeout = 50;
    rule.hard_timeout = 100;
    rule.importance = 7;
    rule.flags = 31;
    rule.created = rule.modified = rule.used = TimePoint{1s};
    CHECK(rule_text(rule, TimePoint{2385ms}) ==
          " cookie=0x12ab, duration=1.385s, table=0, n_packets=0, n_bytes=0, idle_timeout=50, "
          "hard_timeout=100, send_flow_rem check_overlap reset_counts no_packet_counts "
          "no_byte_counts importance=7, idle_age=1, priority=100,tcp,in_port=1,nw_dst=10.0.0.0/8 "
          "actions=output:2");

    Rule last(3, Match{}, 0);
    last.actions = RuleActions{rule_action::Output{reserved_port::normal, 0}};
    last.packets = 5;
    last.bytes = 300;
    last.modified = TimePoint{2s};
    last.used = TimePoint{4s};
    CHECK(rule_text(last, TimePoint{5s}) ==
          " cookie=0x0, duration=5s, table=3, n_packets=5, n_bytes=300, idle_age=1, hard_age=3, "
          "priority=0 actions=NORMAL");

    Rule plain(3, Match{}, 32768);
    plain.idle_timeout = 5;
    plain.flags = rule_flag::send_flow_removed;
    CHECK(rule_text(plain, TimePoint{1287ms}) ==
          " cookie=0x0, duration=1.287s, table=3, n_packets=0, n_bytes=0, idle_timeout=5, "
          "send_flow_rem idle_age=1, actions=drop");
}

TEST_CASE("a line to add with says all that a rule has", "[flows]") {
    const FlowMod mod = parsed(
        "table=3,priority=5,cookie=0x123,idle_timeout=7,hard_timeout=8,"
        "importance=9,send_flow_rem,check_overlap,reset_counts,"
        "no_packet_counts,no_byte_counts,tcp,actions=drop");
    CHECK(mod.command == Command::add);
    CHECK(mod.table == 3);
    CHECK(mod.priority == 5);
    CHECK(mod.new_cookie == 0x123);
    CHECK(mod.cookie_mask == 0);
    CHECK(mod.idle_timeout == 7);
    CHECK(mod.hard_timeout == 8);
    CHECK(mod.importance == 9);
    CHECK(mod.flags == 31);
    CHECK(mod.resets_counters);
    CHECK_FALSE(mod.modify_may_add);
    CHECK(mod.actions.empty());
    const FlowMod plain = parsed("actions=1");
    CHECK(plain.table == 0);
    CHECK(plain.priority == 32768);
    CHECK(plain.out_port == reserved_port::any);
    CHECK_FALSE(plain.resets_counters);
    CHECK(wrong_at("cookie=1/1,actions=drop", Command::add) == 9);
    CHECK(wrong_at("table=255,actions=drop", Command::add) == 6);
    CHECK(wrong_at("out_port=1,actions=drop", Command::add) == 0);
}

TEST_CASE("a line to modify with selects by cookie and may give a new one", "[flows]") {
    for (const Command command : {Command::modify, Command::modify_strict}) {
        const FlowMod given = parsed("cookie=5,tcp,actions=1", command);
        CHECK(given.table == table_all);
        CHECK(given.modify_cookie);
        CHECK(given.new_cookie == 5);
        CHECK(given.modify_may_add);
        const FlowMod selecting = parsed("cookie=0x17/0xf,table=2,actions=1", command);
        CHECK(selecting.table == 2);
        CHECK(selecting.cookie == 7);
        CHECK(selecting.cookie_mask == 0xf);
        CHECK_FALSE(selecting.modify_cookie);
        CHECK_FALSE(selecting.modify_may_add);
        CHECK(parsed("cookie=-1/-1,actions=1", command).cookie_mask == ~0ull);
        CHECK(wrong_at("tcp", command) == 3);
        CHECK(wrong_at("out_port=1,actions=1", command) == 0);
    }
}

TEST_CASE("a line to remove with has no actions and selects by port, too", "[flows]") {
    const FlowMod all = parsed("", Command::remove);
    CHECK(all.table == table_all);
    CHECK(all.match == Match{});
    CHECK(all.out_port == reserved_port::any);
    const FlowMod some = parsed("table=1,out_port=LOCAL,cookie=1/-1,arp", Command::remove);
    CHECK(some.table == 1);
    CHECK(some.out_port == reserved_port::local);
    CHECK(some.cookie == 1);
    CHECK(some.cookie_mask == ~0ull);
    CHECK(match_text(some.match) == "arp");
    CHECK(parsed("priority=5,tcp", Command::remove_strict).priority == 5);

    CHECK(wrong_at("priority=5,tcp", Command::remove) == 0);
    CHECK(wrong_at("tcp,actions=drop", Command::remove) == 4);
    CHECK(wrong_at("tcp,cookie=5", Command::remove_strict) == 11);
    CHECK(wrong_at("tcp,idle_timeout=5", Command::remove) == 4);
    CHECK(wrong_at("send_flow_rem", Command::remove) == 0);
}

TEST_CASE("ports have the names that the caller knows", "[flows]") {
    const PortResolver ports = [](std::string_view name) -> std::optional<PortNumber> {
        if (name == "vm1") return 7;
        return std::nullopt;
    };
    const auto mod = parse_flow_mod(
        "in_port=vm1,actions=vm1,output:vm1,resubmit(vm1,2),"
        "enqueue:vm1:3,set_field:vm1->in_port",
        Command::add, ports);
    REQUIRE(mod);
    CHECK(printed(*mod) ==
          "in_port=7 actions=output:7,output:7,resubmit(7,2),enqueue:7:3,"
          "set_field:7->in_port");
    const auto removal = parse_flow_mod("out_port=vm1", Command::remove, ports);
    REQUIRE(removal);
    CHECK(removal->out_port == 7);
}

}  // namespace switchd::test
