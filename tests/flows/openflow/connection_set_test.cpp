#include "flows/openflow/connection_set.h"

#include "tests/flows/openflow/peer.h"
#include "tests/flows/rules.h"
#include "tests/support/catch.h"

using namespace switchd;
using namespace switchd::test;
using namespace switchd::openflow;
using enum MessageType;

namespace {

constexpr Connection::Settings controller{.primary = true};

PacketInRequest punt(PacketInReason reason, std::uint16_t controller_id = 0) {
    PacketInRequest request;
    request.reason = reason;
    request.controller_id = controller_id;
    request.pipeline.set(field::in_port, 1);
    return request;
}

const std::vector<std::byte> frame(60);

std::size_t count(const std::vector<Message>& messages, std::uint8_t type) {
    std::size_t found = 0;
    for (const auto& message : messages) found += message.header.type == type;
    return found;
}

std::string role_request_of(unsigned role, unsigned generation) {
    return "0000000" + std::to_string(role) + "00000000" + "000000000000000" +
           std::to_string(generation);
}

void add_and_remove_rule(FakeSwitch& target) {
    FlowMod add = add_mod({}, 7, output(2), 4);
    add.flags = rule_flag::send_flow_removed;
    add.new_cookie = 0x77;
    REQUIRE(target.tables().apply(add, target.now()));
    REQUIRE(target.tables().apply(remove_mod(), target.now()));
}

}  // namespace

TEST_CASE("controllers hear of ports, packets and rules, tools do not until they ask") {
    World world;
    Peer first(world.controllers, Version::v1_3, controller);
    Peer second(world.controllers, Version::v1_0, controller);
    Peer tool(world.controllers, Version::v1_3);
    const auto happen = [&] {
        world.controllers.port_changed(PortChange::removed, world.target.ports()[1]);
        world.controllers.packet_in(punt(PacketInReason::action), frame);
        add_and_remove_rule(world.target);
    };
    happen();
    for (Peer* peer : {&first, &second}) {
        const auto messages = peer->take();
        REQUIRE(messages.size() == 3);
        CHECK(messages[0].header.type == 12);
        CHECK(messages[0].body.substr(0, 16) == "0100000000000000");
        CHECK(messages[1].header.type == 10);
        CHECK(messages[2].header.type == 11);
    }
    CHECK(tool.take().empty());

    tool.send(set_config, 1, "00000080");
    happen();
    CHECK(tool.take().size() == 3);
}

TEST_CASE("rules that nobody wants to hear of are removed in silence") {
    World world;
    Peer peer(world.controllers, Version::v1_3, controller);
    REQUIRE(world.target.tables().apply(add_mod({}, 7, output(2)), world.target.now()));
    REQUIRE(world.target.tables().apply(remove_mod(), world.target.now()));
    CHECK(peer.take().empty());
}

TEST_CASE("a peer of 1.0 that asked for Nicira's flows hears of their end so, too") {
    World world;
    Peer peer(world.controllers, Version::v1_0, controller);
    peer.send(experimenter, 1, "00002320 0000000c 00000002");
    add_and_remove_rule(world.target);
    const auto messages = peer.take();
    REQUIRE(messages.size() == 1);
    CHECK(messages[0].header.type == 4);
    CHECK(messages[0].body.substr(0, 16) == "000023200000000e");
}

TEST_CASE("packets go to the controllers with the id that was asked for") {
    World world;
    Peer zero(world.controllers, Version::v1_3, controller);
    Peer seven(world.controllers, Version::v1_3, controller);
    seven.send(experimenter, 1, "00002320 00000014 000000000000 0007");
    world.controllers.packet_in(punt(PacketInReason::action, 7), frame);
    world.controllers.packet_in(punt(PacketInReason::action, 8), frame);
    CHECK(zero.take().empty());
    CHECK(seven.take().size() == 1);
}

TEST_CASE("misses without a rule are told before 1.3 only") {
    World world;
    CHECK_FALSE(world.controllers.wants_table_miss());
    Peer newer(world.controllers, Version::v1_3, controller);
    CHECK_FALSE(world.controllers.wants_table_miss());
    {
        Peer older(world.controllers, Version::v1_2, controller);
        CHECK(world.controllers.wants_table_miss());
        world.controllers.packet_in(punt(PacketInReason::implicit_miss), frame);
        CHECK(older.take().size() == 1);
        older.send(experimenter, 1, "00002320 00000014 000000000000 0007");
        CHECK_FALSE(world.controllers.wants_table_miss());
        older.send(experimenter, 1, "00002320 00000014 000000000000 0000");
        CHECK(world.controllers.wants_table_miss());
    }
    CHECK_FALSE(world.controllers.wants_table_miss());
    CHECK(newer.take().empty());
    CHECK(world.target.changes == 4);
}

TEST_CASE("packets whose hops have run out are wanted by those who say so") {
    World world;
    Peer old(world.controllers, Version::v1_0, controller);
    Peer newer(world.controllers, Version::v1_3, controller);
    CHECK_FALSE(world.controllers.wants_invalid_ttl());
    old.send(set_config, 1, "00040080");
    CHECK(world.controllers.wants_invalid_ttl());
    old.send(set_config, 1, "00000080");
    CHECK_FALSE(world.controllers.wants_invalid_ttl());
    newer.send(set_async, 1, "00000007 00000000 00000007 00000007 0000000f 00000000");
    CHECK(world.controllers.wants_invalid_ttl());
    world.controllers.packet_in(punt(PacketInReason::invalid_ttl), frame);
    CHECK(old.take().empty());
    CHECK(newer.take().size() == 1);
}

TEST_CASE("there is one master, and who was it before becomes a slave") {
    World world;
    Peer first(world.controllers, Version::v1_3, controller);
    Peer second(world.controllers, Version::v1_4, controller);
    Peer third(world.controllers, Version::v1_0, controller);
    second.send(set_async, 1, "0007000800000001");
    CHECK(second.answer(role_request, role_request_of(2, 5)) ==
          "0000000200000000"
          "0000000000000005");
    CHECK(first.answer(role_request, role_request_of(2, 6)) ==
          "0000000200000000"
          "0000000000000006");
    const auto told = second.take();
    REQUIRE(told.size() == 1);
    CHECK(told[0].header.type == 30);
    CHECK(told[0].body ==
          "00000003"
          "00000000"
          "0000000000000006");
    CHECK(second.connection.session().role == Role::slave);
    CHECK(third.connection.session().role == Role::equal);

    CHECK(third.answer(experimenter, "00002320 0000000a 00000001") ==
          "00002320"
          "0000000b"
          "00000001");
    CHECK(first.connection.session().role == Role::slave);
}

TEST_CASE("an election that is older than the last is refused") {
    World world;
    Peer peer(world.controllers, Version::v1_3, controller);
    Peer other(world.controllers, Version::v1_3, controller);
    CHECK(peer.answer(role_request, role_request_of(3, 5)) ==
          "0000000300000000"
          "0000000000000005");
    CHECK(other.answer(role_request, role_request_of(2, 4)) == "error 000b 0000");
    CHECK(other.connection.session().role == Role::equal);
    CHECK(other.answer(role_request, "00000002 00000000 8000000000000004") ==
          "0000000200000000"
          "8000000000000004");
    CHECK(other.answer(role_request, role_request_of(2, 5)) == "error 000b 0000");
    CHECK(peer.answer(role_request, role_request_of(1, 0)) ==
          "0000000100000000"
          "8000000000000004");
}

TEST_CASE("a slave may ask but not change, and hears of ports") {
    World world;
    Peer peer(world.controllers, Version::v1_3, controller);
    peer.answer(role_request, role_request_of(3, 1));
    CHECK(peer.answer(flow_mod) == "error 0001 000a");
    CHECK(peer.answer(packet_out) == "error 0001 000a");
    CHECK(peer.answer(port_mod) == "error 0001 000a");
    CHECK(peer.answer(experimenter, "00002320 0000000d") == "error 0001 000a");
    CHECK(peer.answer(echo_request, "01") == "01");
    world.controllers.packet_in(punt(PacketInReason::action), frame);
    CHECK(peer.take().empty());
    world.controllers.port_changed(PortChange::added, world.target.ports()[0]);
    CHECK(count(peer.take(), 12) == 1);
}

TEST_CASE("who changes a port hears of it from 1.5 on, all others always") {
    World world;
    world.target.port_configured = [&](const PortDescription& port) {
        world.controllers.port_changed(PortChange::modified, port);
    };
    Peer author(world.controllers, Version::v1_4, controller);
    Peer other(world.controllers, Version::v1_0, controller);
    Peer newest(world.controllers, Version::v1_5, controller);
    const std::string port_1 = "00000001 00000000 020000000001 0000";
    author.send(port_mod, 7, port_1 + "00000041 00000041 0000 0008 00000000");
    CHECK(count(author.take(), 12) == 0);
    CHECK(count(other.take(), 12) == 1);
    CHECK(count(newest.take(), 12) == 1);
    newest.send(port_mod, 7, port_1 + "00000000 00000041 0000 0008 00000000");
    CHECK(count(author.take(), 12) == 1);
    CHECK(count(other.take(), 12) == 1);
    CHECK(count(newest.take(), 12) == 1);
}

TEST_CASE("a connection that is over wants nothing any more") {
    World world;
    Peer peer(world.controllers, Version::v1_0, controller);
    CHECK(world.controllers.wants_table_miss());
    peer.connection.receive(as_input(from_hex("0112 0007 00000001")));
    CHECK(peer.connection.closed());
    CHECK_FALSE(world.controllers.wants_table_miss());
}

TEST_CASE("what is left to do is known, also when no more is said") {
    World world;
    Peer peer(world.controllers, Version::v1_0, controller);
    CHECK_FALSE(peer.connection.has_requests());
    peer.connection.receive(as_input(from_hex("0102 0008")));
    CHECK_FALSE(peer.connection.has_requests());
    world.target.work_takes = std::chrono::seconds{1};
    const Bytes echoes = from_hex("00000001 01020008 00000002 01020008 00000003");
    peer.connection.receive(as_input(echoes));
    CHECK(peer.connection.has_requests());
    world.target.next_turn();
    world.target.work_takes = {};
    for (int i = 0; i < 10; ++i) {
        world.target.clock.advance(std::chrono::seconds{10});
        peer.connection.go_on();
    }
    CHECK(count(peer.take(), 3) == 3);
    CHECK_FALSE(peer.connection.has_requests());
}

TEST_CASE("a connection that has gone is told nothing") {
    World world;
    { Peer peer(world.controllers, Version::v1_3, controller); }
    world.controllers.port_changed(PortChange::added, world.target.ports()[0]);
    world.controllers.packet_in(punt(PacketInReason::action), frame);
    add_and_remove_rule(world.target);
}

TEST_CASE("what waits for all of them together has a bound, and the longest go first") {
    World world;
    Peer reader(world.controllers, Version::v1_3, controller);
    std::vector<std::unique_ptr<Peer>> deaf;
    for (int i = 0; i < 8; ++i)
        deaf.push_back(std::make_unique<Peer>(world.controllers, Version::v1_0, controller));
    const auto waiting = [&] {
        std::size_t sum = reader.connection.pending().size();
        for (const auto& peer : deaf) sum += peer->connection.pending().size();
        return sum;
    };
    const auto closed = [&] {
        return std::ranges::count_if(deaf,
                                     [](const auto& peer) { return peer->connection.closed(); });
    };
    std::size_t most = 0;
    const auto happen = [&](int times) {
        for (int i = 0; i < times; ++i) {
            world.controllers.port_changed(PortChange::modified, world.target.ports()[0]);
            if (i % 100 == 0) most = std::max(most, waiting());
            if (i % 100 == 0) reader.take();
        }
    };
    // 8 MiB for each of 8 that read nothing, in messages of 64 bytes.
    happen(130'000);
    CHECK(closed() == 0);
    happen(5'000);
    CHECK(closed() > 0);
    CHECK(closed() < 8);
    CHECK_FALSE(reader.connection.closed());
    CHECK(most < ConnectionSet::news_bytes_max + (1 << 20));
    for (const auto& peer : deaf)
        CHECK((peer->connection.pending().empty() || !peer->connection.closed()));
}
