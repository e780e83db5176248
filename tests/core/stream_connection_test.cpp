#include "switchd/core/stream_connection.h"

#include <memory>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/loop.h"
#include "tests/support/sockets.h"

using namespace switchd;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t output_bytes_max = 1 << 20;

class Peer final : public StreamConnection {
public:
    Peer(Reactor& reactor, Fd input, Fd output = {})
        : StreamConnection(reactor, std::move(input), std::move(output), output_bytes_max) {}

    std::string heard;
    int endings = 0;
    bool overflow = false;
    bool echo = false;

private:
    void received(std::span<const std::byte> bytes) noexcept override {
        const std::string_view text{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
        heard += text;
        if (echo) write(text);
    }
    void ended(bool overflowed) noexcept override {
        ++endings;
        overflow = overflowed;
    }
};

// A connection, the other end of it in the test's hands, and an end in good order.
struct Line {
    Line() {
        auto [ours, theirs] = socket_pair(SOCK_STREAM);
        client = std::move(theirs);
        connection = std::make_unique<Peer>(loop.reactor, std::move(ours));
        connection->start();
    }
    ~Line() {
        connection->close();
        loop.reactor.retire(std::move(connection));
    }

    void say(std::string_view text) {
        REQUIRE(::send(client.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
                static_cast<ssize_t>(text.size()));
    }
    // Reads what is there; false at the end of the stream.
    bool listen() {
        std::array<std::byte, 4096> bytes{};
        for (;;) {
            const ssize_t got = receive_now(client, bytes);
            if (got == 0) return false;
            if (got < 0) return true;
            told.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(got));
        }
    }

    Loop loop;
    Fd client;
    std::unique_ptr<Peer> connection;
    std::string told;
};

std::string numbered(std::size_t bytes) {
    std::string text;
    for (int i = 0; text.size() < bytes; ++i) text += std::to_string(i) + " ";
    text.resize(bytes);
    return text;
}

}  // namespace

TEST_CASE("what a peer says is heard and what is written reaches it", "[stream_connection]") {
    Line line;
    line.connection->echo = true;
    line.say("one ");
    REQUIRE(line.loop.until([&] { return line.connection->heard == "one "; }));
    line.say("two");
    REQUIRE(line.loop.until([&] { return line.connection->heard == "one two"; }));
    REQUIRE(line.loop.until_seen([&] { return line.listen() && line.told == "one two"; }));
    CHECK(line.connection->pending_bytes() == 0);
    CHECK(line.connection->endings == 0);
}

TEST_CASE("a slow reader gets everything in order", "[stream_connection]") {
    Line line;
    const std::string text = numbered(900'000);  // more than a socket's buffer holds
    for (std::size_t at = 0; at < text.size(); at += 777)
        line.connection->write(std::string_view{text}.substr(at, 777));
    line.loop.turns(3);
    CHECK(line.connection->pending_bytes() > 0);
    REQUIRE(line.loop.until_seen([&] {
        line.listen();
        return line.told.size() == text.size();
    }));
    CHECK(line.told == text);
    CHECK(line.connection->pending_bytes() == 0);
}

TEST_CASE("a reader that lets the bound overflow is cut off, once", "[stream_connection]") {
    Line line;
    const std::string text(64 * 1024, 'x');
    for (int i = 0; i < 40; ++i) {
        line.connection->write(text);
        line.loop.turn();
        CHECK(line.connection->pending_bytes() <= output_bytes_max);
    }
    CHECK(line.connection->endings == 1);
    CHECK(line.connection->overflow);
}

TEST_CASE("one write of more than the bound is cut off as well", "[stream_connection]") {
    Line line;
    line.connection->write(std::string(output_bytes_max + 1, 'x'));
    CHECK(line.connection->endings == 1);
    CHECK(line.connection->overflow);
}

TEST_CASE("finish sends what is queued, then ends", "[stream_connection]") {
    Line line;
    const std::string text = numbered(900'000);
    line.connection->write(text);
    line.connection->finish();
    line.loop.turns(2);
    CHECK(line.connection->endings == 0);
    REQUIRE(line.loop.until_seen([&] {
        line.listen();
        return line.connection->endings == 1;
    }));
    line.listen();
    CHECK(line.told == text);
    CHECK_FALSE(line.connection->overflow);
}

TEST_CASE("finish with nothing queued ends at once and input is no longer heard",
          "[stream_connection]") {
    Line line;
    line.loop.turn();
    line.connection->finish();
    CHECK(line.connection->endings == 1);
    line.say("late");
    line.loop.turns(3);
    CHECK(line.connection->heard.empty());
    CHECK(line.connection->endings == 1);
}

TEST_CASE("a peer that hangs up ends the connection once", "[stream_connection]") {
    Line line;
    line.say("bye");
    line.client.reset();
    REQUIRE(line.loop.until([&] { return line.connection->endings == 1; }));
    CHECK(line.connection->heard == "bye");
    CHECK_FALSE(line.connection->overflow);
    line.connection->write("to nobody");
    line.loop.turns(2);
    CHECK(line.connection->endings == 1);
}

TEST_CASE("a peer that hangs up without reading ends the connection", "[stream_connection]") {
    Line line;
    line.connection->write(std::string(900'000, 'x'));
    line.loop.turns(2);
    line.client.reset();
    REQUIRE(line.loop.until([&] { return line.connection->endings == 1; }));
    CHECK_FALSE(line.connection->overflow);
}

TEST_CASE("a peer that has said all it wants to say still gets its answers",
          "[stream_connection]") {
    Line line;
    const std::string text = numbered(900'000);
    line.connection->write(text);
    line.say("last words");
    REQUIRE(::shutdown(line.client.get(), SHUT_WR) == 0);
    REQUIRE(line.loop.until_seen([&] { return line.connection->heard == "last words"; }));
    line.loop.turns(3);
    CHECK(line.connection->endings == 0);
    CHECK(line.loop.wake_ups(20ms) < 3);
    REQUIRE(line.loop.until_seen([&] {
        line.listen();
        return line.connection->endings == 1;
    }));
    line.listen();
    CHECK(line.told == text);
}

TEST_CASE("after close nothing is heard, written or ended", "[stream_connection]") {
    Line line;
    line.connection->close();
    line.connection->write("nothing");
    line.say("hello");
    line.client.reset();
    REQUIRE(line.loop.until([&] { return line.connection->idle(); }));
    CHECK(line.connection->heard.empty());
    CHECK(line.connection->endings == 0);
}

TEST_CASE("input and output may be different descriptors", "[stream_connection]") {
    Loop loop;
    auto [in, in_peer] = socket_pair(SOCK_STREAM);
    auto [out, out_peer] = socket_pair(SOCK_STREAM);
    auto connection = std::make_unique<Peer>(loop.reactor, std::move(in), std::move(out));
    connection->echo = true;
    connection->start();
    REQUIRE(::send(in_peer.get(), "echo", 4, 0) == 4);
    std::array<std::byte, 16> bytes{};
    REQUIRE(loop.until_seen([&] { return receive_now(out_peer, bytes) == 4; }));
    CHECK(receive_now(in_peer, bytes) < 0);
    connection->close();
    loop.reactor.retire(std::move(connection));
}
