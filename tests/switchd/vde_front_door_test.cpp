#include "switchd/vde_front_door.h"

#include <cerrno>

#include "tests/support/catch.h"
#include "tests/support/test_switch.h"

using namespace switchd;
using namespace switchd::testing;
using Kind = vde::PlugRequest::Kind;

namespace {

vde::PlugRequest wish(Kind kind, std::uint32_t port = 0) {
    vde::PlugRequest request;
    request.kind = kind;
    request.port = port;
    return request;
}

vde::PlugIdentity user(uid_t uid) {
    vde::PlugIdentity identity;
    identity.owner = identity.peer = uid;
    identity.peer_group = uid;
    return identity;
}

vde::Settings ports(unsigned count) {
    vde::Settings settings;
    settings.port_count = count;
    return settings;
}

}  // namespace

TEST_CASE("a plug without a wish gets the lowest port that is free", "[vde_front_door]") {
    TestSwitch lan{ports(3)};
    auto& door = lan.front_door();
    const auto any = wish(Kind::any_port);
    CHECK(door.admit(any, user(1)) == 1u);
    lan.plug(1);
    REQUIRE(door.create_port(2) == 0);  // not allocatable
    CHECK(door.admit(any, user(1)) == 3u);
    lan.plug(3);
    CHECK(door.admit(any, user(1)).error() == ENOSPC);
    REQUIRE(door.set_allocatable(2, true) == 0);
    CHECK(door.admit(any, user(1)) == 2u);
}

TEST_CASE("a plug gets the port that it asks for, within the range", "[vde_front_door]") {
    TestSwitch lan{ports(3)};
    auto& door = lan.front_door();
    CHECK(door.admit(wish(Kind::this_port, 3), user(1)) == 3u);
    CHECK(door.admit(wish(Kind::this_port, 4), user(1)).error() == EINVAL);
    CHECK(door.admit(wish(Kind::port_zero), user(1)) == 0u);
}

TEST_CASE("those who share a port are one user, root included", "[vde_front_door]") {
    TestSwitch lan{ports(3)};
    auto& door = lan.front_door();
    lan.plug(1);
    lan.bridge().find_port(1)->occupant = 1000;
    CHECK(door.admit(wish(Kind::this_port, 1), user(1000)) == 1u);
    CHECK(door.admit(wish(Kind::this_port, 1), user(1001)).error() == EADDRINUSE);
    CHECK(door.admit(wish(Kind::this_port, 1), user(0)).error() == EADDRINUSE);
}

TEST_CASE("a port's user and group say who may plug in", "[vde_front_door]") {
    TestSwitch lan{ports(3)};
    auto& door = lan.front_door();
    const auto wanted = wish(Kind::this_port, 2);
    REQUIRE(door.create_port(2) == 0);
    CHECK(door.admit(wanted, user(4000001)) == 2u);
    REQUIRE(door.set_port_user(2, 4000000) == 0);
    CHECK(door.admit(wanted, user(4000000)) == 2u);
    CHECK(door.admit(wanted, user(0)) == 2u);
    CHECK(door.admit(wanted, user(4000001)).error() == EACCES);
    REQUIRE(door.set_port_group(2, 4000001) == 0);
    CHECK(door.admit(wanted, user(4000001)) == 2u);
    CHECK(door.admit(wanted, user(4000002)).error() == EACCES);

    vde::PlugIdentity abstract;
    abstract.peer = 4000000;
    CHECK(door.admit(wanted, abstract) == 2u);
    // Nobody is given a port that he may not use.
    CHECK(door.admit(wish(Kind::any_port), user(4000002)) == 1u);
}

TEST_CASE("a port outlives its plugs, with its settings and counters", "[vde_front_door]") {
    TestSwitch lan;
    auto& door = lan.front_door();
    auto& plug = lan.plug(4);
    REQUIRE(door.create_vlan(7) == 0);
    REQUIRE(door.set_port_vlan(4, 7) == 0);
    plug.sends(Bytes(60, 0xff));
    CHECK(door.remove_port(4) == EADDRINUSE);
    plug.hangs_up();
    const auto info = door.port(4);
    REQUIRE(info);
    CHECK(!info->active());
    CHECK(info->untagged_vlan == 7);
    CHECK(info->in.packets == 1);
    CHECK(door.remove_vlan(7) == EADDRINUSE);
    CHECK(door.remove_port(4) == 0);
    CHECK(door.remove_vlan(7) == 0);
    CHECK(!door.port(4));
}

TEST_CASE("stations go when the last plug of their port goes", "[vde_front_door]") {
    TestSwitch lan;
    auto& plug = lan.plug(1);
    Bytes hello(60, 0);
    hello[5] = 1;
    hello[6] = 2;
    hello[11] = 9;
    plug.sends(hello);
    REQUIRE(lan.front_door().macs().size() == 1);
    CHECK(lan.front_door().find_mac(*MacAddress::parse("02:00:00:00:00:09"), 0)->port == 1);
    plug.hangs_up();
    CHECK(lan.front_door().macs().empty());
}

TEST_CASE("the number of ports cannot fall below one that exists", "[vde_front_door]") {
    TestSwitch lan{ports(32)};
    auto& door = lan.front_door();
    REQUIRE(door.create_port(20) == 0);
    CHECK(door.set_port_count(19) == EADDRINUSE);
    CHECK(door.set_port_count(20) == 0);
    CHECK(door.set_port_count(0) == EINVAL);
    CHECK(door.set_port_count(65536) == EINVAL);
    CHECK(door.create_port(21) == EINVAL);
}

TEST_CASE("commands about ports and VLANs that cannot be say so", "[vde_front_door]") {
    TestSwitch lan;
    auto& door = lan.front_door();
    CHECK(door.create_port(-1) == EINVAL);
    CHECK(door.remove_port(5) == ENXIO);
    CHECK(door.set_port_vlan(5, 0) == ENXIO);
    CHECK(door.create_vlan(0) == EINVAL);
    CHECK(door.create_vlan(4095) == EINVAL);
    CHECK(door.create_vlan(4094) == 0);
    CHECK(door.create_vlan(4094) == EEXIST);
    CHECK(door.add_vlan_port(4094, 5) == ENXIO);
    REQUIRE(door.create_port(5) == 0);
    CHECK(door.create_port(5) == EEXIST);
    CHECK(door.set_port_vlan(5, 4094) == 0);
    CHECK(door.remove_vlan_port(4094, 5) == EADDRINUSE);
    CHECK(door.close_endpoint(5, 1) == ENXIO);
}

TEST_CASE("a console hears where stations are set, and nothing when one stays",
          "[vde_front_door]") {
    struct Listener : vde::DebugListener {
        void debug_line(std::string_view line) override { lines.emplace_back(line); }
        std::vector<std::string> lines;
    } console;
    TestSwitch lan;
    auto& events = lan.front_door().events();
    lan.plug(1);
    lan.plug(2);
    events.listen(console, events.matching("hash"));
    Pipeline& tables = lan.bridge().tables();
    const auto station = MacAddress::parse("02:00:00:00:00:0a").value();
    Verdict heard;
    heard.learn = Learn{0, station, 1};
    tables.perform(heard, lan.bridge().now());
    REQUIRE(tables.set_static_mac(0, station, 1, lan.bridge().now()));
    CHECK(console.lines.size() == 1);
    REQUIRE(tables.set_static_mac(0, station, 2, lan.bridge().now()));
    CHECK(console.lines.size() == 3);
    REQUIRE(tables.remove_static_mac(0, station));
    CHECK(console.lines.size() == 4);
    events.listen(console, 0);
}
