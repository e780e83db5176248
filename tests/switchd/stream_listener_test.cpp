#include "switchd/stream_listener.h"

#include <sys/stat.h>

#include <fstream>

#include "switchd/core/error.h"
#include "switchd/core/stream_socket.h"
#include "tests/support/catch.h"
#include "tests/support/stream_lab.h"

using namespace switchd;
using namespace switchd::testing;

namespace {

struct Lab {
    std::string path(const std::string& name = "br0.mgmt") { return (directory / name).string(); }

    Loop loop;
    RequestTurns turns{loop.reactor};
    TemporaryDirectory directory;
    Log log{"test"};
    FakeHost host;
};

struct Client {
    Client(Loop& on, const StreamTarget& to) : loop(on), socket(make_stream_socket(to)) {
        const SocketAddress address = address_of(to);
        REQUIRE(::connect(socket.get(), address.get(), address.size) == 0);
    }
    void send(std::string_view text) {
        REQUIRE(::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
                static_cast<ssize_t>(text.size()));
    }
    // So many bytes, or what there was before the end.
    std::string receive(std::size_t size) {
        std::string text;
        std::vector<std::byte> bytes(65536);
        REQUIRE(loop.until_seen([&] {
            const ssize_t got = receive_now(socket, bytes);
            if (got > 0)
                text.append(reinterpret_cast<const char*>(bytes.data()),
                            static_cast<std::size_t>(got));
            return got == 0 || text.size() >= size;
        }));
        return text;
    }

    Loop& loop;
    Fd socket;
};

}  // namespace

TEST_CASE("sessions speak over unix sockets and TCP alike", "[stream_listener]") {
    Lab lab;
    std::string text = GENERATE(as<std::string>{}, "punix:", "ptcp:0:127.0.0.1", "ptcp:0:[::1]");
    if (text == "punix:") text += lab.path();
    INFO(text);
    StreamListener listener{lab.turns, lab.log, target(text), 0600, nullptr, lab.host};
    Client client{lab.loop, listener.target()};
    client.send("hello");
    REQUIRE(lab.loop.until(
        [&] { return !lab.host.sessions.empty() && lab.host.sessions[0]->heard == "hello"; }));
    FakeSession& session = *lab.host.sessions[0];
    session.say("good ");
    session.say("day");
    CHECK(client.receive(8) == "good day");
    CHECK(session.link().peer().starts_with(text.starts_with("ptcp") ? "tcp:" : "unix"));

    client.socket.reset();
    CHECK(lab.loop.until([&] { return lab.host.sessions.empty(); }));
    CHECK(listener.connections() == 0);
    end(lab.loop, listener);
}

TEST_CASE("a session says more than one write holds, to a peer that is slow", "[stream_listener]") {
    Lab lab;
    StreamListener listener{lab.turns, lab.log, target("punix:" + lab.path()),
                            0600,      nullptr, lab.host};
    Client client{lab.loop, listener.target()};
    REQUIRE(lab.loop.until([&] { return !lab.host.sessions.empty(); }));
    std::string text(3 << 20, 'x');
    for (std::size_t i = 0; i < text.size(); i += 4096) text[i] = static_cast<char>('a' + i % 23);
    lab.host.sessions[0]->say(text);
    lab.loop.turns(5);
    CHECK(client.receive(text.size()) == text);
    SECTION("and ends when all has been taken") {
        lab.host.sessions[0]->say(text);
        lab.host.sessions[0]->link().finish("enough");
        CHECK(client.receive(text.size() + 1) == text);
        CHECK(lab.loop.until([&] { return lab.host.sessions.empty(); }));
    }
    end(lab.loop, listener);
}

TEST_CASE("who does not take answers is not read any more", "[stream_listener]") {
    Lab lab;
    StreamListener listener{lab.turns, lab.log, target("punix:" + lab.path()),
                            0600,      nullptr, lab.host};
    Client client{lab.loop, listener.target()};
    REQUIRE(lab.loop.until([&] { return !lab.host.sessions.empty(); }));
    FakeSession& session = *lab.host.sessions[0];
    session.listens = false;
    client.send("one");
    REQUIRE(lab.loop.until([&] { return !session.heard.empty(); }));  // it was being read already
    client.send("two");
    lab.loop.turns(5);
    CHECK(session.heard == "one");
    session.listens = true;
    session.say("");
    CHECK(lab.loop.until([&] { return session.heard == "onetwo"; }));
    end(lab.loop, listener);
}

TEST_CASE("a unix socket is private, replaces a dead one, and is gone at the end",
          "[stream_listener]") {
    Lab lab;
    { bind_to(unix_socket(SOCK_STREAM), lab.path()); }
    StreamListener listener{lab.turns, lab.log, target("punix:" + lab.path()),
                            0600,      nullptr, lab.host};
    struct stat file {};
    REQUIRE(::stat(lab.path().c_str(), &file) == 0);
    CHECK((file.st_mode & 07777) == 0600);
    CHECK_THROWS_AS(
        StreamListener(lab.turns, lab.log, target("punix:" + lab.path()), 0600, nullptr, lab.host),
        SetupError);
    end(lab.loop, listener);
    CHECK_FALSE(std::filesystem::exists(lab.path()));
}

TEST_CASE("a port that is taken is refused with the remedy", "[stream_listener]") {
    Lab lab;
    StreamListener listener{lab.turns, lab.log, target("ptcp:0:127.0.0.1"),
                            0600,      nullptr, lab.host};
    try {
        StreamListener(lab.turns, lab.log, listener.target(), 0600, nullptr, lab.host);
        FAIL("taken over");
    } catch (const SetupError& error) {
        CHECK(error.line() == "cannot listen on '" + listener.target().text() +
                                  "': Address already in use (stop whoever uses it, or choose "
                                  "another port)");
    }
    end(lab.loop, listener);
}

TEST_CASE("who comes when it is full is turned away, and nobody else", "[stream_listener]") {
    Lab lab;
    StreamListener listener{lab.turns, lab.log, target("punix:" + lab.path()),
                            0600,      nullptr, lab.host};
    lab.log.set_threshold(Log::Destination::console, Log::Level::off);
    std::vector<Client> clients;
    for (int i = 0; i < 64; ++i) clients.emplace_back(lab.loop, listener.target());
    REQUIRE(lab.loop.until([&] { return lab.host.sessions.size() == 64; }));
    Client late{lab.loop, listener.target()};
    CHECK(late.receive(1) == "");
    CHECK(lab.host.sessions.size() == 64);
    clients.pop_back();
    CHECK(lab.loop.until([&] { return lab.host.sessions.size() == 63; }));
    clients.emplace_back(lab.loop, listener.target());
    CHECK(lab.loop.until([&] { return lab.host.sessions.size() == 64; }));
    end(lab.loop, listener);
}

TEST_CASE("who has been silent the longest makes room for who comes", "[stream_listener]") {
    Lab lab;
    StreamListener listener{lab.turns, lab.log, target("punix:" + lab.path()),
                            0600,      nullptr, lab.host};
    std::vector<Client> clients;
    for (std::size_t i = 0; i < 64; ++i) {
        clients.emplace_back(lab.loop, listener.target());
        REQUIRE(lab.loop.until([&] { return lab.host.sessions.size() == i + 1; }));
    }
    FakeSession* const gone = lab.host.sessions[5];
    for (const std::size_t silent : {5, 9}) lab.host.sessions[silent]->known = false;
    Client late{lab.loop, listener.target()};
    CHECK(clients[5].receive(1) == "");
    CHECK(lab.host.sessions.size() == 64);
    CHECK(std::ranges::find(lab.host.sessions, gone) == lab.host.sessions.end());
    lab.host.sessions.back()->say("welcome");
    CHECK(late.receive(7) == "welcome");
    end(lab.loop, listener);
}

TEST_CASE("without traffic a connection wakes nobody", "[stream_listener]") {
    Lab lab;
    StreamListener listener{lab.turns, lab.log, target("punix:" + lab.path()),
                            0600,      nullptr, lab.host};
    Client client{lab.loop, listener.target()};
    REQUIRE(lab.loop.until([&] { return !lab.host.sessions.empty(); }));
    lab.loop.turns(5);
    CHECK(lab.loop.wake_ups(std::chrono::milliseconds{300}) == 0);
    end(lab.loop, listener);
}
