#include "tests/flows/openflow/peer.h"
#include "tests/support/catch.h"

using namespace switchd;
using namespace switchd::test;
using namespace switchd::openflow;
using enum MessageType;

namespace {

// Headers of a statistics request for ports, in 1.0 and later.
const std::string stats_1_0 = "0004 0000";
const std::string stats_1_1 = "0004 0000 00000000";

}  // namespace

TEST_CASE("counters of one port or of all are told") {
    World world;
    Peer old(world.controllers, Version::v1_0);
    CHECK(old.answer(multipart_request, stats_1_0 + "0001 000000000000").size() == 8 + 2 * 104);
    CHECK(old.answer(multipart_request, stats_1_0 + "ffff 000000000000").size() == 8 + 6 * 104);
    CHECK(old.answer(multipart_request, stats_1_0 + "0009 000000000000") == "00040000");
    Peer newer(world.controllers, Version::v1_3);
    CHECK(newer.answer(multipart_request, stats_1_1 + "fffffffe 00000000").size() == 16 + 2 * 112);
    CHECK(newer.answer(multipart_request, stats_1_1 + "ffffffff 00000000").size() == 16 + 6 * 112);
    CHECK(newer.answer(multipart_request, stats_1_1 + "ffffffff") == "error 0001 0006");
    CHECK(newer.answer(multipart_request, stats_1_1 + "0000ffff 00000000") == "error 0002 0004");
}

TEST_CASE("ports are described, in 1.5 also one of them") {
    World world;
    const std::string all = "000d 0000 00000000";
    CHECK(Peer(world.controllers, Version::v1_0).answer(multipart_request, "000d 0000").size() ==
          8 + 6 * 48);
    CHECK(Peer(world.controllers, Version::v1_3).answer(multipart_request, all).size() ==
          16 + 6 * 64);
    Peer peer(world.controllers, Version::v1_5);
    CHECK(peer.answer(multipart_request, all) == "error 0001 0006");
    CHECK(peer.answer(multipart_request, all + "ffffffff 00000000").size() == 16 + 6 * 72);
    CHECK(peer.answer(multipart_request, all + "00000002 00000000").size() == 16 + 2 * 72);
    CHECK(peer.answer(multipart_request, all + "00000009 00000000") == "000d000000000000");
}

TEST_CASE("a port mod changes the bits that its mask names") {
    World world;
    Peer peer(world.controllers, Version::v1_3);
    const auto change = [&](const std::string& port, const std::string& mac,
                            const std::string& config, const std::string& mask) {
        return peer.answer(port_mod,
                           port + "00000000" + mac + "0000" + config + mask + "0000000000000000");
    };
    CHECK(change("00000001", "020000000001", "00000041", "00000041").empty());
    CHECK(world.target.ports()[0].config == (port_config::down | port_config::no_packet_in));
    CHECK(change("00000001", "020000000001", "00000000", "00000001").empty());
    CHECK(world.target.ports()[0].config == port_config::no_packet_in);
    CHECK(change("00000001", "020000000009", "00000000", "00000001") == "error 0007 0001");
    CHECK(change("00000009", "020000000009", "00000000", "00000001") == "error 0007 0000");

    Peer old(world.controllers, Version::v1_0);
    CHECK(old.answer(port_mod, "0009 020000000009 00000000 00000001 00000000 00000000") ==
          "error 0004 0000");
}
