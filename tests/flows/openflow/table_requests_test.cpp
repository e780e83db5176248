#include "tests/flows/openflow/peer.h"
#include "tests/flows/rules.h"
#include "tests/support/catch.h"

using namespace switchd;
using namespace switchd::test;
using namespace switchd::openflow;
using enum MessageType;

TEST_CASE("every table is among the tables' counters") {
    World world;
    REQUIRE(world.target.tables().apply(add_mod({}, 1, output(1), 1), world.target.now()));
    CHECK(Peer(world.controllers, Version::v1_0).answer(multipart_request, "0003 0000").size() ==
          8 + 2 * 64 * table_count);
    const auto stats =
        Peer(world.controllers, Version::v1_3).answer(multipart_request, "0003 0000 00000000");
    CHECK(stats.size() == 16 + 2 * 24 * table_count);
    CHECK(stats.substr(16 + 2 * 24, 16) == "0100000000000001");
    CHECK(
        Peer(world.controllers, Version::v1_3).answer(multipart_request, "0003 0000 00000000 00") ==
        "error 0001 0006");
}

TEST_CASE("features of all tables are told in parts") {
    World world;
    for (const Version version : {Version::v1_3, Version::v1_4, Version::v1_5}) {
        Peer peer(world.controllers, version);
        const auto parts = peer.ask(multipart_request, "000c 0000 00000000");
        REQUIRE(parts.size() > 1);
        CHECK(parts.front().body.substr(0, 8) == "000c0001");  // more follow
        CHECK(parts.back().body.substr(0, 8) == "000c0000");
        CHECK(peer.answer(multipart_request, "000c 0000 00000000 0040") == "error 000d 0005");
    }
    CHECK(Peer(world.controllers, Version::v1_2).answer(multipart_request, "000c 0000 00000000") ==
          "error 0001 0002");
}

TEST_CASE("misses are configured in 1.1 and 1.2") {
    World world;
    Peer peer(world.controllers, Version::v1_2);
    CHECK(peer.answer(table_mod, "0300000000000001").empty());
    CHECK(world.target.tables().state(3).miss == TableMiss::go_on);
    CHECK(peer.answer(table_mod, "ff00000000000002").empty());
    CHECK(world.target.tables().state(0).miss == TableMiss::drop);
    CHECK(world.target.tables().state(254).miss == TableMiss::drop);
    CHECK(Peer(world.controllers, Version::v1_3).answer(table_mod, "0300000000000001") ==
          "error 0008 0001");
}

TEST_CASE("eviction is configured from 1.4 on") {
    World world;
    Peer peer(world.controllers, Version::v1_4);
    CHECK(peer.answer(table_mod, "0300000000000004").empty());
    CHECK(world.target.tables().state(3).evicts);
    CHECK_FALSE(world.target.tables().state(2).evicts);
    const auto described = peer.answer(multipart_request, "000e 0000 00000000");
    CHECK(described.size() == 16 + 2 * 16 * table_count);
    CHECK(described.substr(16 + 3 * 32, 16) == "0010030000000004");
    CHECK(peer.answer(table_mod, "ff00000000000000").empty());
    CHECK_FALSE(world.target.tables().state(3).evicts);
    CHECK(Peer(world.controllers, Version::v1_3).answer(multipart_request, "000e 0000 00000000") ==
          "error 0001 0002");
}
