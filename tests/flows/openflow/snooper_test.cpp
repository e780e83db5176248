#include "flows/openflow/snooper.h"

#include "tests/flows/openflow/peer.h"
#include "tests/support/catch.h"

using namespace switchd;
using namespace switchd::test;
using namespace switchd::openflow;
using enum MessageType;

namespace {

constexpr Connection::Settings controller{.primary = true};

std::vector<Message> heard(Snooper& snooper) {
    const auto pending = snooper.pending();
    auto messages = split({reinterpret_cast<const std::uint8_t*>(pending.data()), pending.size()});
    snooper.consume(pending.size());
    return messages;
}

}  // namespace

TEST_CASE("a snooper hears both sides of the best controller's connection") {
    World world;
    Peer other(world.controllers, Version::v1_3, controller);
    Peer master(world.controllers, Version::v1_3, controller);
    Peer tool(world.controllers, Version::v1_3);
    master.answer(role_request, "00000002 00000000 0000000000000001");

    Snooper snooper(world.controllers);
    REQUIRE_FALSE(snooper.closed());
    CHECK(heard(snooper).at(0).header.type == 0);
    other.answer(echo_request, "01");
    tool.answer(echo_request, "02");
    CHECK(heard(snooper).empty());
    master.answer(echo_request, "03");
    world.controllers.port_changed(PortChange::added, world.target.ports()[0]);
    const auto messages = heard(snooper);
    REQUIRE(messages.size() == 3);
    CHECK(messages[0].header.type == 2);
    CHECK(messages[0].body == "03");
    CHECK(messages[1].header.type == 3);
    CHECK(messages[2].header.type == 12);
}

TEST_CASE("without a controller there is nothing to listen to") {
    World world;
    Peer tool(world.controllers, Version::v1_3);
    Snooper snooper(world.controllers);
    CHECK(snooper.closed());
    CHECK(snooper.pending().empty());
}

TEST_CASE("a snooper ends with the connection that it follows") {
    World world;
    Peer other(world.controllers, Version::v1_3, controller);
    auto peer = std::make_unique<Peer>(world.controllers, Version::v1_3, controller);
    peer->answer(role_request, "00000002 00000000 0000000000000001");
    Snooper snooper(world.controllers);
    CHECK_FALSE(snooper.closed());
    peer.reset();
    CHECK(snooper.closed());
}

TEST_CASE("a snooper that does not read holds little") {
    World world;
    Peer peer(world.controllers, Version::v1_3, controller);
    Snooper snooper(world.controllers);
    const std::string long_body(2 * 60'000, '0');
    for (int i = 0; i < 100; ++i) peer.answer(echo_request, long_body);
    CHECK(snooper.pending().size() <= Snooper::output_bytes_max);
    CHECK(heard(snooper).size() > 10);
}
