#include "vde-compat/management_socket.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "switchd/core/error.h"
#include "tests/support/loop.h"
#include "tests/support/sockets.h"
#include "tests/vde-compat/console_lab.h"

namespace switchd::vde::test {

namespace {

struct Client {
    Fd socket = unix_socket(SOCK_STREAM);
    std::string heard;
    bool over = false;

    explicit Client(const std::filesystem::path& path) { checked(connect_to(socket, path)); }
    void say(std::string_view text) {
        REQUIRE(::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
                static_cast<ssize_t>(text.size()));
    }
    bool listen() {
        std::array<char, 65536> bytes;
        for (;;) {
            const auto got = ::recv(socket.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
            if (got <= 0) {
                over = over || got == 0 || errno == ECONNRESET;
                return true;
            }
            heard.append(bytes.data(), static_cast<std::size_t>(got));
        }
    }
};

struct ManagementLab : ConsoleLab {
    TemporaryDirectory directory;
    Loop loop;
    std::filesystem::path path = directory / "mg";
    ManagementSocket management{loop.reactor, log, console, events, path, 0660, std::nullopt};

    ~ManagementLab() {
        management.close();
        loop.until([&] { return management.idle(); });
        loop.turn();
    }
    // Hears `client` until what it heard ends with `ending`.
    bool hears(Client& client, std::string_view ending) {
        return loop.until_seen([&] { return client.listen() && client.heard.ends_with(ending); });
    }
};

}  // namespace

TEST_CASE("a client of the management socket gets banner, prompt and replies") {
    ManagementLab lab;
    Client client(lab.path);
    REQUIRE(lab.hears(client, std::string(console_banner) + "\nvde$ "));
    client.say("vlan/create 5");
    REQUIRE(lab.hears(client, "vde$ 1000 Success\n\nvde$ "));
    client.say("logout\n");
    REQUIRE(lab.hears(client, "9999 END OF SESSION"));
    REQUIRE(lab.loop.until_seen([&] { return client.listen() && client.over; }));
    client.socket.reset();
    CHECK(lab.loop.until([&] { return lab.management.session_count() == 0; }));
}

TEST_CASE("the farewell does not come with a hang-up, which would hide it from unixterm") {
    ManagementLab lab;
    Client client(lab.path);
    client.say("logout\n");
    REQUIRE(lab.hears(client, "9999 END OF SESSION"));
    lab.loop.turns(5);
    pollfd ready{client.socket.get(), POLLIN | POLLHUP, 0};
    REQUIRE(::poll(&ready, 1, 0) == 1);
    CHECK((ready.revents & POLLHUP) == 0);
}

TEST_CASE("the management socket has the mode asked for and is gone after close") {
    ManagementLab lab;
    struct stat status {};
    REQUIRE(::stat(lab.path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0660);
    lab.management.close();
    CHECK_FALSE(std::filesystem::exists(lab.path));
}

TEST_CASE("a management socket in use is refused, a stale one is replaced") {
    ManagementLab lab;
    CHECK_THROWS_AS(ManagementSocket(lab.loop.reactor, lab.log, lab.console, lab.events, lab.path,
                                     0600, std::nullopt),
                    SetupError);
    const auto stale = lab.directory / "stale";
    bind_to(unix_socket(SOCK_STREAM), stale);
    ManagementSocket other(lab.loop.reactor, lab.log, lab.console, lab.events, stale, 0600,
                           std::nullopt);
    Client client(stale);
    CHECK(lab.hears(client, "vde$ "));
    other.close();
    lab.loop.until([&] { return other.idle(); });
}

TEST_CASE("events reach the session that asked, between its replies") {
    ManagementLab lab;
    Client client(lab.path), other(lab.path);
    REQUIRE(lab.hears(client, "vde$ "));
    client.say("debug/add port\n");
    REQUIRE(lab.hears(client, "1000 Success\n\nvde$ "));
    lab.events.port_created(1);
    lab.events.endpoint_added(1, 6);
    REQUIRE(lab.hears(client, "\nvde$ 3021 port/+ 01\n3031 port/ep/+ Port 01 FD  6\n"));
    CHECK(lab.hears(other, "vde$ "));
}

TEST_CASE("a reply of megabytes arrives whole at a client that takes its time") {
    ManagementLab lab;
    for (unsigned i = 0; i < 50'000; ++i)
        lab.model.mac_table.push_back({MacAddress::from_u64(0x020000000000 + i), 0, 1});
    Client client(lab.path);
    client.say("hash/print\nvlan/create 9\n");
    lab.loop.turns(20);
    CHECK_FALSE(lab.model.vlan_table.contains(9));
    REQUIRE(lab.hears(client, "1000 Success\n\nvde$ 1000 Success\n\nvde$ "));
    CHECK(std::ranges::count(client.heard, '\n') > 50'000);
    CHECK(lab.model.vlan_table.contains(9));
}

TEST_CASE("a client that says all at once and closes its side still gets all replies") {
    ManagementLab lab;
    for (unsigned i = 0; i < 20'000; ++i)
        lab.model.mac_table.push_back({MacAddress::from_u64(0x020000000000 + i), 0, 1});
    Client client(lab.path);
    client.say("hash/print\nvlan/create 9\n");
    ::shutdown(client.socket.get(), SHUT_WR);
    REQUIRE(lab.hears(client, "1000 Success\n\nvde$ 1000 Success\n\nvde$ "));
    REQUIRE(lab.loop.until_seen([&] { return client.listen() && client.over; }));
}

TEST_CASE("a client that sends megabytes without a newline is closed, others are served") {
    ManagementLab lab;
    Client bad(lab.path), good(lab.path);
    const std::string part(64 * 1024, 'x');
    REQUIRE(lab.loop.until_seen([&] {
        bad.listen();
        if (!bad.over)
            static_cast<void>(
                ::send(bad.socket.get(), part.data(), part.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
        return bad.over;
    }));
    good.say("port/showinfo");
    CHECK(lab.hears(good, "counters=true\n.\n1000 Success\n\nvde$ "));
}

TEST_CASE("beyond the greatest number of sessions one that does not read goes first") {
    ManagementLab lab;
    for (unsigned i = 0; i < 50'000; ++i)
        lab.model.mac_table.push_back({MacAddress::from_u64(0x020000000000 + i), 0, 1});
    std::list<Client> clients;
    for (std::size_t i = 0; i < ManagementSocket::sessions_max; ++i) clients.emplace_back(lab.path);
    REQUIRE(lab.loop.until(
        [&] { return lab.management.session_count() == ManagementSocket::sessions_max; }));
    auto& stuck = *std::next(clients.begin(), 5);
    stuck.say("hash/print\n");
    lab.loop.turns(10);

    Client late(lab.path);
    REQUIRE(lab.hears(late, "vde$ "));
    CHECK(lab.management.session_count() == ManagementSocket::sessions_max);
    REQUIRE(lab.loop.until_seen([&] { return stuck.listen() && stuck.over; }));
    clients.front().say("bogus");
    CHECK(lab.hears(clients.front(), "1038 Function not implemented\n\nvde$ "));
}

TEST_CASE("a client that vanishes in the middle of a reply leaves nothing behind") {
    ManagementLab lab;
    for (unsigned i = 0; i < 50'000; ++i)
        lab.model.mac_table.push_back({MacAddress::from_u64(0x020000000000 + i), 0, 1});
    {
        Client client(lab.path);
        client.say("debug/add\nhash/print\n");
        lab.loop.turns(10);
        CHECK(lab.events.wanted(DebugCategory::port_created));
    }
    REQUIRE(lab.loop.until([&] { return lab.management.session_count() == 0; }));
    lab.events.port_created(1);
    lab.loop.turns(3);
    CHECK_FALSE(lab.events.wanted(DebugCategory::port_created));
}

}  // namespace switchd::vde::test
