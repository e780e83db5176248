#include "tests/flows/openflow/peer.h"
#include "tests/support/catch.h"

using namespace switchd;
using namespace switchd::test;
using namespace switchd::openflow;
using enum MessageType;

TEST_CASE("a barrier is answered, an echo is repeated") {
    World world;
    for (const Version version : every_version) {
        Peer peer(world.controllers, version);
        const auto reply = peer.ask(barrier_request);
        REQUIRE(reply.size() == 1);
        CHECK(reply[0].header.type == message_number(version, barrier_reply));
        CHECK(peer.answer(barrier_request, "00") == "error 0001 0006");
        CHECK(peer.answer(echo_request, "0123456789") == "0123456789");
        CHECK(peer.ask(echo_reply).empty());
    }
}

TEST_CASE("messages that only switches send are refused") {
    World world;
    Peer peer(world.controllers, Version::v1_4);
    for (const MessageType type : {features_reply, packet_in, port_status, role_status})
        CHECK(peer.answer(type) == "error 0001 0001");
}

TEST_CASE("there are no groups, meters and bundles, and none can be made") {
    World world;
    Peer peer(world.controllers, Version::v1_4);
    CHECK(peer.answer(group_mod, "0000 00 00 00000001") == "error 0006 0003");
    CHECK(peer.answer(group_mod, "0001 00 00 00000001") == "error 0006 0008");
    CHECK(peer.answer(group_mod, "0002 00 00 fffffffc").empty());
    CHECK(peer.answer(group_mod, "0009 00 00 00000001") == "error 0006 000b");
    CHECK(peer.answer(meter_mod, "0000 0001 00000001") == "error 000c 000a");
    CHECK(peer.answer(meter_mod, "0002 0000 ffffffff").empty());
    CHECK(peer.answer(bundle_control, "00000000 0000 0003") == "error 0001 0001");
    CHECK(peer.answer(multipart_request, "0006 0000 00000000") == "error 0001 0002");
    CHECK(peer.answer(group_mod, "0003 00 00 00000001") == "error 0006 000b");
    Peer later(world.controllers, Version::v1_5);
    CHECK(later.answer(group_mod, "0003 00 00 00000001") == "error 0006 0008");
    CHECK(later.answer(group_mod, "0005 00 00 00000001") == "error 0006 0008");
}

TEST_CASE("a packet is sent with its actions") {
    World world;
    Peer peer(world.controllers, Version::v1_0);
    CHECK(peer.answer(packet_out,
                      "ffffffff 0001 0008 0000 0008 0002 0000"
                      "ffffffffffff 020000000001 88b5")
              .empty());
    REQUIRE(world.target.sent.size() == 1);
    CHECK(world.target.sent[0].pipeline.in_port() == 1);
    CHECK(world.target.sent[0].actions == RuleActions{rule_action::Output{2}});
    CHECK(world.target.sent[0].packet.size() == 14);
    CHECK(peer.answer(packet_out, "00000001 0001 0000") == "error 0001 0008");
    CHECK(world.target.sent.size() == 1);
}

TEST_CASE("an experimenter is known or not, and so are its messages") {
    World world;
    Peer peer(world.controllers, Version::v1_3);
    CHECK(peer.answer(experimenter, "00002320") == "error 0001 0006");
    CHECK(peer.answer(experimenter, "00002321 00000001") == "error 0001 0003");
    CHECK(peer.answer(experimenter, "4f4e4600 000008fc") == "error 0001 0004");
    CHECK(peer.answer(experimenter, "00002320 000000ff") == "error 0001 0004");
    CHECK(peer.answer(experimenter, "00002320 0000001c") == "error ffff 0022");
    CHECK(peer.answer(experimenter, "00002320 00000012").empty());
}

TEST_CASE("statistics that there are not are refused") {
    World world;
    Peer old(world.controllers, Version::v1_0);
    CHECK(old.answer(multipart_request, "0020 0000") == "error 0001 0002");
    CHECK(old.answer(multipart_request, "ffff 0000 00002321 00000000") == "error 0001 0003");
    CHECK(old.answer(multipart_request, "ffff 0000 00002320 00000009") == "error 0001 0004");
    CHECK(old.answer(multipart_request, "ffff 0000 00002320") == "error 0001 0006");
    CHECK(old.answer(multipart_request, "0000") == "error 0001 0006");
    // IPFIX, which nobody has configured.
    CHECK(old.answer(multipart_request, "ffff 0000 00002320 00000003 00000000") ==
          "error b0c2 0000");
    Peer newer(world.controllers, Version::v1_3);
    CHECK(newer.answer(multipart_request, "ffff 0000 00000000 00002320 00000000 00000000") ==
          "error 0001 0004");
    CHECK(newer.answer(multipart_request, "ffff 0000 00000000 00002320 00000004 00000000") ==
          "error ffff 0024");
    CHECK(newer.answer(multipart_request, "0003 0001 00000000") == "error 0001 000d");
}

TEST_CASE("the switch says what it is") {
    World world;
    Peer peer(world.controllers, Version::v1_3);
    const std::string text = peer.answer(multipart_request, "0000 0000 00000000");
    CHECK(text.size() == 16 + 2 * 1056);
    CHECK(text.substr(16, 16) == "7377697463686400");
    CHECK(text.find("6120627269646765206f6620746573747300") == 16 + 2 * 800);
    CHECK(peer.answer(multipart_request, "0000 0000 00000000 00") == "error 0001 0006");
}
