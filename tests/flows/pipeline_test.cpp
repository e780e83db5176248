#include "flows/pipeline.h"

#include "tests/flows/talking_switch.h"

namespace switchd::test {

TEST_CASE_METHOD(TalkingSwitch, "rules stand above the mode", "[flows]") {
    FlowKey key;
    key.set(field::eth_type, 0x0800);
    key.set(field::ip_proto, 17);
    key.set(field::tp_dst, 53);
    const Match dns{key, FlowMask::of({field::eth_type, field::ip_proto, field::tp_dst})};
    CHECK(tables.parse_depth() == ParseDepth::layer_2);
    REQUIRE(tables.flow_tables().apply(add_mod(dns, 100, {}), now));
    CHECK(tables.parse_depth() == ParseDepth::layer_4);
    CHECK(sends(1, alice, bob, ipv4(17, udp(1, 53))) == "drop:rule_drop");
    CHECK(sends(1, alice, bob, ipv4(17, udp(1, 54))) == "output:0,2,3");
    REQUIRE(tables.flow_tables().apply(remove_mod(dns), now));
    CHECK(sends(1, alice, bob, ipv4(17, udp(1, 53))) == "output:0,2,3");
    REQUIRE(tables.flow_tables().apply(remove_mod(), now));
    CHECK(sends(1, alice, bob) == "drop:no_rule");
}

TEST_CASE_METHOD(TalkingSwitch, "a switch looks at no more than it needs", "[flows]") {
    const FlowKey key = extract(ethernet(alice, bob, payload), 1);
    CHECK(to_text(key, tables.lookup(key, now).mask) ==
          "in_port=1,vlan_tci=0x0000/0x1fff,dl_src=02:00:00:00:00:01,dl_dst=02:00:00:00:00:02");
    tables.set_mode(ForwardingMode::hub);
    CHECK(to_text(key, tables.lookup(key, now).mask) == "in_port=1");
}

TEST_CASE_METHOD(TalkingSwitch, "a static station goes with its port or when that leaves a VLAN",
                 "[flows]") {
    CHECK(tables.set_static_mac(0, alice, 9, now).error() == MacError::no_port);
    REQUIRE(tables.set_static_mac(0, alice, 1, now));
    REQUIRE(tables.set_static_mac(0, bob, 2, now));
    REQUIRE(tables.set_static_mac(6, carol, 3, now));
    REQUIRE(tables.set_port_flags(1, {.up = false}));
    CHECK(sends(2, bob, alice) == "drop:port_down");
    CHECK(sends(3, bob, alice) == "drop:port_down");
    CHECK(tables.macs().find(0, bob)->port == 2);
    REQUIRE(tables.remove_port(1));
    CHECK_FALSE(tables.macs().find(0, alice));
    REQUIRE(tables.create_vlan(5));
    REQUIRE(tables.set_untagged_vlan(2, 5));
    CHECK_FALSE(tables.macs().find(0, bob));
    REQUIRE(tables.create_vlan(6));
    REQUIRE(tables.remove_vlan(6));
    CHECK_FALSE(tables.macs().find(6, carol));
}

}  // namespace switchd::test
