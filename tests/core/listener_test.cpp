#include "switchd/core/listener.h"

#include <fcntl.h>
#include <sys/resource.h>

#include <memory>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/loop.h"
#include "tests/support/sockets.h"

using namespace switchd;
using namespace std::chrono_literals;

namespace {

Fd listening(const TemporaryDirectory& directory) {
    Fd socket = unix_socket(SOCK_STREAM);
    bind_to(socket, directory / "socket");
    checked(::listen(socket.get(), 128));
    return socket;
}

struct Door {
    Door(Loop& on, Fd socket)
        : loop(on),
          listener(Listener::calling<&Door::on_connection>(on.reactor, std::move(socket), this)) {}
    ~Door() {
        listener.close();
        loop.until([&] { return listener.idle(); });
    }
    void on_connection(Fd connection) noexcept { connections.push_back(std::move(connection)); }

    Loop& loop;
    std::vector<Fd> connections;
    Listener listener;
};

// A process with few descriptors, which can all be taken.
class FewDescriptors {
public:
    FewDescriptors() {
        checked(::getrlimit(RLIMIT_NOFILE, &before_));
        rlimit now = before_;
        now.rlim_cur = 128;
        checked(::setrlimit(RLIMIT_NOFILE, &now));
    }
    ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    void take_all() {
        for (int fd = 0; (fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;)
            hoard_.emplace_back(fd);
    }
    void give_back(std::size_t count) { hoard_.resize(hoard_.size() - count); }

private:
    rlimit before_{};
    std::vector<Fd> hoard_;
};

// A door that has a word for those who may not come in.
struct PoliteDoor {
    PoliteDoor(Loop& on, Fd socket)
        : loop(on),
          listener(Listener::calling<&PoliteDoor::on_connection, &PoliteDoor::on_turned_away>(
              on.reactor, std::move(socket), this)) {}
    ~PoliteDoor() {
        listener.close();
        loop.until([&] { return listener.idle(); });
    }
    void on_connection(Fd) noexcept {}
    void on_turned_away(const Fd& connection) noexcept {
        ++turned_away;
        static_cast<void>(::send(connection.get(), "full", 4, MSG_NOSIGNAL));
    }

    Loop& loop;
    int turned_away = 0;
    Listener listener;
};

bool hung_up(const Fd& client) {
    std::array<std::byte, 1> byte{};
    const ssize_t got = receive_now(client, byte);
    return got == 0 || (got < 0 && errno == ECONNRESET);
}

}  // namespace

TEST_CASE("a listener hands over every connection as a blocking descriptor", "[listener]") {
    Loop loop;
    const TemporaryDirectory directory;
    Door door{loop, listening(directory)};
    std::vector<Fd> clients;
    for (std::size_t i = 1; i <= 100; ++i) {
        clients.push_back(unix_socket(SOCK_STREAM));
        REQUIRE(connect_to(clients.back(), directory / "socket") == 0);
        REQUIRE(loop.until([&] { return door.connections.size() == i; }));
    }
    for (const Fd& connection : door.connections) {
        CHECK((::fcntl(connection.get(), F_GETFL) & O_NONBLOCK) == 0);
        CHECK((::fcntl(connection.get(), F_GETFD) & FD_CLOEXEC) != 0);
    }
}

TEST_CASE("a listener that was closed hands over nothing", "[listener]") {
    Loop loop;
    const TemporaryDirectory directory;
    Door door{loop, listening(directory)};
    loop.turn();
    door.listener.close();
    const Fd client = unix_socket(SOCK_STREAM);
    REQUIRE(connect_to(client, directory / "socket") == 0);
    REQUIRE(loop.until([&] { return door.listener.idle(); }));
    CHECK(door.connections.empty());
}

TEST_CASE("without descriptors clients are turned away, the loop neither hangs nor spins",
          "[listener]") {
    FewDescriptors descriptors;
    Loop loop;
    const TemporaryDirectory directory;
    Door door{loop, listening(directory)};
    std::vector<Fd> clients;
    for (int i = 0; i < 6; ++i) clients.push_back(unix_socket(SOCK_STREAM));
    loop.turn();

    descriptors.take_all();
    for (std::size_t i = 0; i < 3; ++i) {
        REQUIRE(connect_to(clients[i], directory / "socket") == 0);
        REQUIRE(loop.until_seen([&] { return hung_up(clients[i]); }));
    }
    CHECK(door.connections.empty());
    CHECK(loop.wake_ups(50ms) < 3);

    // Two clients at once, then better times.
    REQUIRE(connect_to(clients[3], directory / "socket") == 0);
    REQUIRE(connect_to(clients[4], directory / "socket") == 0);
    REQUIRE(loop.until_seen([&] { return hung_up(clients[3]) && hung_up(clients[4]); }));
    descriptors.give_back(4);
    REQUIRE(connect_to(clients[5], directory / "socket") == 0);
    REQUIRE(loop.until([&] { return door.connections.size() == 1; }));
    CHECK_FALSE(hung_up(clients[5]));
}

TEST_CASE("who is turned away may finish what it says, and hears why", "[listener]") {
    FewDescriptors descriptors;
    Loop loop;
    const TemporaryDirectory directory;
    PoliteDoor door{loop, listening(directory)};
    std::vector<Fd> clients;
    for (int i = 0; i < 3; ++i) clients.push_back(unix_socket(SOCK_STREAM));
    loop.turn();

    // Nothing is checked meanwhile: a sanitizer needs descriptors to look at an assertion.
    struct Outcome {
        bool connected, turned_away, heard, hung_up;
        ssize_t answer_bytes;
    };
    std::vector<Outcome> outcomes;
    outcomes.reserve(clients.size());
    descriptors.take_all();
    for (int i = 0; i < 3; ++i) {
        const Fd& client = clients[static_cast<std::size_t>(i)];
        Outcome& outcome = outcomes.emplace_back();
        outcome.connected = connect_to(client, directory / "socket") == 0;
        outcome.turned_away = loop.until([&] { return door.turned_away == i + 1; });
        outcome.heard = ::send(client.get(), "request", 7, MSG_NOSIGNAL) == 7;
        std::array<std::byte, 8> answer{};
        outcome.answer_bytes = receive_now(client, answer);
        outcome.hung_up = hung_up(client);
    }
    descriptors.give_back(4);
    for (const Outcome& outcome : outcomes) {
        CHECK(outcome.connected);
        CHECK(outcome.turned_away);
        CHECK(outcome.heard);
        CHECK(outcome.answer_bytes == 4);
        CHECK(outcome.hung_up);
    }
}
