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

}  // namespace switchd::test
