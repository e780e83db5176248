#include "flows/openflow/connection.h"

#include "tests/flows/openflow/peer.h"
#include "tests/flows/rules.h"
#include "tests/support/catch.h"

using namespace switchd;
using namespace switchd::test;
using namespace switchd::openflow;
using enum MessageType;
using std::chrono::milliseconds;

namespace {

// A thousand rules for each of these tables.
void fill(FakeSwitch& target, unsigned tables) {
    for (unsigned table = 0; table < tables; ++table) {
        for (std::uint32_t port = 0; port < 1000; ++port) {
            Match match;
            match.key.set(field::in_port, port);
            match.mask.fold(field::in_port);
            REQUIRE(target.tables().apply(
                add_mod(match, 5, output(2), static_cast<std::uint8_t>(table)), target.now()));
        }
    }
}

const std::string every_flow =
    "00010000 00000000 ff000000 ffffffff ffffffff 00000000"
    "0000000000000000 0000000000000000 0001000400000000";

struct Listener final : OutputListener {
    void output_ready() noexcept override { ++told; }
    void work_left() noexcept override { ++unfinished; }
    int told = 0;
    int unfinished = 0;
};

PacketInRequest punt(PortNumber port) {
    PacketInRequest request;
    request.pipeline.set(field::in_port, port);
    return request;
}

}  // namespace

TEST_CASE("a connection begins with a hello and speaks the highest common version") {
    World world;
    for (const Version version : every_version) {
        Peer peer(world.controllers, std::nullopt);
        peer.version = version;
        const auto greeting = peer.take();
        REQUIRE(greeting.size() == 1);
        CHECK(greeting[0].header.version == 6);
        CHECK(greeting[0].header.type == 0);
        CHECK(greeting[0].body.empty());
        peer.send(hello, 1);
        CHECK(peer.connection.session().negotiated);
        CHECK(peer.connection.session().version == version);
        CHECK(peer.answer(echo_request, "cafe") == "cafe");
    }
}

TEST_CASE("peers without a common version are told so and left") {
    World world;
    Peer peer(world.controllers, std::nullopt, {.versions = {0b1'0010}});
    peer.version = Version::v1_2;
    CHECK(peer.take().at(0).body == "0001000800000012");
    peer.connection.receive(as_input(from_hex("03000010000000090001000800000008")));
    const auto messages = peer.take();
    REQUIRE(messages.size() == 1);
    CHECK(messages[0].header.version == 4);
    CHECK(messages[0].header.type == 1);
    CHECK(messages[0].header.xid == 9);
    CHECK(messages[0].body.substr(0, 8) == "00000000");
    CHECK(peer.connection.closed());
    CHECK_FALSE(peer.connection.reason().empty());
}

TEST_CASE("who does not begin with a hello is left") {
    World world;
    Peer peer(world.controllers, std::nullopt);
    peer.send(echo_request, 1);
    CHECK(peer.connection.closed());
    CHECK(peer.take().size() == 1);
}

TEST_CASE("a message of another version is an error, unless all versions have it") {
    World world;
    Peer peer(world.controllers, Version::v1_3);
    peer.version = Version::v1_0;
    CHECK(peer.answer(features_request) == "error 0001 0000");
    CHECK(peer.answer(echo_request, "01") == "01");
    peer.send(hello, 1);
    CHECK(peer.take().empty());
    CHECK_FALSE(peer.connection.closed());
}

TEST_CASE("messages may come byte by byte or many at once") {
    World world;
    Peer peer(world.controllers, Version::v1_3);
    Bytes bytes;
    for (std::uint32_t xid = 1; xid <= 50; ++xid) {
        const Bytes message = message_bytes(Version::v1_3, 2, xid, "0102");
        bytes.insert(bytes.end(), message.begin(), message.end());
    }
    peer.connection.receive(as_input(bytes));
    CHECK(peer.take().size() == 50);
    for (const std::uint8_t byte : bytes) peer.connection.receive(as_input({byte}));
    CHECK(peer.take().size() == 50);
}

TEST_CASE("a message shorter than a header ends the connection") {
    World world;
    Peer peer(world.controllers, Version::v1_3);
    peer.connection.receive(as_input(from_hex("0402000700000001")));
    CHECK(peer.connection.closed());
}

TEST_CASE("an error keeps the transaction, echoes the request and comes before the barrier") {
    World world;
    Peer peer(world.controllers, Version::v1_3);
    peer.send(port_mod, 7,
              "00000009 00000000 aa55aa550002 0000 00000001 00000005 00000000 00000000");
    peer.send(barrier_request, 8);
    const auto messages = peer.take();
    REQUIRE(messages.size() == 2);
    CHECK(messages[0].header.type == 1);
    CHECK(messages[0].header.xid == 7);
    CHECK(messages[0].body ==
          "00070000"
          "0410002800000007"
          "0000000900000000aa55aa5500020000"
          "00000001000000050000000000000000");
    CHECK(messages[1].header.type == 21);
    CHECK(messages[1].header.xid == 8);
}

TEST_CASE("silence is asked for a sign of life, and then ends the connection") {
    World world;
    Peer peer(world.controllers, Version::v1_3);
    const TimePoint start = world.target.now();
    CHECK(peer.connection.next_tick() == start + milliseconds{5'000});
    world.target.clock.advance(milliseconds{4'999});
    peer.connection.tick(world.target.now());
    CHECK(peer.take().empty());
    world.target.clock.advance(milliseconds{1});
    peer.connection.tick(world.target.now());
    CHECK(peer.connection.pending().size() == 8);

    SECTION("an answer is one") {
        peer.take();
        peer.send(echo_reply, 0);
        CHECK(peer.connection.next_tick() == start + milliseconds{10'000});
    }
    SECTION("none ends it") {
        world.target.clock.advance(milliseconds{5'000});
        peer.connection.tick(world.target.now());
        CHECK(peer.connection.closed());
        CHECK_FALSE(peer.connection.next_tick());
    }
}

TEST_CASE("whose requests take long is not silent, unless it does not take the answers") {
    World world;
    Peer peer(world.controllers, Version::v1_3);
    const bool takes_answers = GENERATE(true, false);
    if (!takes_answers) {
        fill(world.target, 10);
        peer.send(multipart_request, 1, every_flow);
        REQUIRE(peer.connection.pending().size() >= Connection::output_bytes_max);
    }
    world.target.work_takes = milliseconds{2};  // one request a turn
    while (peer.connection.wants_input()) peer.send(barrier_request, 8);
    for (int i = 0; i < 3; ++i) {
        world.target.clock.advance(milliseconds{5'000});
        peer.connection.tick(world.target.now());
    }
    CHECK(peer.connection.closed() == !takes_answers);
}

TEST_CASE("who says no hello is left") {
    World world;
    Peer peer(world.controllers, std::nullopt);
    world.target.clock.advance(milliseconds{5'000});
    peer.connection.tick(world.target.now());
    CHECK(peer.connection.closed());
}

TEST_CASE("without probes a connection never wakes anybody") {
    World world;
    Peer peer(world.controllers, Version::v1_3, {.probe_interval = Duration::zero()});
    CHECK_FALSE(peer.connection.next_tick());
}

TEST_CASE("a long reply comes in parts that a peer need not take at once") {
    World world;
    fill(world.target, 10);
    Peer peer(world.controllers, Version::v1_3);
    peer.send(multipart_request, 1, every_flow);
    peer.send(barrier_request, 2);
    CHECK(peer.connection.pending().size() >= Connection::output_bytes_max);
    CHECK(peer.connection.pending().size() < Connection::output_bytes_max + message_bytes_max);

    const auto messages = peer.take();
    REQUIRE(messages.size() > 2);
    std::size_t bytes = 0;
    for (std::size_t i = 0; i + 1 < messages.size(); ++i) {
        CHECK(messages[i].header.xid == 1);
        CHECK(messages[i].body.substr(0, 8) == (i + 2 < messages.size() ? "00010001" : "00010000"));
        bytes += messages[i].header.length - 16U;
    }
    CHECK(messages.back().header.type == 21);
    constexpr std::size_t bytes_of_entry = 48 + 16 + 8 + 16;
    CHECK(bytes == 10'000 * bytes_of_entry);
}

TEST_CASE("rules that vanish while a reply is under way are left out") {
    World world;
    fill(world.target, 10);
    Peer peer(world.controllers, Version::v1_3);
    peer.send(multipart_request, 1, every_flow);
    REQUIRE(world.target.tables().apply(remove_mod(), world.target.now()));
    const auto messages = peer.take();
    CHECK(messages.size() < 10);
    CHECK(messages.back().body.substr(0, 8) == "00010000");
}

TEST_CASE("who asks for much and reads nothing holds little") {
    World world;
    fill(world.target, 1);
    Peer peer(world.controllers, Version::v1_3);
    const Bytes request = message_bytes(Version::v1_3, 18, 1, every_flow);
    std::size_t asked = 0;
    for (; peer.connection.wants_input() && asked < 1'000'000; ++asked)
        peer.connection.receive(as_input(request));
    CHECK(peer.connection.pending().size() < Connection::output_bytes_max + message_bytes_max);
    CHECK_FALSE(peer.connection.closed());

    std::size_t last_parts = 0;
    for (const auto& message : peer.take()) last_parts += message.body.substr(0, 8) == "00010000";
    CHECK(last_parts == asked);
}

TEST_CASE("a transport that goes on in spite of it is cut off") {
    World world;
    fill(world.target, 5);
    Peer peer(world.controllers, Version::v1_3);
    const Bytes request = message_bytes(Version::v1_3, 18, 1, every_flow);
    while (!peer.connection.closed()) peer.connection.receive(as_input(request));
    CHECK_FALSE(peer.connection.wants_input());
}

TEST_CASE("packet-ins wait while a peer does not read, a few of each port") {
    World world;
    fill(world.target, 10);
    Peer peer(world.controllers, Version::v1_3, {.primary = true});
    peer.send(multipart_request, 1, every_flow);
    const std::size_t full = peer.connection.pending().size();
    const std::vector<std::byte> frame(60);
    for (int i = 0; i < 200; ++i) world.controllers.packet_in(punt(1), frame);
    world.controllers.packet_in(punt(2), frame);
    CHECK(peer.connection.pending().size() == full);
    CHECK(peer.connection.packet_ins_dropped() == 200 - PacketInQueue::waiting_per_port_max);

    std::size_t packet_ins = 0;
    for (const auto& message : peer.take()) packet_ins += message.header.type == 10;
    CHECK(packet_ins == PacketInQueue::waiting_per_port_max + 1);
}

TEST_CASE("who would miss news is left, and has heard all that came before") {
    World world;
    Listener listener;
    Connection connection(world.controllers, {.primary = true}, &listener);
    connection.receive(as_input(from_hex("0400000800000000")));
    connection.consume(connection.pending().size());
    const PortDescription port = world.target.ports()[0];
    std::size_t told = 0;
    for (; !connection.closed(); ++told) {
        REQUIRE(listener.told == static_cast<int>(told));
        world.controllers.port_changed(PortChange::modified, port);
    }
    CHECK(listener.told == static_cast<int>(told));
    CHECK(connection.pending().size() < Connection::news_bytes_max + message_bytes_max);
    CHECK(connection.pending().size() == (told - 1) * 80);
    CHECK_FALSE(connection.reason().empty());
}

TEST_CASE("requests that take longer than a turn has time for go on in the next") {
    World world;
    Listener listener;
    Connection connection(world.controllers, {}, &listener);
    connection.receive(as_input(from_hex("0400000800000000")));
    connection.consume(connection.pending().size());
    Bytes echoes;
    for (int i = 0; i < 10; ++i) {
        const Bytes one = message_bytes(Version::v1_3, 2, 1, "");
        echoes.insert(echoes.end(), one.begin(), one.end());
    }
    const auto answered = [&] { return connection.pending().size() / header_bytes; };
    world.target.work_takes = RequestTime::per_turn / 10;
    connection.receive(as_input(echoes));
    CHECK(answered() == 3);
    CHECK(listener.unfinished == 1);
    SECTION("what comes and what is sent meanwhile waits behind them") {
        connection.receive(as_input(echoes));
        connection.consume(header_bytes);
        CHECK(answered() == 2);
        CHECK(listener.unfinished == 3);
    }
    SECTION("one is carried out in each turn however late it is") {
        world.target.work_takes = RequestTime::per_turn;
        for (std::size_t turn = 1; turn <= 7; ++turn) {
            world.target.next_turn();
            connection.go_on();
            CHECK(answered() == 3 + turn);
        }
    }
    SECTION("nothing is left to do in the end") {
        for (int turn = 0; listener.unfinished != 0; ++turn) {
            REQUIRE(turn < 10);
            listener.unfinished = 0;
            world.target.next_turn();
            connection.go_on();
        }
        CHECK(answered() == 10);
    }
}

TEST_CASE("no request is carried out while one that took long is paid back") {
    World world;
    Listener listener;
    Connection connection(world.controllers, {}, &listener);
    connection.receive(as_input(from_hex("0400000800000000")));
    connection.consume(connection.pending().size());
    const Bytes echo = message_bytes(Version::v1_3, 2, 1, "");
    const Bytes packet_out = message_bytes(Version::v1_3, 13, 1,
                                           "ffffffff fffffffd 0000 000000000000"
                                           "000000000001 000000000002 88b5");
    world.target.packet_out_takes = 10 * RequestTime::per_turn;
    connection.receive(as_input(packet_out));
    REQUIRE(world.target.sent.size() == 1);
    world.target.next_turn();
    connection.receive(as_input(echo));
    CHECK(connection.pending().empty());
    CHECK(listener.unfinished == 1);
    world.target.clock.advance(10 * RequestTime::per_turn);
    connection.go_on();
    CHECK(connection.pending().size() == header_bytes);
}

TEST_CASE("who carries the bytes is told when some came by themselves") {
    World world;
    Listener listener;
    Connection connection(world.controllers, {.primary = true}, &listener);
    connection.receive(as_input(from_hex("0400000800000000")));
    CHECK(listener.told == 0);
    world.controllers.port_changed(PortChange::added, world.target.ports()[0]);
    CHECK(listener.told == 1);
    world.controllers.packet_in(punt(1), std::vector<std::byte>(60));
    CHECK(listener.told == 2);
}
