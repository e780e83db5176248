#include "flows/change_log.h"

#include "tests/flows/frames.h"
#include "tests/support/catch.h"

namespace switchd::test {

TEST_CASE("a change touches the decisions that read what it changed", "[flows]") {
    Reads unicast, flood;
    unicast.mac_vlans = unicast.vlans = {5};
    unicast.ports = {2};
    flood.mac_vlans = flood.vlans = {0};
    flood.all_ports = true;
    FlowKey key;
    key.set(field::in_port, 1);
    key.set(field::eth_src, alice.to_u64());
    key.set(field::eth_dst, bob.to_u64());
    const Match decided{key, FlowMask::of({field::in_port, field::eth_src, field::eth_dst})};
    const auto touches = [&](const Change& change, const Reads& reads) {
        return affects(change, reads, decided);
    };
    const Change everything{};
    CHECK(touches(everything, unicast));
    CHECK(touches(everything, {}));

    const Change port_1{.kind = Change::Kind::port, .port = 1};
    const Change port_2{.kind = Change::Kind::port, .port = 2};
    const Change port_3{.kind = Change::Kind::port, .port = 3};
    CHECK(touches(port_1, {}));
    CHECK(touches(port_2, unicast));
    CHECK_FALSE(touches(port_3, unicast));
    CHECK(touches(port_3, flood));

    CHECK(touches({.kind = Change::Kind::vlan, .vlan = 5}, unicast));
    CHECK_FALSE(touches({.kind = Change::Kind::vlan, .vlan = 5}, flood));

    const auto heard = [](VlanId vlan, MacAddress mac) {
        return Change{.kind = Change::Kind::mac, .vlan = vlan, .mac = mac};
    };
    CHECK(touches(heard(5, alice), unicast));
    CHECK(touches(heard(5, bob), unicast));
    CHECK_FALSE(touches(heard(5, carol), unicast));
    CHECK_FALSE(touches(heard(6, bob), unicast));
    CHECK_FALSE(touches(heard(0, bob), {}));
}

TEST_CASE("a rule touches the decisions of its table that may be about its packets", "[flows]") {
    FlowKey key;
    key.set(field::eth_dst, bob.to_u64());
    key.set(field::metadata, 7);
    const Match decided{key, FlowMask::of({field::eth_dst})};
    key.set(field::eth_dst, carol.to_u64());
    const Match to_carol{key, FlowMask::of({field::eth_dst})};
    const Match noted{key, FlowMask::of({field::metadata})};
    const auto rule = [](std::uint8_t table, const Match& match) {
        return Change{.kind = Change::Kind::rule, .table = table, .match = match};
    };
    Reads reads;
    reads.tables.add(3);
    CHECK(affects(rule(3, {}), reads, decided));
    CHECK_FALSE(affects(rule(2, {}), reads, decided));
    CHECK(affects(rule(3, decided), reads, decided));
    CHECK_FALSE(affects(rule(3, to_carol), reads, decided));
    CHECK(affects(rule(3, noted), reads, decided));
    reads.rewritten = true;
    CHECK(affects(rule(3, to_carol), reads, decided));
}

TEST_CASE("the log remembers its last records", "[flows]") {
    ChangeLog log;
    CHECK(log.remembers_since(0));
    for (PortNumber port = 1; port <= ChangeLog::records_max; ++port)
        log.append({.kind = Change::Kind::port, .port = port});
    CHECK(log.remembers_since(0));
    CHECK(log.at(1).port == 1);
    CHECK(log.at(log.generation()).port == ChangeLog::records_max);
    log.append({});
    CHECK_FALSE(log.remembers_since(0));
    CHECK(log.remembers_since(1));
}

}  // namespace switchd::test
