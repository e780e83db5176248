// NORMAL, as the tables that hold nothing else have it.
#include "flows/translation.h"

#include "tests/flows/talking_switch.h"

namespace switchd::test {

TEST_CASE_METHOD(TalkingSwitch, "a learning switch answers only on the port it learned",
                 "[flows]") {
    CHECK(sends(1, alice, bob) == "output:0,2,3");
    CHECK(sends(2, bob, alice) == "output:1");
    CHECK(sends(1, alice, bob) == "output:2");
    CHECK(sends(1, alice, MacAddress::broadcast()) == "output:0,2,3");
    CHECK(sends(1, alice, spanning_tree_address) == "output:0,2,3");
}

TEST_CASE_METHOD(TalkingSwitch, "what comes from the destination's own port is dropped",
                 "[flows]") {
    sends(1, bob, carol);
    CHECK(sends(1, alice, bob) == "drop:destination_on_ingress");
    CHECK(sends(1, carol, carol) == "drop:destination_on_ingress");
}

TEST_CASE_METHOD(TalkingSwitch, "a frame from a group address is forwarded and teaches nothing",
                 "[flows]") {
    CHECK(sends(1, MacAddress::broadcast(), bob) == "output:0,2,3");
    CHECK(tables.macs().size() == 0);
}

TEST_CASE_METHOD(TalkingSwitch, "a station does not move before the minimal persistence",
                 "[flows]") {
    sends(1, alice, bob);
    now += 2s;
    CHECK(sends(2, alice, bob) == "output:0,1,3");
    CHECK(sends(3, bob, alice) == "output:1");
    const FlowKey moving = extract(ethernet(alice, bob, payload), 2);
    CHECK(tables.lookup(moving, now).holds_until == now + 1s);
    now += 1s;
    sends(2, alice, bob);
    CHECK(sends(3, bob, alice) == "output:2");
}

TEST_CASE_METHOD(TalkingSwitch, "a hub repeats everything, and nothing to port 0", "[flows]") {
    tables.set_mode(ForwardingMode::hub);
    CHECK(sends(0, alice, bob) == "output:1,2,3");
    CHECK(sends(1, bob, alice, vlan_tag(5) + payload) == "output:2,3");
    CHECK(tables.macs().size() == 0);
    tables.set_mode(ForwardingMode::normal);
    CHECK(sends(1, alice, bob) == "output:0,2,3");
}

TEST_CASE_METHOD(TalkingSwitch, "a port that is down, absent or alone has its frames dropped",
                 "[flows]") {
    REQUIRE(tables.set_port_flags(2, {.up = false}));
    CHECK(sends(1, alice, bob) == "output:0,3");
    CHECK(sends(2, alice, bob) == "drop:port_down");
    CHECK(sends(9, alice, bob) == "drop:port_gone");
    REQUIRE(tables.set_port_flags(3, {.flood = false}));
    CHECK(sends(1, alice, bob) == "output:0");
    REQUIRE(tables.remove_port(0));
    CHECK(sends(1, alice, bob) == "drop:no_destination");
    CHECK(sends(3, bob, alice) == "output:1");
    CHECK(sends(1, alice, bob) == "output:3");
}

TEST_CASE_METHOD(TalkingSwitch, "a port that goes down takes its stations with it", "[flows]") {
    sends(2, bob, alice);
    REQUIRE(tables.set_port_flags(2, {.up = false}));
    CHECK(tables.macs().size() == 0);
    REQUIRE(tables.set_port_flags(2, {.up = true}));
    CHECK(sends(1, alice, bob) == "output:0,2,3");
}

TEST_CASE_METHOD(TalkingSwitch, "strict: tagged frames are taken from members only", "[flows]") {
    CHECK(sends(1, alice, bob, vlan_tag(5) + payload) == "drop:vlan_not_member");
    REQUIRE(tables.create_vlan(5));
    CHECK(sends(1, alice, bob, vlan_tag(5) + payload) == "drop:vlan_not_member");
    REQUIRE(tables.set_untagged_vlan(1, 5));
    REQUIRE(tables.add_tagged_vlan(5, 2));
    REQUIRE(tables.add_tagged_vlan(5, 3));
    CHECK(sends(1, alice, bob) == "push_vlan(vid=5,pcp=0),output:2,3");
    CHECK(sends(2, bob, carol, vlan_tag(0x6005) + payload) == "output:3,pop_vlan,output:1");
    CHECK(sends(1, alice, bob, vlan_tag(5) + payload) == "output:2");
    CHECK(sends(1, alice, bob) == "push_vlan(vid=5,pcp=0),output:2");
    CHECK(sends(2, bob, alice, vlan_tag(5) + payload) == "pop_vlan,output:1");
    CHECK(sends(2, bob, alice) == "output:0,3");  // VLAN 0, where nobody knows alice
}

TEST_CASE_METHOD(TalkingSwitch, "strict: a priority tag belongs to VLAN 0 and is removed",
                 "[flows]") {
    CHECK(sends(1, alice, bob, vlan_tag(0xe000) + payload) == "pop_vlan,output:0,2,3");
}

TEST_CASE_METHOD(TalkingSwitch, "a port without an untagged VLAN takes no untagged frame",
                 "[flows]") {
    REQUIRE(tables.set_untagged_vlan(1, vlan_none));
    CHECK(sends(1, alice, bob) == "drop:vlan_not_member");
    CHECK(sends(2, alice, bob) == "output:0,3");
}

TEST_CASE_METHOD(TalkingSwitch, "provider tags and inner tags are payload", "[flows]") {
    CHECK(sends(1, alice, bob, vlan_tag(5, 0x88a8) + vlan_tag(6) + payload) == "output:0,2,3");
    REQUIRE(tables.create_vlan(5));
    REQUIRE(tables.add_tagged_vlan(5, 1));
    REQUIRE(tables.set_untagged_vlan(2, 5));
    CHECK(sends(1, carol, bob, vlan_tag(5) + vlan_tag(6) + payload) == "pop_vlan,output:2");
}

TEST_CASE_METHOD(TalkingSwitch, "a frame cut within its tag is a runt, not an untagged frame",
                 "[flows]") {
    CHECK(sends(1, alice, bob, be16_bytes(0x8100) + be16_bytes(5)) == "drop:runt");
}

TEST_CASE_METHOD(TransparentSwitch, "transparent: tags are carried, and learned by, untouched",
                 "[flows]") {
    CHECK(sends(1, alice, bob, vlan_tag(5) + payload) == "output:0,2,3");
    CHECK(sends(2, bob, alice, vlan_tag(5) + payload) == "output:1");
    CHECK(sends(2, bob, alice, vlan_tag(6) + payload) == "output:0,1,3");
    CHECK(sends(2, bob, alice) == "output:0,1,3");
    CHECK(sends(2, bob, carol, vlan_tag(0) + payload) == "output:0,1,3");
    CHECK(sends(3, carol, bob) == "output:2");  // a priority tag is VLAN 0
}

TEST_CASE_METHOD(TransparentSwitch, "transparent ends when a port has VLANs, and comes back",
                 "[flows]") {
    sends(2, bob, alice, vlan_tag(5) + payload);
    REQUIRE(tables.create_vlan(5));
    CHECK(sends(1, alice, bob, vlan_tag(5) + payload) == "output:2");
    REQUIRE(tables.add_tagged_vlan(5, 3));
    CHECK(sends(1, alice, bob, vlan_tag(5) + payload) == "drop:vlan_not_member");
    REQUIRE(tables.add_tagged_vlan(5, 1));
    CHECK(sends(1, alice, bob, vlan_tag(5) + payload) == "drop:no_destination");  // bob's port left
    REQUIRE(tables.remove_tagged_vlan(5, 3));
    REQUIRE(tables.remove_tagged_vlan(5, 1));
    CHECK(sends(1, alice, carol, vlan_tag(5) + payload) == "output:0,2,3");
}

TEST_CASE_METHOD(TalkingSwitch, "a blocked port gets and gives nothing, a learning one learns",
                 "[flows]") {
    sends(2, bob, alice);
    REQUIRE(tables.set_vlan_port_state(0, 2, VlanPortState::discarding));
    CHECK(sends(1, alice, bob) == "drop:discarding_state");
    CHECK(sends(1, alice, carol) == "output:0,3");
    CHECK(sends(2, carol, alice) == "drop:discarding_state");
    CHECK_FALSE(tables.macs().find(0, carol));
    REQUIRE(tables.set_vlan_port_state(0, 2, VlanPortState::learning));
    CHECK(sends(2, carol, alice) == "drop:discarding_state");
    CHECK(tables.macs().find(0, carol)->port == 2);
}

TEST_CASE_METHOD(TalkingSwitch, "while the spanning tree runs it gets its frames, blocked or not",
                 "[flows]") {
    tables.set_spanning_tree(true);
    REQUIRE(tables.set_vlan_port_state(0, 2, VlanPortState::discarding));
    CHECK(sends(1, alice, spanning_tree_address) == "punt:spanning_tree");
    CHECK(sends(2, alice, spanning_tree_address) == "punt:spanning_tree");
    CHECK(tables.macs().size() == 0);
    CHECK(sends(1, alice, spanning_tree_address, vlan_tag(7) + payload) == "drop:vlan_not_member");
    tables.set_mode(ForwardingMode::hub);
    CHECK(sends(1, alice, spanning_tree_address) == "output:2,3");
}

TEST_CASE_METHOD(TalkingSwitch, "ports of one colour do not hear each other", "[flows]") {
    for (const PortNumber port : {1u, 2u}) REQUIRE(tables.set_port_flags(port, {.colour = 7}));
    CHECK(sends(1, alice, bob) == "output:0,2,3");
    tables.set_colourful(true);
    CHECK(sends(1, alice, bob) == "output:0,3");
    CHECK(sends(2, bob, alice) == "drop:no_destination");
    CHECK(sends(3, carol, alice) == "output:1");
    tables.set_mode(ForwardingMode::hub);
    CHECK(sends(1, alice, bob) == "output:3");
}

}  // namespace switchd::test
