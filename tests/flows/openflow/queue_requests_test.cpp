#include "tests/flows/openflow/peer.h"
#include "tests/support/catch.h"

using namespace switchd;
using namespace switchd::test;
using namespace switchd::openflow;
using enum MessageType;

TEST_CASE("ports have no queues") {
    World world;
    Peer old(world.controllers, Version::v1_0);
    CHECK(old.answer(queue_get_config_request, "0001 0000") == "0001000000000000");
    CHECK(old.answer(multipart_request, "0005 0000 ffff 0000 ffffffff") == "00050000");
    Peer newer(world.controllers, Version::v1_3);
    CHECK(newer.answer(queue_get_config_request, "00000001 00000000") == "0000000100000000");
    CHECK(newer.answer(queue_get_config_request, "ffffffff 00000000") == "ffffffff00000000");
    CHECK(newer.answer(multipart_request, "0005 0000 00000000 00000001 ffffffff") ==
          "0005000000000000");
    Peer newest(world.controllers, Version::v1_4);
    CHECK(newest.answer(multipart_request, "000f 0000 00000000 ffffffff ffffffff") ==
          "000f000000000000");
}

TEST_CASE("a queue or port that is not there is an error") {
    World world;
    Peer old(world.controllers, Version::v1_0);
    CHECK(old.answer(queue_get_config_request, "0009 0000") == "error 0005 0000");
    CHECK(old.answer(queue_get_config_request, "ffff 0000") == "error 0005 0000");
    CHECK(old.answer(multipart_request, "0005 0000 0001 0000 00000001") == "error 0005 0001");
    Peer newer(world.controllers, Version::v1_4);
    CHECK(newer.answer(multipart_request, "0005 0000 00000000 00000001 00000001") ==
          "error 0009 0001");
    CHECK(newer.answer(multipart_request, "000f 0000 00000000 00000009 ffffffff") ==
          "error 0009 0000");
    CHECK(newer.answer(multipart_request, "0005 0000 00000000 00000001") == "error 0001 0006");
}
