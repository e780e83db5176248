#include "switchd/datapath.h"

#include "tests/support/catch.h"
#include "tests/support/test_switch.h"

using namespace switchd;
using namespace switchd::testing;

namespace {

using Frames = std::vector<Bytes>;

constexpr std::uint8_t alice = 0xa, bob = 0xb, everybody = 0xff;

Bytes address(std::uint8_t who) {
    return who == everybody ? Bytes(6, 0xff) : Bytes{2, 0, 0, 0, 0, who};
}

// Empty tag: untagged.
Bytes frame(std::uint8_t from, std::uint8_t to, Bytes tag = {}, std::size_t payload = 46) {
    Bytes bytes = address(to);
    const Bytes source = address(from);
    bytes.insert(bytes.end(), source.begin(), source.end());
    bytes.insert(bytes.end(), tag.begin(), tag.end());
    bytes.push_back(0x88);
    bytes.push_back(0xb5);
    bytes.resize(bytes.size() + payload, 0x5a);
    return bytes;
}

Bytes tag(unsigned tci) {
    return {0x81, 0x00, static_cast<std::uint8_t>(tci >> 8), static_cast<std::uint8_t>(tci)};
}

}  // namespace

TEST_CASE("a learning switch answers only on the port it learned", "[datapath]") {
    TestSwitch lan;
    auto& one = lan.plug(1);
    auto& two = lan.plug(2);
    auto& three = lan.plug(3);

    one.sends(frame(alice, bob));
    CHECK(two.received() == Frames{frame(alice, bob)});  // bob is unknown: everyone hears it
    CHECK(three.received() == Frames{frame(alice, bob)});
    CHECK(one.received().empty());

    two.sends(frame(bob, alice));
    CHECK(one.received() == Frames{frame(bob, alice)});
    CHECK(three.received().empty());
}

TEST_CASE("every endpoint of a port gets what the port gets, and none of its own", "[datapath]") {
    TestSwitch lan;
    auto& first = lan.plug(1);
    auto& second = lan.plug(1);
    auto& other = lan.plug(2);

    other.sends(frame(alice, everybody));
    CHECK(first.received().size() == 1);
    CHECK(second.received().size() == 1);

    first.sends(frame(bob, everybody));
    CHECK(second.received().empty());
    CHECK(other.received().size() == 1);
    CHECK(lan.bridge().find_port(1)->out.packets == 1);  // per port, not per endpoint
}

TEST_CASE("one flooded frame leaves tagged here and untagged there", "[datapath]") {
    TestSwitch lan;
    auto& door = lan.front_door();
    auto& from = lan.plug(1);
    auto& untagged = lan.plug(2);
    auto& tagged = lan.plug(3);
    auto& stranger = lan.plug(4);
    REQUIRE(door.create_vlan(5) == 0);
    REQUIRE(door.set_port_vlan(1, 5) == 0);
    REQUIRE(door.set_port_vlan(2, 5) == 0);
    REQUIRE(door.add_vlan_port(5, 3) == 0);

    from.sends(frame(alice, everybody));
    CHECK(untagged.received() == Frames{frame(alice, everybody)});
    CHECK(tagged.received() == Frames{frame(alice, everybody, tag(5))});
    CHECK(stranger.received().empty());

    tagged.sends(frame(bob, everybody, tag(0x6005)));  // priority 3
    CHECK(from.received() == Frames{frame(bob, everybody)});
    CHECK(untagged.received() == Frames{frame(bob, everybody)});
}

TEST_CASE("while no VLAN is configured tagged frames pass untouched", "[datapath]") {
    TestSwitch lan;
    auto& one = lan.plug(1);
    auto& two = lan.plug(2);
    one.sends(frame(alice, everybody, tag(0x2abc)));
    CHECK(two.received() == Frames{frame(alice, everybody, tag(0x2abc))});
}

TEST_CASE("a hub sends everything to everybody but port 0", "[datapath]") {
    vde::Settings settings;
    settings.hub = true;
    TestSwitch lan{settings};
    auto& zero = lan.plug(0);
    auto& one = lan.plug(1);
    auto& two = lan.plug(2);
    for (int i = 0; i < 2; ++i) {
        one.sends(frame(alice, bob, tag(7)));
        two.sends(frame(bob, alice, tag(7)));
    }
    CHECK(one.received().size() == 2);
    CHECK(two.received().size() == 2);
    zero.sends(frame(alice, bob));
    CHECK(one.received().size() == 1);
    CHECK(zero.received().empty());
}

TEST_CASE("a frame shorter than an Ethernet header is dropped as a runt", "[datapath]") {
    TestSwitch lan;
    auto& one = lan.plug(1);
    auto& two = lan.plug(2);
    one.sends(Bytes(13, 0xff));
    CHECK(two.received().empty());
    const Port& port = *lan.bridge().find_port(1);
    CHECK(port.in.packets == 0);
    CHECK(port.drops[static_cast<std::size_t>(DropReason::runt)] == 1);
}

TEST_CASE("a flood never gives a buffer back twice or keeps one", "[datapath]") {
    vde::Settings settings;
    settings.port_count = 64;
    TestSwitch lan{settings};
    auto& from = lan.plug(1);
    for (PortNumber port = 2; port < 40; ++port) lan.plug(port);
    REQUIRE(lan.front_door().create_vlan(9) == 0);
    for (long port = 20; port < 40; ++port) REQUIRE(lan.front_door().add_vlan_port(9, port) == 0);
    REQUIRE(lan.front_door().set_port_vlan(1, 9) == 0);
    const std::size_t free_before = lan.free_buffers();
    for (int i = 0; i < 10; ++i) from.sends(frame(alice, everybody));
    CHECK(lan.free_buffers() == free_before - 10);  // one tagged copy each, shared by 20 ports
    for (const Port* port : lan.bridge().ports())
        for (const auto& endpoint : port->endpoints)
            static_cast<FakeEndpoint&>(*endpoint).received();
    CHECK(lan.free_buffers() == free_before);
}
