// What OpenFlow's actions come to.
#include "flows/translation.h"

#include "tests/flows/programmed_switch.h"

namespace switchd::test {

TEST_CASE_METHOD(Programmed, "nothing goes back where the packet came in but by IN_PORT",
                 "[flows]") {
    rule(0, {}, {act::Output{1}, act::Output{2}});
    CHECK(program() == "output:2");
    rule(0, {}, {act::Output{reserved_port::in_port}});
    CHECK(program() == "output:1");
    rule(0, {}, {act::Output{1}});
    CHECK(program() == "drop:destination_on_ingress");
    rule(0, {},
         {set(FieldId::in_port, 2), act::Output{1}, act::Output{2},
          act::Output{reserved_port::in_port}});
    CHECK(program() == "output:1,output:2");
}

TEST_CASE_METHOD(Programmed, "an output to a port that is not there does nothing until it is",
                 "[flows]") {
    rule(0, {}, {act::Output{9}});
    CHECK(program() == "drop:no_destination");
    REQUIRE(tables.add_port(9));
    CHECK(program() == "output:9");
}

TEST_CASE_METHOD(Programmed, "FLOOD minds NO_FLOOD, ALL does not, and both leave out port 0",
                 "[flows]") {
    REQUIRE(tables.set_port_flags(2, {.flood = false}));
    rule(0, {}, {act::Output{reserved_port::flood}});
    CHECK(program() == "output:3");
    rule(0, {}, {act::Output{reserved_port::all}});
    CHECK(program() == "output:2,3");
    REQUIRE(tables.set_port_flags(3, {.forwards = false}));
    CHECK(program() == "output:2");
}

TEST_CASE_METHOD(Programmed, "a port that does not receive drops what comes in", "[flows]") {
    rule(0, {}, output(2));
    REQUIRE(tables.set_port_flags(1, {.receives = false}));
    CHECK(program() == "drop:port_down");
}

TEST_CASE_METHOD(Programmed, "OpenFlow 1.0 pushes a tag to set it, 1.1 does not", "[flows]") {
    rule(0, {}, {act::SetVlanVid{5, true}, act::Output{2}});
    CHECK(program() == "push_vlan(vid=5,pcp=0),output:2");
    CHECK(program(vlan_tag(7) + payload) == "pop_vlan,push_vlan(vid=5,pcp=0),output:2");
    rule(0, {}, {act::SetVlanVid{5, false}, act::Output{2}});
    CHECK(program() == "output:2");
}

TEST_CASE_METHOD(Programmed, "a pushed tag has the VLAN of the one below, and two fit", "[flows]") {
    rule(0, {}, {act::PushVlan{tpid_provider}, act::Output{2}});
    CHECK(program() == "push_vlan(tpid=0x88a8,vid=0,pcp=0),output:2");
    CHECK(program(vlan_tag(0x2007) + payload) == "push_vlan(tpid=0x88a8,vid=7,pcp=1),output:2");
    CHECK(program(vlan_tag(1) + vlan_tag(2) + payload) == "drop:too_complex");
}

TEST_CASE_METHOD(Programmed, "popping takes one tag, and none from a packet without", "[flows]") {
    rule(0, {}, {act::PopVlan{}, act::Output{2}});
    CHECK(program() == "output:2");
    CHECK(program(vlan_tag(1) + vlan_tag(2) + payload) == "pop_vlan,output:2");
}

TEST_CASE_METHOD(Programmed, "fields are set only where the packet has them", "[flows]") {
    rule(0, {}, {set(FieldId::ipv4_dst, 0x0a000009), set(FieldId::udp_dst, 9), act::Output{2}});
    CHECK(program() == "set(nw_dst=10.0.0.9,tp_dst=9),output:2");
    CHECK(program(arp(1)) == "output:2");
    CHECK(program(ipv4(6, tcp(1, 2, 0))) == "set(nw_dst=10.0.0.9),output:2");
}

TEST_CASE_METHOD(Programmed, "a field that has its value already is looked at all the same",
                 "[flows]") {
    rule(0, {}, {set(FieldId::eth_dst, bob.to_u64()), act::Output{2}});
    CHECK(program() == "output:2");
    CHECK(verdict().mask.get(field::eth_dst) == field::eth_dst.ones());
    CHECK(sends(1, alice, carol) == "set(dl_dst=02:00:00:00:00:02),output:2");
}

TEST_CASE_METHOD(Programmed, "each output sends the packet as it is by then", "[flows]") {
    rule(0, {},
         {act::Output{2}, set(FieldId::eth_src, 5), act::Output{3},
          set(FieldId::eth_src, alice.to_u64()), act::Output{2}});
    CHECK(program() ==
          "output:2,set(dl_src=00:00:00:00:00:05),output:3,"
          "set(dl_src=02:00:00:00:00:01),output:2");
}

TEST_CASE_METHOD(Programmed, "a packet without a hop left goes to the controllers, and no further",
                 "[flows]") {
    rule(0, {}, {act::Output{2}, act::DecTtl{}, act::Output{3}});
    CHECK(program() == "output:2,set(nw_ttl=63),output:3");
    Bytes last_hop = payload;
    last_hop[2 + 8] = std::byte{1};
    CHECK(program(last_hop) == "output:2");
    tables.set_expired_to_controller(true);
    CHECK(program(last_hop) == "output:2,controller:invalid_ttl");
    CHECK(program(arp(1)) == "output:2,output:3");
}

TEST_CASE_METHOD(Programmed, "a hop that ran out is a drop if no controller asks for it",
                 "[flows]") {
    rule(0, {}, {act::DecTtl{}, act::Output{3}});
    Bytes last_hop = payload;
    last_hop[2 + 8] = std::byte{1};
    CHECK(program(last_hop) == "drop:ttl_expired");
    // In an action set, the ids stay with it.
    tables.set_expired_to_controller(true);
    rule(0, {}, {act::WriteActions{{act::DecTtl{{7}}, act::Output{3}}}});
    CHECK(program(last_hop) == "controller:invalid_ttl");
    const Verdict told = verdict(last_hop);
    CHECK(std::get<ToController>(told.program.steps[0]).request->controller_id == 7);
}

TEST_CASE_METHOD(Programmed, "the action set waits for the end of the tables", "[flows]") {
    rule(0, {},
         {act::Output{3}, act::WriteActions{{act::Output{2}, set(FieldId::eth_dst, 5)}},
          act::GotoTable{1}});
    rule(1, {}, {});
    CHECK(program() == "output:3,set(dl_dst=00:00:00:00:00:05),output:2");
    // The last of a kind counts.
    rule(1, {}, {act::WriteActions{{act::Output{1}, act::Output{3}}}});
    CHECK(program() == "output:3,set(dl_dst=00:00:00:00:00:05),output:3");
    rule(1, {}, {act::ClearActions{}});
    CHECK(program() == "output:3");
    // Without an output the set does nothing.
    rule(0, {}, {act::WriteActions{{set(FieldId::eth_dst, 5)}}});
    CHECK(program() == "drop:no_rule");
}

TEST_CASE_METHOD(Programmed,
                 "metadata and registers are zero at first and kept from table to table",
                 "[flows]") {
    rule(0, {}, {set(FieldId::reg3, 7), act::WriteMetadata{0xab, 0xff}, act::GotoTable{1}});
    rule(1, on({{FieldId::reg3, 7}, {FieldId::metadata, 0xab}}), output(2));
    CHECK(program() == "output:2");
    CHECK(verdict().mask.get(field::metadata) == 0);
    rule(0, on({{FieldId::reg3, 7}}), output(3), 20);
    CHECK(program() == "output:2");
}

TEST_CASE_METHOD(Programmed, "a resubmit is a call: changes stay, then the list goes on",
                 "[flows]") {
    rule(0, {}, {act::Resubmit{reserved_port::in_port, 2}, act::Output{3}});
    rule(2, {}, {set(FieldId::eth_dst, 5), act::Output{2}});
    CHECK(program() == "set(dl_dst=00:00:00:00:00:05),output:2,output:3");
    // Another ingress port counts for finding the rule only.
    rule(0, {}, {act::Resubmit{3, 2}});
    rule(2, on({{FieldId::in_port, 3}}), {act::Output{1}, act::Output{reserved_port::in_port}}, 20);
    CHECK(program() == "output:1");
}

TEST_CASE_METHOD(Programmed, "a packet for which tables call themselves is dropped", "[flows]") {
    rule(0, {}, {act::Output{2}, act::Resubmit{reserved_port::in_port, 0}});
    CHECK(program() == "drop:too_complex");
}

TEST_CASE_METHOD(Programmed, "resubmits to higher tables are free", "[flows]") {
    for (std::uint8_t table = 0; table < 200; ++table)
        rule(table, {},
             {act::Resubmit{reserved_port::in_port, static_cast<std::uint8_t>(table + 1)}});
    rule(200, {}, output(2));
    CHECK(program() == "output:2");
}

TEST_CASE_METHOD(Programmed, "no more than 4096 tables are asked", "[flows]") {
    const auto calls = [](std::size_t count) {
        RuleActions actions(count, act::Resubmit{reserved_port::in_port, 1});
        actions.emplace_back(act::Output{2});
        return actions;
    };
    rule(0, {}, calls(4095));
    CHECK(program() == "output:2");
    rule(0, {}, calls(4096));
    CHECK(program() == "drop:too_complex");
}

TEST_CASE_METHOD(Programmed, "a table whose rules have many masks counts as several", "[flows]") {
    const auto mask = [](std::size_t i) {
        Match match;
        match_field(FieldId::eth_src).fold(match.mask, {0, i + 1});
        return match;
    };
    std::size_t masks = 0;
    const auto grow = [&](std::size_t to) {
        for (; masks < to; ++masks) rule(1, mask(masks), {});
    };
    RuleActions actions(2047, act::Resubmit{reserved_port::in_port, 1});
    actions.emplace_back(act::Output{2});
    rule(0, {}, actions);
    grow(2 * FlowTables::cheap_masks);  // two lookups each
    CHECK(program() == "output:2");
    grow(masks + 1);  // four
    CHECK(program() == "drop:too_complex");
    REQUIRE(tables.flow_tables().apply(remove_mod(mask(0), 1), now));
    CHECK(program() == "output:2");
}

TEST_CASE_METHOD(Programmed, "no more than 65536 actions are carried out", "[flows]") {
    RuleActions many(4000, set(FieldId::eth_dst, 5));
    rule(1, {}, many);
    rule(0, {}, RuleActions(16, act::Resubmit{reserved_port::in_port, 1}));
    CHECK(program() == "drop:no_rule");
    rule(0, {}, RuleActions(17, act::Resubmit{reserved_port::in_port, 1}));
    CHECK(program() == "drop:too_complex");
}

TEST_CASE_METHOD(Programmed, "no more than 4096 steps are taken, for each port one", "[flows]") {
    rule(0, {}, RuleActions(4096, act::Output{2}));
    CHECK(program() != "drop:too_complex");
    rule(0, {}, RuleActions(4097, act::Output{2}));
    CHECK(program() == "drop:too_complex");
    // Four ports, and the step itself.
    for (const PortNumber to : {reserved_port::all, reserved_port::flood, reserved_port::normal}) {
        CAPTURE(to);
        rule(0, {}, RuleActions(820, act::Output{to}));
        CHECK(program() != "drop:too_complex");
        rule(0, {}, RuleActions(821, act::Output{to}));
        CHECK(program() == "drop:too_complex");
    }
}

TEST_CASE_METHOD(Programmed, "a switch of more ports than steps are taken floods", "[flows]") {
    for (PortNumber port = 4; port < 5000; ++port) REQUIRE(tables.add_port(port));
    rule(0, {}, output(reserved_port::all));
    CHECK(std::get<Output>(verdict().program.steps.front()).ports.size() == 4998);
}

TEST_CASE_METHOD(Programmed, "an action set has each field once", "[flows]") {
    RuleActions many;
    for (std::uint64_t i = 0; i < 1000; ++i) many.push_back(set(FieldId::eth_dst, i));
    many.push_back(act::SetField{FieldId::eth_src, {0, 0x10}, {0, 0xf0}});
    many.push_back(act::SetField{FieldId::eth_src, {0, 0x05}, {0, 0x0f}});
    many.push_back(act::Output{2});
    rule(0, {}, {act::WriteActions{many}});
    CHECK(program() == "set(dl_src=02:00:00:00:00:15,dl_dst=00:00:00:00:03:e7),output:2");
}

TEST_CASE_METHOD(Programmed, "a table that is called does not go on to the next", "[flows]") {
    rule(0, {}, {act::Resubmit{reserved_port::in_port, 1}, act::Output{3}});
    tables.flow_tables().configure(1, TableMiss::go_on);
    rule(2, {}, output(2));
    CHECK(program() == "output:3");
    tables.flow_tables().configure(1, TableMiss::controller);
    CHECK(program() == "output:3");
}

TEST_CASE_METHOD(Programmed, "a controller's packet goes through the tables as others do",
                 "[flows]") {
    const RuleActions to_tables{act::Output{reserved_port::table}};
    const FlowKey key = extract(ethernet(alice, bob, payload), 1);
    const auto sent = [&] { return to_text(tables.carry_out(to_tables, key, now).program); };
    rule(0, {}, {act::WriteActions{{act::Output{2}}}, act::GotoTable{1}});
    rule(1, {}, {act::Output{3}, act::Output{1}});
    CHECK(sent() == "output:3,output:2");
    REQUIRE(tables.flow_tables().apply(remove_mod(), now));
    CHECK(sent() == "drop:no_rule");
    tables.flow_tables().configure(0, TableMiss::controller);
    CHECK(sent() == "controller:implicit_miss");
}

TEST_CASE_METHOD(Programmed, "a miss does what its table says", "[flows]") {
    CHECK(program() == "drop:no_rule");
    tables.set_misses_to_controller(true);
    CHECK(program() == "controller:implicit_miss");
    tables.flow_tables().configure(0, TableMiss::drop);
    CHECK(program() == "drop:no_rule");
    tables.flow_tables().configure(0, TableMiss::controller);
    tables.set_misses_to_controller(false);
    CHECK(program() == "controller:implicit_miss");
    REQUIRE(tables.set_port_flags(1, {.packet_in = false}));
    CHECK(program() == "drop:no_rule");
    tables.flow_tables().configure(0, TableMiss::go_on);
    rule(1, {}, output(2));
    CHECK(program() == "output:2");
}

TEST_CASE_METHOD(Programmed, "a miss behind goto_table is one, also in a table that is called",
                 "[flows]") {
    tables.set_misses_to_controller(true);
    rule(0, {}, {act::Resubmit{reserved_port::in_port, 1}, act::Output{2}});
    CHECK(program() == "output:2");
    rule(1, {}, {act::GotoTable{3}});
    CHECK(program() == "controller:implicit_miss,output:2");
    tables.flow_tables().configure(3, TableMiss::go_on);
    rule(4, {}, output(3));
    CHECK(program() == "output:3,output:2");
}

TEST_CASE_METHOD(Programmed, "a rule that catches misses says that it does", "[flows]") {
    rule(0, {}, {act::Output{reserved_port::controller, 128}}, 0);
    CHECK(program() == "controller:explicit_miss");
    rule(0, {}, {act::Output{reserved_port::controller, 128}}, 1);
    CHECK(program() == "controller:action");
    rule(0, {}, {act::WriteActions{{act::Output{reserved_port::controller}}}}, 2);
    CHECK(program() == "controller:action_set");
}

TEST_CASE_METHOD(Programmed, "fragments are seen as the mode has it", "[flows]") {
    rule(0, on({{FieldId::eth_type, 0x800}, {FieldId::ip_proto, 17}, {FieldId::udp_dst, 53}}),
         output(2));
    rule(0, {}, output(3), 1);
    const Bytes first = ipv4(17, udp(1, 53), 0x2000);
    const Bytes later = ipv4(17, udp(1, 53), 0x0010);
    CHECK(program(ipv4(17, udp(1, 53))) == "output:2");
    CHECK(program(first) == "output:3");
    CHECK(program(later) == "output:3");
    tables.set_fragment_mode(FragmentMode::nx_match);
    CHECK(program(first) == "output:2");
    CHECK(program(later) == "output:3");
    tables.set_fragment_mode(FragmentMode::drop);
    CHECK(program(first) == "drop:fragment");
    CHECK(program(ipv4(17, udp(1, 53))) == "output:2");
}

TEST_CASE_METHOD(Programmed, "NORMAL among other actions gives the packet back as it was",
                 "[flows]") {
    REQUIRE(tables.create_vlan(5));
    REQUIRE(tables.set_untagged_vlan(1, 5));
    REQUIRE(tables.add_tagged_vlan(5, 2));
    rule(0, {}, {act::Output{reserved_port::normal}, act::Output{3}});
    CHECK(program() == "push_vlan(vid=5,pcp=0),output:2,pop_vlan,output:3");
    REQUIRE(tables.set_untagged_vlan(3, 5));
    CHECK(sends(2, alice, bob, vlan_tag(0x4005) + payload) ==
          "pop_vlan,output:1,3,push_vlan(vid=5,pcp=2),output:3");
}

TEST_CASE_METHOD(Programmed, "a controller's packet may come from nowhere and go to the tables",
                 "[flows]") {
    rule(0, {}, output(2));
    const FlowKey key = extract(ethernet(alice, bob, payload), reserved_port::controller);
    const auto sent = [&](RuleActions actions) {
        return to_text(tables.carry_out(actions, key, now).program);
    };
    CHECK(sent({act::Output{3}}) == "output:3");
    CHECK(sent({act::Output{reserved_port::table}}) == "output:2");
    CHECK(sent({act::Output{reserved_port::all}}) == "output:1,2,3");
    CHECK(sent({act::Output{reserved_port::normal}}) == "output:0,1,2,3");
    CHECK(sent({act::Output{reserved_port::controller}}) == "controller:packet_out");
}

TEST_CASE_METHOD(Programmed, "every rule and table on the way counts the packet", "[flows]") {
    rule(0, {}, {act::Resubmit{reserved_port::in_port, 2}, act::GotoTable{1}});
    rule(1, {}, output(3));
    const Counting counting = verdict().counting;
    CHECK(counting.rules.size() == 2);
    REQUIRE(counting.lookups.size() == 3);
    CHECK(counting.lookups[1] == Counting::Lookup{2, false});
    CHECK(counting.lookups[2] == Counting::Lookup{1, true});
}

}  // namespace switchd::test
