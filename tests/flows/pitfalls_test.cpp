// What switches get wrong about OpenFlow's actions, by the numbers of a list of such pitfalls. Here
// is what other tests do not say; tests/system/test_pitfalls.py says the same of a whole switch
// beside Open vSwitch.
//
//    1 input port suppression         here
//    2 unknown output ports           openflow/pitfalls_test, translation_test
//    3 1.0 is lenient, 1.1 is not     here, openflow/pitfalls_test
//    4 order of the action set        here
//    5 live, written, called          here
//    7 a hop too many                 here, translation_test
//    8 reasons of packet-ins          openflow/packet_in_codec_test, translation_test
//    9 buffers                        openflow/flow_mod_codec_test, openflow/packet_out_codec_test
//   10 packet-outs                    here, openflow/packet_out_codec_test
//   11 FLOOD, ALL and NO_FWD          here, translation_test
//   12 NORMAL                         here, normal_test
//   13 metadata and registers         translation_test, openflow/packet_in_codec_test
//   14 limits                         here, translation_test
//   17 a set_field of what is there   here, translation_test
//   19 fragments                      here
//   20 checksums                      field_edit_test
//
// 6, 15, 16 and 18 are about groups, conjunctions, learn and connection tracking.
#include "tests/flows/programmed_switch.h"

namespace switchd::test {
namespace {

constexpr PortNumber in_port = reserved_port::in_port, all = reserved_port::all,
                     flood = reserved_port::flood, normal = reserved_port::normal;

act::Move move(FieldId from, FieldId to) {
    return {whole_field(match_field(from), true), whole_field(match_field(to), true)};
}
act::Move move(FieldId from, unsigned from_bit, FieldId to, unsigned to_bit, unsigned bits) {
    return {part_of(whole_field(match_field(from), true), from_bit, bits),
            part_of(whole_field(match_field(to), true), to_bit, bits)};
}

const Bytes tagged = vlan_tag(0x6007) + payload;
const Bytes twice_tagged = vlan_tag(7) + vlan_tag(8) + payload;

Bytes with_ttl(unsigned ttl) {
    Bytes packet = payload;
    packet[2 + 8] = static_cast<std::byte>(ttl);
    return packet;
}
Bytes fragment(unsigned protocol, const Bytes& content, bool first) {
    return ipv4(protocol, content, first ? 0x2000 : 0x0010);
}

}  // namespace

// ---- 1

TEST_CASE_METHOD(Programmed, "1: ALL and FLOOD leave out the port that in_port says by then",
                 "[flows]") {
    for (const PortNumber to : {all, flood}) {
        rule(0, {}, {act::Output{to}});
        CHECK(program() == "output:2,3");
        rule(0, {}, {set(FieldId::in_port, 2), act::Output{to}});
        CHECK(program() == "output:1,3");
    }
}

TEST_CASE_METHOD(Programmed, "1: with an in_port of none nothing is left out, and nothing is back",
                 "[flows]") {
    rule(0, {}, {set(FieldId::in_port, 0xffffffff), act::Output{1}, act::Output{all}});
    CHECK(program() == "output:1,output:1,2,3");
    rule(0, {}, {set(FieldId::in_port, 0xffffffff), act::Output{in_port}});
    CHECK(program() == "drop:no_destination");
}

TEST_CASE_METHOD(Programmed, "1: NORMAL takes the packet as from the port that in_port says",
                 "[flows]") {
    rule(0, {}, {set(FieldId::in_port, 2), act::Output{normal}});
    CHECK(program() == "output:0,1,3");
    const Verdict learned = verdict();
    REQUIRE(learned.learn);
    CHECK(learned.learn->port == 2);
    CHECK(sends(3, bob, alice) == "drop:destination_on_ingress");
    rule(0, {}, {set(FieldId::in_port, 9), act::Output{normal}});
    CHECK(program() == "drop:port_gone");
}

TEST_CASE_METHOD(Programmed, "1: a resubmit's port is there to find the rule, not to be left out",
                 "[flows]") {
    rule(0, {}, {act::Resubmit{2, 1}});
    rule(1, on({{FieldId::in_port, 2}}), {act::Output{1}, act::Output{2}, act::Output{in_port}});
    CHECK(program() == "output:2,output:1");
}

// ---- 3

TEST_CASE_METHOD(Programmed, "3: an action on what a packet does not have does nothing to it",
                 "[flows]") {
    rule(0, {},
         {set(FieldId::ipv4_src, 1), set(FieldId::tcp_dst, 1), act::DecTtl{}, act::PopVlan{},
          act::SetVlanVid{5}, move(FieldId::ipv4_src, FieldId::reg0),
          move(FieldId::reg0, 0, FieldId::tcp_src, 0, 16), act::Output{2}});
    CHECK(program(arp(1)) == "output:2");
}

// ---- 4

TEST_CASE_METHOD(Programmed, "4: an action set pops, pushes, takes a hop, sets, and lets out",
                 "[flows]") {
    rule(0, {},
         {act::WriteActions{{act::Output{2}, act::SetVlanVid{5}, act::DecTtl{}, act::PushVlan{},
                             act::PopVlan{}, set(FieldId::eth_src, 8)}}});
    CHECK(program(tagged) ==
          "pop_vlan,push_vlan(vid=5,pcp=0),set(dl_src=00:00:00:00:00:08,nw_ttl=63),output:2");
    CHECK(program() == "push_vlan(vid=5,pcp=0),set(dl_src=00:00:00:00:00:08,nw_ttl=63),output:2");
}

TEST_CASE_METHOD(Programmed, "4: sets and moves of an action set keep their order", "[flows]") {
    rule(0, {},
         {act::WriteActions{{set(FieldId::eth_src, 8), move(FieldId::eth_src, FieldId::eth_dst),
                             set(FieldId::eth_src, 9), act::Output{2}}}});
    CHECK(program() == "set(dl_src=00:00:00:00:00:09,dl_dst=00:00:00:00:00:08),output:2");
}

TEST_CASE_METHOD(Programmed, "4: in an action set an output goes before a resubmit", "[flows]") {
    rule(1, {}, {act::Output{3}});
    rule(0, {}, {act::WriteActions{{act::Resubmit{in_port, 1}, act::Output{2}}}});
    CHECK(program() == "output:2");
    rule(0, {}, {act::WriteActions{{act::Resubmit{in_port, 1}}}});
    CHECK(program() == "output:3");
}

TEST_CASE_METHOD(Programmed, "4: a set that was cleared begins anew", "[flows]") {
    rule(0, {}, {act::WriteActions{{set(FieldId::eth_dst, 5), act::Output{2}}}, act::GotoTable{1}});
    rule(1, {}, {act::ClearActions{}, act::WriteActions{{act::Output{3}}}});
    CHECK(program() == "output:3");
}

TEST_CASE_METHOD(Programmed, "4: a set that nothing leaves drops, whatever else it does",
                 "[flows]") {
    rule(0, {}, {act::WriteActions{{set(FieldId::eth_dst, 5), act::DecTtl{}, act::PushVlan{}}}});
    CHECK(program() == "drop:no_rule");
}

TEST_CASE_METHOD(Programmed, "4: rules that write to the set again and again are cut off",
                 "[flows]") {
    const RuleActions many(1000, set(FieldId::eth_dst, 5));
    rule(1, {}, {act::WriteActions{many}});
    rule(0, {}, RuleActions(100, act::Resubmit{in_port, 1}));
    CHECK(program() == "drop:too_complex");
}

// ---- 5

TEST_CASE_METHOD(Programmed, "5: applied actions change the packet at once, written ones at last",
                 "[flows]") {
    rule(0, {},
         {set(FieldId::eth_src, 5), act::WriteActions{{set(FieldId::eth_dst, 6), act::Output{3}}},
          act::GotoTable{1}});
    rule(1, on({{FieldId::eth_src, 5}, {FieldId::eth_dst, bob.to_u64()}}), {act::Output{2}});
    CHECK(program() ==
          "set(dl_src=00:00:00:00:00:05),output:2,set(dl_dst=00:00:00:00:00:06),output:3");
}

TEST_CASE_METHOD(Programmed, "5: what a called table writes to the set is there for its caller",
                 "[flows]") {
    rule(0, {}, {act::Resubmit{in_port, 2}, set(FieldId::eth_src, 5), act::Output{3}});
    rule(2, {}, {set(FieldId::reg0, 1), act::WriteActions{{act::Output{2}}}, act::GotoTable{3}});
    rule(3, on({{FieldId::reg0, 1}}), {set(FieldId::eth_dst, 6)});
    CHECK(program() == "set(dl_src=00:00:00:00:00:05,dl_dst=00:00:00:00:00:06),output:3,output:2");
}

// ---- 7

TEST_CASE_METHOD(Programmed, "7: without a hop left a called table ends, and its caller goes on",
                 "[flows]") {
    tables.set_expired_to_controller(true);
    rule(0, {}, {act::Output{2}, act::Resubmit{in_port, 1}, act::Output{3}});
    rule(1, {}, {act::DecTtl{}, act::Output{2}});
    CHECK(program(with_ttl(1)) == "output:2,controller:invalid_ttl,output:3");
    CHECK(program(with_ttl(0)) == "output:2,controller:invalid_ttl,output:3");
    CHECK(program(with_ttl(2)) == "output:2,set(nw_ttl=1),output:2,output:3");
}

TEST_CASE_METHOD(Programmed, "7: without a hop left no further table is asked, but the set is done",
                 "[flows]") {
    tables.set_expired_to_controller(true);
    rule(0, {}, {act::WriteActions{{act::Output{3}}}, act::GotoTable{1}});
    rule(1, {}, {act::DecTtl{}, act::Output{2}, act::GotoTable{2}});
    rule(2, {}, {act::Output{2}});
    CHECK(program(with_ttl(1)) == "controller:invalid_ttl,output:3");
    CHECK(program() == "set(nw_ttl=63),output:2,output:2,output:3");
}

// ---- 10

TEST_CASE_METHOD(Programmed, "10: a packet-out to the tables does not come back to its in_port",
                 "[flows]") {
    rule(0, {}, {act::Output{1}, act::Output{2}});
    const FlowKey key = extract(ethernet(alice, bob, payload), 1);
    const auto sent = [&](const RuleActions& actions) {
        return to_text(tables.carry_out(actions, key, now).program);
    };
    CHECK(sent({act::Output{reserved_port::table}}) == "output:2");
    CHECK(sent({act::Output{1}}) == "drop:destination_on_ingress");
    CHECK(sent({act::Output{in_port}}) == "output:1");
    CHECK(sent({act::Output{all}}) == "output:2,3");
}

// ---- 11

TEST_CASE_METHOD(Programmed, "11: to a port that does not forward nothing goes in any way",
                 "[flows]") {
    REQUIRE(tables.set_port_flags(2, {.forwards = false}));
    for (const auto& [to, what] :
         {std::pair{PortNumber{2}, "drop:port_down"}, std::pair{all, "output:3"},
          std::pair{flood, "output:3"}, std::pair{normal, "output:0,3"}}) {
        rule(0, {}, {act::Output{to}});
        CHECK(program() == what);
    }
    rule(0, {}, {act::Output{in_port}});
    CHECK(sends(2, alice, bob) == "drop:port_down");
}

TEST_CASE_METHOD(Programmed, "11: a port that is not flooded gets what is sent to it", "[flows]") {
    REQUIRE(tables.set_port_flags(2, {.flood = false}));
    rule(0, {}, {act::Output{2}});
    CHECK(program() == "output:2");
}

// ---- 12

// Where Open vSwitch filters: a VDE network is a cable, on which LACP, LLDP and the rest pass.
TEST_CASE_METHOD(TalkingSwitch, "12: NORMAL carries what is for the bridge group addresses",
                 "[flows]") {
    for (std::uint64_t last = 0; last < 16; ++last)
        CHECK(sends(1, alice, MacAddress::from_u64(0x0180c2000000 + last)) == "output:0,2,3");
}

// Open vSwitch learns from each of them.
TEST_CASE_METHOD(Programmed, "12: of several NORMALs the first one learns the station", "[flows]") {
    rule(0, {}, {act::Output{normal}, set(FieldId::eth_src, carol.to_u64()), act::Output{normal}});
    const Verdict learned = verdict();
    REQUIRE(learned.learn);
    CHECK(learned.learn->mac == alice);
}

// ---- 14

TEST_CASE_METHOD(Programmed, "14: a third tag ends the packet's way, not what went out before",
                 "[flows]") {
    rule(0, {}, {act::Output{2}, act::PushVlan{}, act::Output{3}, act::PushVlan{}, act::Output{2}});
    CHECK(program() == "output:2,push_vlan(vid=0,pcp=0),output:3,push_vlan(vid=0,pcp=0),output:2");
    CHECK(program(vlan_tag(7) + payload) == "output:2,push_vlan(vid=7,pcp=0),output:3");
    CHECK(program(twice_tagged) == "output:2");
}

TEST_CASE_METHOD(Programmed, "14: resubmits that do not go up may be 64 within each other",
                 "[flows]") {
    // A bit that moves up with each of them counts them.
    const auto after = [&](unsigned count) {
        Match moved;
        const MatchField& counter = match_field(FieldId::xxreg0);
        counter.set(moved.key, shifted_left({0, 1}, count));
        counter.fold(moved.mask, shifted_left({0, 1}, count));
        return moved;
    };
    rule(0, {}, {set(FieldId::xxreg0, 1), act::Output{2}, act::Resubmit{in_port, 1}});
    rule(1, {}, {move(FieldId::xxreg0, 0, FieldId::xxreg0, 1, 127), act::Resubmit{in_port, 1}});
    rule(1, after(64), {act::Output{3}}, 20);
    CHECK(program() == "output:2,output:3");
    rule(1, after(64), {act::Resubmit{in_port, 1}}, 20);
    CHECK(program() == "drop:too_complex");
}

// ---- 17

TEST_CASE_METHOD(Programmed, "17: what an action writes or moves decides, also if it is the same",
                 "[flows]") {
    const auto looked_at = [&](const FlowField& place) { return verdict().mask.get(place); };
    rule(0, {}, {act::SetField{FieldId::eth_dst, {0, 2}, {0, 0xff}}, act::Output{2}});
    CHECK(program() == "output:2");
    CHECK(looked_at(field::eth_dst) == 0xff);
    rule(0, {}, {move(FieldId::eth_src, 8, FieldId::eth_dst, 16, 8), act::Output{2}});
    CHECK(program() == "output:2");
    CHECK(looked_at(field::eth_src) == 0xff00);
    CHECK(looked_at(field::eth_dst) == 0xff0000);
}

TEST_CASE_METHOD(Programmed, "17: a register that was moved to is what the packet was", "[flows]") {
    rule(0, {}, {move(FieldId::eth_src, 0, FieldId::reg0, 0, 4), act::GotoTable{1}});
    rule(1, on({{FieldId::reg0, 1}}), {act::Output{2}});
    rule(1, {}, {act::Output{3}}, 1);
    CHECK(program() == "output:2");
    CHECK(verdict().mask.get(field::eth_src) == 0xf);
    CHECK(sends(1, bob, carol) == "output:3");
}

// ---- 19

TEST_CASE_METHOD(Programmed, "19: rules see of fragments what the mode lets them see", "[flows]") {
    const std::uint64_t ip = 0x800;
    rule(0, on({{FieldId::eth_type, ip}, {FieldId::ip_proto, 17}, {FieldId::udp_dst, 53}}),
         output(2));
    rule(0, on({{FieldId::eth_type, ip}, {FieldId::ip_proto, 6}, {FieldId::tcp_flags, 0x12}}),
         output(2));
    rule(0, on({{FieldId::eth_type, ip}, {FieldId::ip_proto, 1}, {FieldId::icmpv4_type, 8}}),
         output(2));
    rule(0, {}, output(3), 1);
    struct Kind {
        unsigned protocol;
        Bytes content;
        const char* first_when_hidden;
    };
    // TCP flags are not among what the usual mode hides.
    for (const Kind& kind : {Kind{17, udp(1, 53), "output:3"}, Kind{6, tcp(1, 2, 0x12), "output:2"},
                             Kind{1, hex("0800 f7ff 0000 0000"), "output:3"}}) {
        INFO("protocol " << kind.protocol);
        const Bytes first = fragment(kind.protocol, kind.content, true);
        const Bytes later = fragment(kind.protocol, kind.content, false);
        for (const FragmentMode hides : {FragmentMode::normal, FragmentMode::reassemble}) {
            tables.set_fragment_mode(hides);
            CHECK(program(ipv4(kind.protocol, kind.content)) == "output:2");
            CHECK(program(first) == kind.first_when_hidden);
            CHECK(program(later) == "output:3");
        }
        tables.set_fragment_mode(FragmentMode::nx_match);
        CHECK(program(first) == "output:2");
        CHECK(program(later) == "output:3");
        tables.set_fragment_mode(FragmentMode::drop);
        CHECK(program(first) == "drop:fragment");
        CHECK(program(later) == "drop:fragment");
        CHECK(program(ipv4(kind.protocol, kind.content)) == "output:2");
    }
}

TEST_CASE_METHOD(Programmed, "19: actions see the ports of a first fragment in every mode",
                 "[flows]") {
    rule(0, {}, {move(FieldId::udp_src, FieldId::udp_dst), act::Output{2}});
    for (const FragmentMode mode : {FragmentMode::normal, FragmentMode::nx_match}) {
        tables.set_fragment_mode(mode);
        CHECK(program(fragment(17, udp(1, 53), true)) == "set(tp_dst=1),output:2");
        CHECK(program(fragment(17, udp(1, 53), false)) == "output:2");
    }
}

}  // namespace switchd::test
