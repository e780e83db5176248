#include "flows/change_log.h"

#include "tests/flows/frames.h"
#include "tests/support/catch.h"

namespace switchd::test {

TEST_CASE("a change touches the decisions that read what it changed", "[flows]") {
    const Reads unicast{.mac_vlan = 5, .vlan = 5, .port = 2};
    const Reads flood{.mac_vlan = 0, .vlan = 0, .all_ports = true};
    const auto touches = [](const Change& change, const Reads& reads) {
        return affects(change, reads, 1, alice, bob);
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
