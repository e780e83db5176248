#include "vde-compat/control_socket.h"

#include <poll.h>
#include <sys/stat.h>

#include <cstdlib>

#include "tests/support/catch.h"
#include "tests/support/loop.h"
#include "tests/support/sockets.h"

using namespace switchd;
using namespace switchd::vde;

namespace {

// Gives out ports 1, 2, ... or refuses, and keeps what is plugged in.
class FakeHost final : public PlugHost, public FrameSink {
public:
    explicit FakeHost(Reactor& reactor) : reactor_(reactor) {}

    std::expected<unsigned, Errno> admit(const PlugRequest& request, const PlugIdentity&) override {
        if (refusal != 0) return std::unexpected(refusal);
        if (request.kind == PlugRequest::Kind::this_port) return request.port;
        return static_cast<unsigned>(plugs.size()) + 1;
    }
    void attach(unsigned, std::unique_ptr<Plug> plug, const PlugIdentity& who) override {
        identity = who;
        plugs.push_back(std::move(plug));
    }
    FrameSink& sink() override { return *this; }

    void receive(Endpoint&, FrameBatch& batch) noexcept override { frames += batch.size(); }
    void ended(Endpoint& endpoint) noexcept override {
        for (auto it = plugs.begin(); it != plugs.end(); ++it)
            if (it->get() == &endpoint) {
                endpoint.close();
                reactor_.retire(std::move(*it));
                plugs.erase(it);
                return;
            }
    }

    Errno refusal = 0;
    std::vector<std::unique_ptr<Plug>> plugs;
    PlugIdentity identity;
    std::size_t frames = 0;

private:
    Reactor& reactor_;
};

struct Lab {
    Lab() : host(loop.reactor), control(loop.reactor, log, listen_on(ctl, 0600), access(), host) {}
    ~Lab() {
        control.close();
        while (!host.plugs.empty()) host.ended(*host.plugs.front());
        loop.until([&] { return control.idle(); });
        loop.turn();
    }

    ControlAccess access() const {
        ControlAccess access;
        access.directory = directory.path().string();
        access.mode = 0640;
        access.management_mode = 0600;
        return access;
    }

    Loop loop;
    Log log{"test"};
    TemporaryDirectory directory;
    std::string ctl = (directory / "ctl").string();
    FakeHost host;
    ControlSocket control;
};

// A client of the protocol, as libvdeplug is one.
struct Client {
    explicit Client(Lab& lab, std::uint32_t type = 0, bool bound = true) : lab_(lab) {
        if (bound) bind_to(data, path());
        REQUIRE(connect_to(stream, lab.ctl) == 0);
        append(std::uint32_t{0xfeedface});
        append(std::uint32_t{3});
        append(type);
        append(unix_address(path().string()).value());
    }
    std::filesystem::path path() const { return lab_.directory / ".client"; }

    void send(std::size_t from, std::size_t to) {
        checked(static_cast<int>(::send(stream.get(), request.data() + from, to - from, 0)));
    }
    void send_all() { send(0, request.size()); }

    // The path in the reply; "" when the stream ended without one.
    std::string reply() {
        std::array<std::byte, 256> bytes;
        ssize_t size = -1;
        REQUIRE(lab_.loop.until_seen([&] {
            size = receive_now(stream, bytes);
            return size >= 0;
        }));
        if (size == 0) return "";
        REQUIRE(size == 110);
        return reinterpret_cast<const char*>(bytes.data()) + 2;
    }

    Fd stream = unix_socket(SOCK_STREAM);
    Fd data = unix_socket(SOCK_DGRAM);
    std::vector<std::byte> request;

private:
    template <class Value>
    void append(const Value& value) {
        const auto bytes = std::as_bytes(std::span(&value, 1));
        request.insert(request.end(), bytes.begin(), bytes.end());
    }
    Lab& lab_;
};

}  // namespace

TEST_CASE("a client gets a data socket of its own, with the mode asked for", "[control_socket]") {
    Lab lab;
    Client client{lab};
    client.send_all();
    const std::string path = client.reply();
    CHECK(path.starts_with((lab.directory / "001.").string()));
    struct stat file {};
    REQUIRE(::stat(path.c_str(), &file) == 0);
    // A switch that is root gives the socket to its client alone.
    CHECK((file.st_mode & 0777) == (::geteuid() == 0 ? 0600 : 0640));
    CHECK(lab.host.identity.owner == ::geteuid());

    REQUIRE(connect_to(client.data, path) == 0);
    const std::string frame(60, 'f');
    REQUIRE(::send(client.data.get(), frame.data(), frame.size(), 0) == 60);
    CHECK(lab.loop.until([&] { return lab.host.frames == 1; }));
}

TEST_CASE("a request may come in pieces", "[control_socket]") {
    Lab lab;
    Client client{lab};
    client.send(0, 5);
    lab.loop.turns(3);
    CHECK(lab.host.plugs.empty());
    client.send(5, client.request.size());
    CHECK(!client.reply().empty());
    CHECK(lab.host.plugs.size() == 1);
}

TEST_CASE("the end of the stream is the end of the plug, and of its file", "[control_socket]") {
    Lab lab;
    std::string path;
    {
        Client client{lab};
        client.send_all();
        path = client.reply();
        REQUIRE(std::filesystem::exists(path));
    }
    CHECK(lab.loop.until([&] { return lab.host.plugs.empty(); }));
    CHECK(!std::filesystem::exists(path));
}

TEST_CASE("bytes on the stream after the request are of no consequence", "[control_socket]") {
    Lab lab;
    Client client{lab};
    client.send_all();
    client.reply();
    const std::string junk(100, 'j');
    REQUIRE(::send(client.stream.get(), junk.data(), junk.size(), 0) == 100);
    lab.loop.turns(5);
    CHECK(lab.host.plugs.size() == 1);
    CHECK(lab.loop.wake_ups(std::chrono::milliseconds{20}) == 0);
}

TEST_CASE("who is refused gets an address whose connect tells why", "[control_socket]") {
    Lab lab;
    for (const auto& [refusal, expected] : {std::pair{ENOSPC, ECONNREFUSED}, {EACCES, EPERM}})
        for (int again = 0; again < 2; ++again) {
            lab.host.refusal = refusal;
            std::filesystem::remove(lab.directory / ".client");
            Client client{lab};
            client.send_all();
            const std::string path = client.reply();
            REQUIRE(!path.empty());
            CHECK(connect_to(client.data, path) == -1);
            CHECK(errno == expected);
            CHECK(client.reply().empty());  // and the stream ends
        }
    CHECK(lab.host.plugs.empty());
}

TEST_CASE("a client whose data socket is not there is refused", "[control_socket]") {
    Lab lab;
    Client client{lab, 0, false};
    client.send_all();
    const std::string path = client.reply();
    REQUIRE(!path.empty());
    CHECK(connect_to(client.data, path) == -1);
    CHECK(lab.host.plugs.empty());
}

TEST_CASE("what is no request gets the end of the stream and no reply", "[control_socket]") {
    Lab lab;
    Client client{lab};
    client.request[0] = std::byte{0};
    client.send_all();
    CHECK(client.reply().empty());
}

TEST_CASE("those who connect and never ask are let go when they are too many", "[control_socket]") {
    Lab lab;
    std::vector<Fd> silent;
    for (int i = 0; i < 300; ++i) {
        silent.push_back(unix_socket(SOCK_STREAM));
        REQUIRE(connect_to(silent.back(), lab.ctl) == 0);
        lab.loop.turn();
    }
    std::array<std::byte, 8> bytes;
    CHECK(receive_now(silent.front(), bytes) == 0);
    CHECK(receive_now(silent.back(), bytes) == -1);
    Client client{lab};
    client.send_all();
    CHECK(!client.reply().empty());
}

TEST_CASE("closing takes the helper sockets out of the directory", "[control_socket]") {
    Lab lab;
    lab.host.refusal = EACCES;
    Client client{lab};
    client.send_all();
    REQUIRE(!client.reply().empty());
    REQUIRE(std::filesystem::exists(lab.directory / ".denied"));
    lab.control.close();
    CHECK(!std::filesystem::exists(lab.directory / ".denied"));
    lab.loop.until([&] { return lab.control.idle(); });
}
