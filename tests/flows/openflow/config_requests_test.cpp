#include "tests/flows/openflow/peer.h"
#include "tests/support/catch.h"

using namespace switchd;
using namespace switchd::test;
using namespace switchd::openflow;
using enum MessageType;

TEST_CASE("features name the switch, its tables and, up to 1.2, its ports") {
    World world;
    const std::string begin =
        "0000020000000001"
        "00000000"
        "ff"
        "000000";
    const auto features = [&](Version version) {
        return Peer(world.controllers, version).answer(features_request);
    };
    CHECK(features(Version::v1_0).substr(0, 48) == begin +
                                                       "00000087"
                                                       "00000fff");
    CHECK(features(Version::v1_0).size() == 48 + 3 * 96);
    CHECK(features(Version::v1_1).substr(0, 48) == begin +
                                                       "00000087"
                                                       "00000000");
    CHECK(features(Version::v1_1).size() == 48 + 3 * 128);
    CHECK(features(Version::v1_2).size() == 48 + 3 * 128);
    for (const Version version : {Version::v1_3, Version::v1_4, Version::v1_5})
        CHECK(features(version) == begin +
                                       "00000007"
                                       "00000000");
    CHECK(Peer(world.controllers, Version::v1_3).answer(features_request, "00") ==
          "error 0001 0006");
}

TEST_CASE("only as many ports as fit are among the features") {
    World world;
    world.target.add_ports(2'000);
    Peer peer(world.controllers, Version::v1_0);
    const auto features = peer.answer(features_request);
    CHECK(features.size() > 2 * 65'000);
    CHECK((features.size() - 48) % 96 == 0);
    CHECK(peer.ask(multipart_request, "000d0000").size() == 2);
}

TEST_CASE("a tool begins with a miss length of 0 and a controller with 128") {
    World world;
    CHECK(Peer(world.controllers, Version::v1_3).answer(get_config_request) == "00000000");
    CHECK(Peer(world.controllers, Version::v1_3, {.primary = true}).answer(get_config_request) ==
          "00000080");
}

TEST_CASE("fragments are treated as the last peer that could wanted it") {
    World world;
    Peer peer(world.controllers, Version::v1_0);
    peer.send(set_config, 1, "00010040");
    CHECK(peer.answer(get_config_request) == "00010040");
    CHECK(world.target.fragment_mode() == FragmentMode::drop);
    peer.send(set_config, 1, "00020040");
    CHECK(peer.answer(get_config_request) == "00010040");
    peer.send(set_config, 1, "00030040");
    CHECK(Peer(world.controllers, Version::v1_3).answer(get_config_request) == "00030000");

    peer.answer(experimenter, "00002320 0000000a 00000002");
    peer.send(set_config, 1, "00000020");
    CHECK(peer.answer(get_config_request) == "00030020");
}

TEST_CASE("flags of the configuration that a version does not have are refused") {
    World world;
    Peer old(world.controllers, Version::v1_2);
    CHECK(old.answer(set_config, "00040080").empty());
    CHECK(old.answer(get_config_request) == "00040080");
    CHECK(old.answer(set_config, "00080080") == "error 000a 0000");
    Peer newer(world.controllers, Version::v1_3);
    CHECK(newer.answer(set_config, "00040080") == "error 000a 0000");
    CHECK(newer.answer(get_config_request) == "00000000");
    CHECK(newer.answer(set_config, "000000") == "error 0001 0006");
}
