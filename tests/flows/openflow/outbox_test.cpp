#include "flows/openflow/outbox.h"

#include "tests/flows/openflow/peer.h"
#include "tests/support/catch.h"

using namespace switchd::openflow;
using switchd::test::to_hex;

TEST_CASE("messages wait in their order until they are sent") {
    Outbox out;
    out.message(Version::v1_3, MessageType::echo_request, 1);
    out.message(Version::v1_3, MessageType::echo_reply, 2, [](Writer& writer) { writer.u16(7); });
    CHECK(to_hex(out.pending()) ==
          "0402000800000001"
          "0403000a000000020007");
    out.consume(3);
    CHECK(to_hex(out.pending()) ==
          "0800000001"
          "0403000a000000020007");
    out.consume(15);
    CHECK(out.size() == 0);
    out.message(Version::v1_0, MessageType::barrier_reply, 3);
    CHECK(to_hex(out.pending()) == "0113000800000003");
}

TEST_CASE("a message that is too long is not sent") {
    Outbox out;
    CHECK_FALSE(out.message(Version::v1_3, MessageType::echo_reply, 2,
                            [](Writer& writer) { writer.zeros(65'528); }));
    CHECK(out.size() == 0);
    CHECK(out.message(Version::v1_3, MessageType::echo_reply, 2,
                      [](Writer& writer) { writer.zeros(65'527); }));
    CHECK(out.size() == 65'535);
}

TEST_CASE("who listens along hears every message once, sent or not") {
    Outbox out;
    out.message(Version::v1_3, MessageType::echo_request, 1);
    CHECK(to_hex(out.take_added()) == "0402000800000001");
    CHECK(out.take_added().empty());
    out.message(Version::v1_3, MessageType::echo_request, 2);
    out.consume(8);
    CHECK(to_hex(out.take_added()) == "0402000800000002");
    out.message(Version::v1_3, MessageType::echo_request, 3);
    out.consume(16);
    CHECK(out.take_added().empty());
}
