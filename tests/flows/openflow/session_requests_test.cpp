#include "tests/flows/openflow/peer.h"
#include "tests/support/catch.h"

using namespace switchd;
using namespace switchd::test;
using namespace switchd::openflow;
using enum MessageType;

TEST_CASE("a role that does not exist is refused") {
    World world;
    Peer peer(world.controllers, Version::v1_2);
    CHECK(peer.answer(role_request, "00000000 00000000 0000000000000000") ==
          "0000000100000000"
          "ffffffffffffffff");
    CHECK(peer.answer(role_request, "00000004 00000000 0000000000000000") == "error 000b 0002");
    CHECK(peer.answer(role_request, "00000001 00000000") == "error 0001 0006");
    CHECK(peer.answer(experimenter, "00002320 0000000a 00000003") == "error 000b 0002");
    CHECK(peer.answer(experimenter, "00002320 0000000a 00000002") ==
          "00002320"
          "0000000b"
          "00000002");
    CHECK(peer.connection.session().role == Role::slave);
    CHECK(Peer(world.controllers, Version::v1_1)
              .answer(role_request, "00000000 00000000 0000000000000000") == "error 0001 0001");
}

TEST_CASE("what a peer wants to hear of is set and told") {
    World world;
    Peer masks(world.controllers, Version::v1_3);
    const std::string wanted = "000000020000000000000001000000020000000400000008";
    CHECK(masks.answer(set_async, wanted).empty());
    CHECK(masks.answer(get_async_request) == wanted);
    Peer properties(world.controllers, Version::v1_5);
    CHECK(properties.answer(set_async, "0001000800000010").empty());
    CHECK(properties.answer(get_async_request).substr(16, 16) == "0001000800000010");
    CHECK(properties.answer(set_async, "000100080000007f") == "error 000f 0000");
    CHECK(Peer(world.controllers, Version::v1_2).answer(get_async_request) == "error 0001 0001");
}

TEST_CASE("who asks to hear of something is told of it from then on") {
    World world;
    for (const auto version : every_version) {
        Peer peer(world.controllers, version);
        world.controllers.port_changed(PortChange::added, world.target.ports()[0]);
        CHECK(peer.take().empty());
        CHECK(peer.answer(experimenter,
                          "00002320 00000013"
                          "00000000 00000000 00000001 00000000"
                          "00000000 00000000")
                  .empty());
        CHECK(peer.connection.session().miss_send_len == miss_send_len_default);
        world.controllers.port_changed(PortChange::added, world.target.ports()[0]);
        world.controllers.port_changed(PortChange::removed, world.target.ports()[0]);
        CHECK(peer.take().size() == 1);
    }
}

TEST_CASE("Nicira's second way to say it is for versions that have no own") {
    World world;
    Peer old(world.controllers, Version::v1_3);
    CHECK(old.answer(experimenter, "00002320 0000001b 0001000800000004").empty());
    CHECK(old.answer(get_async_request).substr(0, 8) == "00000004");
    CHECK(Peer(world.controllers, Version::v1_4)
              .answer(experimenter, "00002320 0000001b 0001000800000004") == "error 0001 0004");
}

TEST_CASE("packet-ins come in the form that was asked for") {
    World world;
    Peer peer(world.controllers, Version::v1_3, {.primary = true});
    PacketInRequest request;
    request.pipeline.set(field::in_port, 1);
    const auto told = [&](const std::string& format) {
        CHECK(peer.answer(experimenter, "00002320 00000010" + format).empty());
        world.controllers.packet_in(request, std::vector<std::byte>(60));
        const auto messages = peer.take();
        REQUIRE(messages.size() == 1);
        return messages[0];
    };
    CHECK(told("00000000").header.type == 10);
    CHECK(told("00000001").body.substr(0, 16) ==
          "00002320"
          "00000011");
    CHECK(told("00000002").body.substr(0, 16) ==
          "00002320"
          "0000001e");
    CHECK(peer.answer(experimenter, "00002320 00000010 00000003") == "error 0001 0005");
    CHECK(peer.answer(experimenter, "00002320 00000010 00") == "error 0001 0006");
}

TEST_CASE("formats of flows are for 1.0") {
    World world;
    Peer old(world.controllers, Version::v1_0);
    CHECK(old.answer(experimenter, "00002320 0000000c 00000002").empty());
    CHECK(old.connection.session().nicira_flows);
    CHECK(old.answer(experimenter, "00002320 0000000c 00000000").empty());
    CHECK_FALSE(old.connection.session().nicira_flows);
    CHECK(old.answer(experimenter, "00002320 0000000c 00000001") == "error 0001 0005");
    CHECK(
        Peer(world.controllers, Version::v1_3).answer(experimenter, "00002320 0000000c 00000002") ==
        "error 0001 0004");
}

TEST_CASE("a controller's id has zeros in front") {
    World world;
    Peer peer(world.controllers, Version::v1_2);
    CHECK(peer.answer(experimenter, "00002320 00000014 000000000000 0102").empty());
    CHECK(peer.connection.session().controller_id == 0x102);
    CHECK(peer.answer(experimenter, "00002320 00000014 000000000001 0102") == "error ffff 0004");
    CHECK(peer.answer(experimenter, "00002320 00000014 0000") == "error 0001 0006");
}
