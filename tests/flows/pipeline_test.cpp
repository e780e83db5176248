#include "flows/pipeline.h"

#include "tests/flows/frames.h"
#include "tests/flows/rules.h"
#include "tests/support/catch.h"

namespace switchd::test {
namespace {

using namespace std::chrono_literals;

const Bytes payload = ipv4(17, udp(1, 2));

// A switch with ports 0 to 3 that one talks to in frames, and that answers in words.
struct Fixture {
    explicit Fixture(VlanPolicy policy = VlanPolicy::strict)
        : tables{{.macs = {.min_persistence = 3s}, .vlan_policy = policy}} {
        for (PortNumber port = 0; port <= 3; ++port) REQUIRE(tables.add_port(port));
    }
    std::string sends(PortNumber port, MacAddress source, MacAddress destination,
                      const Bytes& content = payload) {
        const FlowKey key = extract(ethernet(source, destination, content), port);
        const Verdict verdict = tables.lookup(key, now);
        tables.perform(verdict, now);
        return to_text(verdict.program);
    }
    Pipeline tables;
    TimePoint now{1h};
};
struct Transparent : Fixture {
    Transparent() : Fixture(VlanPolicy::transparent) {}
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a learning switch answers only on the port it learned", "[flows]") {
    CHECK(sends(1, alice, bob) == "output:0,2,3");
    CHECK(sends(2, bob, alice) == "output:1");
    CHECK(sends(1, alice, bob) == "output:2");
    CHECK(sends(1, alice, MacAddress::broadcast()) == "output:0,2,3");
    CHECK(sends(1, alice, spanning_tree_address) == "output:0,2,3");
}

TEST_CASE_METHOD(Fixture, "what comes from the destination's own port is dropped", "[flows]") {
    sends(1, bob, carol);
    CHECK(sends(1, alice, bob) == "drop:destination_on_ingress");
    CHECK(sends(1, carol, carol) == "drop:destination_on_ingress");
}

TEST_CASE_METHOD(Fixture, "a frame from a group address is forwarded and teaches nothing",
                 "[flows]") {
    CHECK(sends(1, MacAddress::broadcast(), bob) == "output:0,2,3");
    CHECK(tables.macs().size() == 0);
}

TEST_CASE_METHOD(Fixture, "a station does not move before the minimal persistence", "[flows]") {
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

TEST_CASE_METHOD(Fixture, "a hub repeats everything, and nothing to port 0", "[flows]") {
    tables.set_mode(ForwardingMode::hub);
    CHECK(sends(0, alice, bob) == "output:1,2,3");
    CHECK(sends(1, bob, alice, vlan_tag(5) + payload) == "output:2,3");
    CHECK(tables.macs().size() == 0);
    tables.set_mode(ForwardingMode::normal);
    CHECK(sends(1, alice, bob) == "output:0,2,3");
}

TEST_CASE_METHOD(Fixture, "a port that is down, absent or alone has its frames dropped",
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

TEST_CASE_METHOD(Fixture, "a port that goes down takes its stations with it", "[flows]") {
    sends(2, bob, alice);
    REQUIRE(tables.set_port_flags(2, {.up = false}));
    CHECK(tables.macs().size() == 0);
    REQUIRE(tables.set_port_flags(2, {.up = true}));
    CHECK(sends(1, alice, bob) == "output:0,2,3");
}

TEST_CASE_METHOD(Fixture, "strict: tagged frames are taken from members only", "[flows]") {
    CHECK(sends(1, alice, bob, vlan_tag(5) + payload) == "drop:vlan_not_member");
    REQUIRE(tables.create_vlan(5));
    CHECK(sends(1, alice, bob, vlan_tag(5) + payload) == "drop:vlan_not_member");
    REQUIRE(tables.set_untagged_vlan(1, 5));
    REQUIRE(tables.add_tagged_vlan(5, 2));
    REQUIRE(tables.add_tagged_vlan(5, 3));
    CHECK(sends(1, alice, bob) == "push_vlan:5,output:2,3");
    CHECK(sends(2, bob, carol, vlan_tag(0x6005) + payload) == "output:3,pop_vlan,output:1");
    CHECK(sends(1, alice, bob, vlan_tag(5) + payload) == "output:2");
    CHECK(sends(1, alice, bob) == "push_vlan:5,output:2");
    CHECK(sends(2, bob, alice, vlan_tag(5) + payload) == "pop_vlan,output:1");
    CHECK(sends(2, bob, alice) == "output:0,3");  // VLAN 0, where nobody knows alice
}

TEST_CASE_METHOD(Fixture, "strict: a priority tag belongs to VLAN 0 and is removed", "[flows]") {
    CHECK(sends(1, alice, bob, vlan_tag(0xe000) + payload) == "pop_vlan,output:0,2,3");
}

TEST_CASE_METHOD(Fixture, "a port without an untagged VLAN takes no untagged frame", "[flows]") {
    REQUIRE(tables.set_untagged_vlan(1, vlan_none));
    CHECK(sends(1, alice, bob) == "drop:vlan_not_member");
    CHECK(sends(2, alice, bob) == "output:0,3");
}

TEST_CASE_METHOD(Fixture, "provider tags and inner tags are payload", "[flows]") {
    CHECK(sends(1, alice, bob, vlan_tag(5, 0x88a8) + vlan_tag(6) + payload) == "output:0,2,3");
    REQUIRE(tables.create_vlan(5));
    REQUIRE(tables.add_tagged_vlan(5, 1));
    REQUIRE(tables.set_untagged_vlan(2, 5));
    CHECK(sends(1, carol, bob, vlan_tag(5) + vlan_tag(6) + payload) == "pop_vlan,output:2");
}

TEST_CASE_METHOD(Fixture, "a frame cut within its tag is a runt, not an untagged frame",
                 "[flows]") {
    CHECK(sends(1, alice, bob, be16_bytes(0x8100) + be16_bytes(5)) == "drop:runt");
}

TEST_CASE_METHOD(Transparent, "transparent: tags are carried, and learned by, untouched",
                 "[flows]") {
    CHECK(sends(1, alice, bob, vlan_tag(5) + payload) == "output:0,2,3");
    CHECK(sends(2, bob, alice, vlan_tag(5) + payload) == "output:1");
    CHECK(sends(2, bob, alice, vlan_tag(6) + payload) == "output:0,1,3");
    CHECK(sends(2, bob, alice) == "output:0,1,3");
    CHECK(sends(2, bob, carol, vlan_tag(0) + payload) == "output:0,1,3");
    CHECK(sends(3, carol, bob) == "output:2");  // a priority tag is VLAN 0
}

TEST_CASE_METHOD(Transparent, "transparent ends when a port has VLANs, and comes back", "[flows]") {
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

TEST_CASE_METHOD(Fixture, "a blocked port gets and gives nothing, a learning one learns",
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

TEST_CASE_METHOD(Fixture, "while the spanning tree runs it gets its frames, blocked or not",
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

TEST_CASE_METHOD(Fixture, "ports of one colour do not hear each other", "[flows]") {
    for (const PortNumber port : {1u, 2u}) REQUIRE(tables.set_port_flags(port, {.colour = 7}));
    CHECK(sends(1, alice, bob) == "output:0,2,3");
    tables.set_colourful(true);
    CHECK(sends(1, alice, bob) == "output:0,3");
    CHECK(sends(2, bob, alice) == "drop:no_destination");
    CHECK(sends(3, carol, alice) == "output:1");
    tables.set_mode(ForwardingMode::hub);
    CHECK(sends(1, alice, bob) == "output:3");
}

TEST_CASE_METHOD(Fixture, "rules stand above the mode", "[flows]") {
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

TEST_CASE_METHOD(Fixture, "a switch looks at no more than it needs", "[flows]") {
    const FlowKey key = extract(ethernet(alice, bob, payload), 1);
    CHECK(to_text(key, tables.lookup(key, now).mask) ==
          "in_port=1,eth_src=02:00:00:00:00:01,eth_dst=02:00:00:00:00:02,vlan_tci=0x0000/0x1fff");
    tables.set_mode(ForwardingMode::hub);
    CHECK(to_text(key, tables.lookup(key, now).mask) == "in_port=1");
}

}  // namespace switchd::test
