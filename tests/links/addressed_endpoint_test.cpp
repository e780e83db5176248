#include "switchd/links/addressed_endpoint.h"

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/loop.h"
#include "tests/support/sockets.h"

using namespace switchd;
using namespace std::chrono_literals;

namespace {

class Sink final : public FrameSink {
public:
    void receive(Endpoint&, FrameBatch& batch) noexcept override {
        for (const Frame& frame : batch.frames())
            frames.emplace_back(reinterpret_cast<const char*>(frame.bytes().data()), frame.size());
    }
    void ended(Endpoint&) noexcept override {}

    std::vector<std::string> frames;
};

DatagramAddress address_of(const std::filesystem::path& path) {
    return DatagramAddress::parse("unix:" + path.string()).value();
}

// An endpoint on a unix socket, and peers beside it.
struct Link {
    explicit Link(DatagramAddress peer = {}, int send_buffer_bytes = 0) {
        Fd socket = unix_socket(SOCK_DGRAM);
        if (send_buffer_bytes != 0)
            checked(::setsockopt(socket.get(), SOL_SOCKET, SO_SNDBUF, &send_buffer_bytes,
                                 sizeof send_buffer_bytes));
        bind_to(socket, place / "switch");
        endpoint = std::make_unique<AddressedEndpoint>(
            loop.reactor, sink, DatagramSockets{std::move(socket), {}, peer});
        endpoint->start();
    }
    ~Link() {
        endpoint->close();
        loop.reactor.retire(std::move(endpoint));
        loop.turns(3);
    }

    Fd peer(std::string_view name, bool connected = false) {
        std::filesystem::remove(place / name);
        Fd socket = unix_socket(SOCK_DGRAM);
        bind_to(socket, place / name);
        if (connected) checked(connect_to(socket, place / "switch"));
        return socket;
    }
    void says(const Fd& from, const std::string& text) {
        const sockaddr_un to = unix_address((place / "switch").string()).value();
        const auto count = sink.frames.size();
        checked(static_cast<int>(::sendto(from.get(), text.data(), text.size(), 0,
                                          reinterpret_cast<const sockaddr*>(&to), sizeof to)));
        REQUIRE(loop.until([&] { return sink.frames.size() > count; }));
        CHECK(sink.frames.back() == text);
    }
    void give(std::uint32_t number, std::size_t bytes = 1500) {
        Frame frame = loop.pool.take();
        REQUIRE(frame);
        frame.resize(bytes);
        std::memcpy(frame.writable().data(), &number, sizeof number);
        endpoint->enqueue(std::move(frame));
    }
    // What the peer reads is numbered from here on.
    void hears(const Fd& peer, std::uint32_t first, std::uint32_t count) {
        std::vector<std::byte> some(20'000);
        for (std::uint32_t number = first; number < first + count; ++number) {
            REQUIRE(loop.until_seen([&] { return receive_now(peer, some) == 1500; }));
            std::uint32_t got = 0;
            std::memcpy(&got, some.data(), sizeof got);
            CHECK(got == number);
        }
    }
    std::uint64_t drops(DropReason reason) const {
        return endpoint->drops()[static_cast<std::size_t>(reason)];
    }

    TemporaryDirectory place;
    Loop loop;
    Sink sink;
    std::unique_ptr<AddressedEndpoint> endpoint;
};

}  // namespace

TEST_CASE("who sent the last datagram is who gets the next", "[addressed_endpoint]") {
    Link link;
    link.give(0);
    link.loop.turns(2);
    CHECK(link.drops(DropReason::port_gone) == 1);
    std::uint32_t number = 0;
    for (const char* name : {"one", "two", "one"}) {
        const Fd peer = link.peer(name);
        link.says(peer, std::string(60, 'x'));
        CHECK(link.endpoint->peer() == address_of(link.place / name));
        CHECK(link.endpoint->description() == "unix:" + (link.place / name).string());
        for (int i = 0; i < 3; ++i) link.give(number + static_cast<unsigned>(i));
        link.hears(peer, number, 3);
        number += 3;
    }
    // Nobody is there any more.
    link.give(0);
    link.loop.turns(2);
    CHECK(link.drops(DropReason::port_gone) == 2);
}

TEST_CASE("a peer that was named is the only one", "[addressed_endpoint]") {
    const TemporaryDirectory elsewhere;
    Link link{address_of(elsewhere / "peer")};
    const Fd stranger = link.peer("stranger");
    const sockaddr_un to = unix_address((link.place / "switch").string()).value();
    checked(static_cast<int>(::sendto(stranger.get(), "strange, but sixty bytes", 24, 0,
                                      reinterpret_cast<const sockaddr*>(&to), sizeof to)));
    link.loop.turns(3);
    CHECK(link.sink.frames.empty());

    const Fd peer = unix_socket(SOCK_DGRAM);
    bind_to(peer, elsewhere / "peer");
    link.give(1);  // it need not have said anything
    link.hears(peer, 1, 1);
    link.says(peer, std::string(60, 'y'));
}

TEST_CASE("a peer that reads slowly gets all of it in its order, and costs no turns meanwhile",
          "[addressed_endpoint]") {
    const bool connected = GENERATE(false, true);
    // Our own socket may be full before the peer's queue is.
    const int send_buffer_bytes = GENERATE(0, 8192);
    CAPTURE(connected, send_buffer_bytes);
    Link link{{}, send_buffer_bytes};
    const Fd peer = link.peer("slow", connected);
    link.says(peer, std::string(60, 'x'));
    for (std::uint32_t number = 0; number < 600; ++number) link.give(number);
    link.loop.turns(3);
    CHECK(link.endpoint->queued() > 0);
    CHECK(link.loop.wake_ups(200ms) < 3);
    link.hears(peer, 0, 600);
    CHECK(link.endpoint->queued() == 0);
    CHECK(link.drops(DropReason::queue_full) == 0);
}

TEST_CASE("who comes instead of a peer that does not read need not wait for it",
          "[addressed_endpoint]") {
    Link link;
    const Fd hung = link.peer("hung"), fresh = link.peer("fresh");
    link.says(hung, std::string(60, 'x'));
    for (std::uint32_t number = 0; number < 100; ++number) link.give(number);
    link.loop.turns(3);
    const auto left = static_cast<std::uint32_t>(link.endpoint->queued());
    REQUIRE(left > 0);
    link.says(fresh, std::string(60, 'y'));
    link.hears(fresh, 100 - left, left);
}

TEST_CASE("a peer with an abstract address is answered", "[addressed_endpoint]") {
    Link link;
    const Fd peer = unix_socket(SOCK_DGRAM);
    const sa_family_t family = AF_UNIX;  // the kernel chooses one
    checked(::bind(peer.get(), reinterpret_cast<const sockaddr*>(&family), sizeof family));
    link.says(peer, std::string(60, 'x'));
    CHECK(link.endpoint->description().starts_with("unix:@"));
    link.give(3);
    link.hears(peer, 3, 1);
}

TEST_CASE("a peer that goes with its queue full is not waited for", "[addressed_endpoint]") {
    Link link;
    {
        const Fd peer = link.peer("gone");
        link.says(peer, std::string(60, 'x'));
        for (std::uint32_t number = 0; number < 600; ++number) link.give(number);
        link.loop.turns(3);
        REQUIRE(link.endpoint->queued() > 0);
    }
    CHECK(link.loop.until_seen([&] { return link.endpoint->queued() == 0; }));
    const Fd again = link.peer("gone");
    link.give(7);
    link.hears(again, 7, 1);
}

TEST_CASE("datagrams that are no frames are none", "[addressed_endpoint]") {
    Link link;
    const Fd peer = link.peer("vfkit", true);
    const auto send = [&](std::size_t bytes, const char* text = "") {
        std::vector<char> datagram(bytes + 1);
        std::memcpy(datagram.data(), text, std::min(bytes, std::strlen(text)));
        checked(static_cast<int>(::send(peer.get(), datagram.data(), bytes, 0)));
        link.loop.turns(3);
    };
    send(4, "VFKT");
    CHECK(link.endpoint->peer() == address_of(link.place / "vfkit"));
    CHECK(link.drops(DropReason::runt) == 0);
    send(0);
    CHECK(link.drops(DropReason::runt) == 1);
    send(frame_bytes_max + 1);
    send(60'000);
    CHECK(link.drops(DropReason::too_long) == 2);
    CHECK(link.sink.frames.empty());
    send(frame_bytes_max);
    REQUIRE(link.sink.frames.size() == 1);
    CHECK(link.sink.frames[0].size() == frame_bytes_max);
}

TEST_CASE("addresses of datagrams are read as they are shown", "[datagram_address]") {
    for (const char* text :
         {"unix:/run/x.sock", "udp:127.0.0.1:5001", "udp:[::1]:0", "udp:230.0.0.1:1234"}) {
        const auto address = DatagramAddress::parse(text);
        REQUIRE(address);
        CHECK(address->text() == text);
        CHECK(address->is_multicast() == (std::string_view(text) == "udp:230.0.0.1:1234"));
    }
    for (const char* text :
         {"", "unix:", "unix:x", "udp:", "udp:1", "udp:127.0.0.1", "udp:127.0.0.1:", "udp:::1:5",
          "udp:[::1]", "udp:[127.0.0.1]:5", "udp:localhost:5", "udp:127.1:5", "udp:127.0.0.1:65536",
          "udp:127.0.0.1:-1", "udp:127.0.0.1:5x", "udp:127.0.0.1: 5", "tcp:127.0.0.1:5"})
        CHECK_FALSE(DatagramAddress::parse(text));
    CHECK(DatagramAddress::parse("unix:/" + std::string(106, 'x')));
    CHECK_FALSE(DatagramAddress::parse("unix:/" + std::string(107, 'x')));
    CHECK_FALSE(DatagramAddress::parse(std::string("unix:/a\0b", 9)));
    CHECK(DatagramAddress().text() == "nobody");
}
