#include "vde-compat/debug_events.h"

#include "tests/vde-compat/console_lab.h"

namespace switchd::vde::test {

namespace {

struct Ear final : DebugListener {
    std::string heard;
    void debug_line(std::string_view line) override { heard += line; }
};

const auto mac = MacAddress::from_u64(0x020000000001);

}  // namespace

TEST_CASE("every event has the line that vde_switch writes for it") {
    DebugEvents events;
    Ear ear;
    events.listen(ear, events.matching(""));

    events.port_created(1);
    events.endpoint_added(1, 6);
    events.description(1, 6, "descA");
    events.endpoint_removed(1, 8);
    events.port_closed(1);
    CHECK(ear.heard ==
          "3021 port/+ 01\n"
          "3031 port/ep/+ Port 01 FD  6\n"
          "3023 port/descr Port 01 FD  6 -> \"descA\"\n"
          "3032 port/ep/- Port 01 FD  8\n"
          "3022 port/- 01\n");

    // In hash events the VLAN's low byte comes first, in fstp events the high one.
    ear.heard.clear();
    events.mac_learned(mac, 258, 5);
    events.mac_forgotten(mac, 0, 1);
    events.fstp_heard(1, 258);
    events.fstp_lost(1, 0);
    events.fstp_status(1, 0, DebugEvents::FstpStatus::learning_forwarding);
    events.fstp_status(12, 0, DebugEvents::FstpStatus::discarding);
    events.fstp_root(0, 0, {0x80, 0, 0, 0xff, 0xaf, 0xce, 0x51, 2});
    CHECK(ear.heard ==
          "3011 hash/+ 02:00:00:00:00:01 VLAN 02:01 Port 5\n"
          "3012 hash/- 02:00:00:00:00:01 VLAN 00:00 Port 1\n"
          "3041 fstp/+ Port 0001 VLAN 01:02\n"
          "3042 fstp/- Port 0001 VLAN 00:00\n"
          "3044 fstp/status Port 0001 VLAN 00:00 learning+forwarding\n"
          "3044 fstp/status Port 0012 VLAN 00:00 discarding\n"
          "3045 fstp/root Port 0000 VLAN 00:00 -> 80:00:00:ff:af:ce:51:02\n");
}

TEST_CASE("a listener hears what it asked for and no more") {
    DebugEvents events;
    Ear ports, all;
    CHECK_FALSE(events.wanted(DebugCategory::port_created));
    events.listen(ports, events.matching("port/+"));
    events.listen(all, events.matching(""));
    CHECK(events.wanted(DebugCategory::mac_learned));

    events.mac_learned(mac, 0, 1);
    events.port_created(3);
    CHECK(ports.heard == "3021 port/+ 03\n");
    CHECK(all.heard == "3011 hash/+ 02:00:00:00:00:01 VLAN 00:00 Port 1\n3021 port/+ 03\n");

    events.listen(all, 0);
    CHECK_FALSE(events.wanted(DebugCategory::mac_learned));
    CHECK(events.heard_by(all) == 0);
    CHECK(events.heard_by(ports) == debug_mask(DebugCategory::port_created));
}

TEST_CASE("a description in an event cannot break out of its line") {
    DebugEvents events;
    Ear ear;
    events.listen(ear, events.matching("port/descr"));
    events.description(5, 7, "a\n3021 port/+ 99");
    CHECK(ear.heard == "3023 port/descr Port 05 FD  7 -> \"a?3021 port/+ 99\"\n");
}

TEST_CASE("categories that are not available match nothing, and end for who listens") {
    DebugEvents events;
    Ear ear;
    CHECK(events.matching("dump") == 0);
    events.listen(ear, debug_packet_categories);
    CHECK(events.heard_by(ear) == 0);

    events.set_available(debug_packet_categories, true);
    CHECK(events.matching("dump") == debug_packet_categories);
    events.listen(ear, events.matching(""));
    events.set_available(debug_packet_categories, false);
    CHECK_FALSE(events.wanted_any(debug_packet_categories));
    CHECK(events.wanted(DebugCategory::port_created));
}

}  // namespace switchd::vde::test
