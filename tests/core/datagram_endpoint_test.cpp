#include "switchd/core/datagram_endpoint.h"

#include <cstdlib>
#include <memory>
#include <random>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/loop.h"
#include "tests/support/sockets.h"

using namespace switchd;
using namespace std::chrono_literals;

namespace {

class TestEndpoint final : public DatagramEndpoint {
public:
    using DatagramEndpoint::DatagramEndpoint;
    int id() const override { return socket(); }
    std::string_view module() const override { return "test"; }
};

// Remembers the sizes of what arrived.
class Sink final : public FrameSink {
public:
    void receive(Endpoint&, FrameBatch& batch) noexcept override {
        ++batches;
        for (const Frame& frame : batch.frames()) sizes.push_back(frame.size());
    }
    void ended(Endpoint&) noexcept override { ++endings; }

    std::vector<std::size_t> sizes;
    int batches = 0;
    int endings = 0;
};

std::uint64_t count(const Endpoint& endpoint, DropReason reason) {
    return endpoint.drops()[static_cast<std::size_t>(reason)];
}

std::uint64_t drops_of(const Endpoint& endpoint) {
    std::uint64_t sum = 0;
    for (const auto drops : endpoint.drops()) sum += drops;
    return sum;
}

// An endpoint on `ours` and its peer's socket; frames carry a running number.
struct Link {
    Link(Loop& on, std::pair<Fd, Fd> sockets) : loop(on), peer(std::move(sockets.second)) {
        endpoint = std::make_unique<TestEndpoint>(loop.reactor, sink, std::move(sockets.first));
        endpoint->start();
    }
    ~Link() {
        endpoint->close();
        loop.reactor.retire(std::move(endpoint));
        loop.turns(2);
    }

    bool enqueue(std::size_t bytes = 60) {
        Frame frame = loop.pool.take();
        if (!frame) return false;
        frame.resize(bytes);
        std::memcpy(frame.writable().data(), &sent, sizeof sent);
        ++sent;
        endpoint->enqueue(std::move(frame));
        return true;
    }
    // Reads at most `limit` frames that are there now and checks that they come in order, none
    // missing.
    std::size_t read(std::size_t limit = 1'000'000) {
        std::array<std::byte, 10'000> bytes{};
        std::size_t got = 0;
        for (; got < limit && receive_now(peer, bytes) > 0; ++got) {
            std::uint32_t number = 0;
            std::memcpy(&number, bytes.data(), sizeof number);
            if (number != received) ++disorder;
            received = number + 1;
        }
        return got;
    }

    Loop& loop;
    Sink sink;
    Fd peer;
    std::unique_ptr<TestEndpoint> endpoint;
    std::uint32_t sent = 0;
    std::uint32_t received = 0;
    int disorder = 0;
};

// A peer like User-mode Linux's: it never connects to us, and takes net.unix.max_dgram_qlen frames.
std::pair<Fd, Fd> unconnected_peer(const TemporaryDirectory& directory) {
    Fd ours = unix_socket(SOCK_DGRAM);
    bind_to(ours, directory / "ours");
    Fd theirs = unix_socket(SOCK_DGRAM);
    bind_to(theirs, directory / "theirs");
    checked(connect_to(ours, directory / "theirs"));
    return {std::move(ours), std::move(theirs)};
}

void send_bytes(const Fd& socket, std::size_t count) {
    const std::vector<std::byte> bytes(count);
    checked(static_cast<int>(::send(socket.get(), bytes.data(), bytes.size(), MSG_DONTWAIT)));
}

}  // namespace

TEST_CASE("frames of a peer arrive in order and in batches", "[datagram_endpoint]") {
    Loop loop;
    Link link{loop, socket_pair(SOCK_DGRAM)};
    std::vector<std::size_t> sizes;
    for (std::size_t i = 0; i < 90; ++i) {
        sizes.push_back(60 + i);
        send_bytes(link.peer, sizes.back());
    }
    REQUIRE(loop.until([&] { return link.sink.sizes.size() == sizes.size(); }));
    CHECK(link.sink.sizes == sizes);
    CHECK(link.sink.batches < 20);
    CHECK(drops_of(*link.endpoint) == 0);
}

TEST_CASE("a burst longer than a batch arrives whole", "[datagram_endpoint]") {
    Loop loop;
    Link link{loop, socket_pair(SOCK_DGRAM)};
    for (std::size_t round = 1; round <= 5; ++round) {
        for (int i = 0; i < 200; ++i) send_bytes(link.peer, 60);
        REQUIRE(loop.until([&] { return link.sink.sizes.size() == 200 * round; }));
    }
}

TEST_CASE("a reader that pauses loses nothing and gets everything in order",
          "[datagram_endpoint]") {
    Loop loop;
    const std::size_t bytes = GENERATE(60, 1514, 9014);
    Link link{loop, socket_pair(SOCK_DGRAM)};
    for (std::size_t i = 0; i < FrameQueue::frames_max; ++i) REQUIRE(link.enqueue(bytes));
    loop.turns(3);
    const bool held_back = link.endpoint->queued() > 0;
    CHECK(held_back == (bytes > 1000));  // 1,024 short frames fit into the socket
    REQUIRE(loop.until_seen([&] {
        link.read();
        return link.received == link.sent;
    }));
    CHECK(link.disorder == 0);
    CHECK(drops_of(*link.endpoint) == 0);
}

TEST_CASE("a queue goes on by itself when its reader does", "[datagram_endpoint]") {
    Loop loop;
    Link link{loop, socket_pair(SOCK_DGRAM)};
    for (std::size_t i = 0; i < FrameQueue::frames_max; ++i) REQUIRE(link.enqueue(9014));
    loop.turns(3);
    const std::size_t queued = link.endpoint->queued();
    REQUIRE(queued > 0);
    CHECK(loop.wake_ups(20ms) == 0);
    link.read();
    // No other wake-up than the socket's own.
    CHECK(loop.until([&] { return link.endpoint->queued() < queued; }));
}

TEST_CASE("order is kept whatever the pace of writer and reader", "[datagram_endpoint][property]") {
    const char* const given = std::getenv("SEED");
    const auto seed = given ? std::strtoul(given, nullptr, 10) : std::random_device{}();
    INFO("rerun with seed " << seed);
    std::mt19937 random{static_cast<unsigned>(seed)};
    const auto below = [&](std::size_t limit) { return random() % limit; };

    const bool connected = GENERATE(true, false);
    INFO((connected ? "connected peer" : "unconnected peer"));
    Loop loop;
    const TemporaryDirectory directory;
    Link link{loop, connected ? socket_pair(SOCK_DGRAM) : unconnected_peer(directory)};
    const std::size_t sizes[] = {60, 64, 590, 1514, 4000, 9014};
    for (int step = 0; step < 600; ++step) {
        const std::size_t burst = below(3) == 0 ? below(300) : below(12);
        for (std::size_t i = 0; i < burst; ++i)
            if (link.endpoint->queued() < FrameQueue::frames_max / 2)
                link.enqueue(sizes[below(std::size(sizes))]);
        loop.turns(static_cast<int>(below(3)));
        if (below(4) != 0) link.read(below(200));
    }
    REQUIRE(loop.until_seen([&] {
        link.read();
        return link.received == link.sent;
    }));
    CHECK(link.sent > 500);
    CHECK(link.disorder == 0);
    CHECK(drops_of(*link.endpoint) == 0);
}

TEST_CASE("a peer that never connected back gets everything in order", "[datagram_endpoint]") {
    Loop loop;
    const TemporaryDirectory directory;
    Link link{loop, unconnected_peer(directory)};
    for (int i = 0; i < 500; ++i) link.enqueue(1514);
    REQUIRE(loop.until_seen([&] {
        link.read();
        return link.received == 500;
    }));
    CHECK(link.disorder == 0);
    CHECK(drops_of(*link.endpoint) == 0);
}

TEST_CASE("a peer that connects back late is served at full speed from then on",
          "[datagram_endpoint]") {
    Loop loop;
    const TemporaryDirectory directory;
    Link link{loop, unconnected_peer(directory)};
    for (int i = 0; i < 200; ++i) link.enqueue();
    loop.turns(3);
    REQUIRE(connect_to(link.peer, directory / "ours") == 0);
    REQUIRE(loop.until_seen([&] {
        link.read();
        return link.received == 200;
    }));
    for (int i = 0; i < 200; ++i) link.enqueue();
    loop.turns(3);
    CHECK(link.read() == 200);
    CHECK(link.disorder == 0);
}

TEST_CASE("a peer that never reads costs a bounded queue, and its drops are counted",
          "[datagram_endpoint]") {
    Loop loop{8192};
    const TemporaryDirectory directory;
    const bool connected = GENERATE(true, false);
    Link dead{loop, connected ? socket_pair(SOCK_DGRAM) : unconnected_peer(directory)};
    Link alive{loop, socket_pair(SOCK_DGRAM)};
    for (int i = 0; i < 6000; ++i) {
        REQUIRE(dead.enqueue(1514));
        REQUIRE(alive.enqueue(1514));
        if (i % 32 == 0) {
            loop.turn();
            alive.read();
        }
        REQUIRE(dead.endpoint->queued() <= FrameQueue::frames_max);
    }
    REQUIRE(loop.until_seen([&] {
        alive.read();
        return alive.received == alive.sent;
    }));
    CHECK(alive.disorder == 0);
    CHECK(drops_of(*alive.endpoint) == 0);
    CHECK(loop.wake_ups(20ms) == 0);

    const std::uint64_t dropped = drops_of(*dead.endpoint);
    CHECK(dropped == count(*dead.endpoint, DropReason::queue_full));
    CHECK(dropped > 0);
    // What was not dropped is still there for it.
    std::uint64_t got = 0;
    REQUIRE(loop.until_seen([&] {
        got += dead.read();
        return got == dead.sent - dropped;
    }));
    CHECK(dead.endpoint->queued() == 0);
}

TEST_CASE("peers that do not read leave buffers for those that do", "[datagram_endpoint]") {
    Loop loop{2048};
    std::vector<std::unique_ptr<Link>> dead;
    for (int i = 0; i < 20; ++i)
        dead.push_back(std::make_unique<Link>(loop, socket_pair(SOCK_DGRAM)));
    for (int i = 0; i < 300; ++i) {
        for (auto& link : dead) link->enqueue(9014);
        loop.turn();
    }
    CHECK(loop.pool.free() > 0);
    Link alive{loop, socket_pair(SOCK_DGRAM)};
    for (int i = 0; i < 300; ++i) {
        REQUIRE(alive.enqueue(9014));
        REQUIRE(loop.until_seen([&] { return alive.read() == 1; }));
    }
    CHECK(alive.disorder == 0);
}

TEST_CASE("a frame that is too long is dropped and counted, the longest is carried",
          "[datagram_endpoint]") {
    Loop loop;
    Link link{loop, socket_pair(SOCK_DGRAM)};
    send_bytes(link.peer, frame_bytes_max + 1);
    send_bytes(link.peer, 65'000);
    send_bytes(link.peer, frame_bytes_max);
    REQUIRE(loop.until([&] { return !link.sink.sizes.empty(); }));
    CHECK(link.sink.sizes == std::vector<std::size_t>{frame_bytes_max});
    CHECK(count(*link.endpoint, DropReason::too_long) == 2);
}

TEST_CASE("an empty datagram is nothing and ends nothing", "[datagram_endpoint]") {
    Loop loop;
    Link link{loop, socket_pair(SOCK_DGRAM)};
    for (int i = 0; i < 3; ++i) {
        send_bytes(link.peer, 0);
        send_bytes(link.peer, 60);
    }
    REQUIRE(loop.until([&] { return link.sink.sizes.size() == 3; }));
    send_bytes(link.peer, 0);
    loop.turns(2);
    CHECK(loop.wake_ups(20ms) == 0);
    CHECK(link.sink.sizes == std::vector<std::size_t>{60, 60, 60});
    CHECK(link.sink.endings == 0);
}

TEST_CASE("a peer that has gone costs its frames and nothing else", "[datagram_endpoint]") {
    Loop loop;
    Link link{loop, socket_pair(SOCK_DGRAM)};
    loop.turn();
    link.peer.reset();
    for (int i = 0; i < 100; ++i) link.enqueue();
    loop.turns(3);
    CHECK(count(*link.endpoint, DropReason::port_gone) == 100);
    CHECK(link.endpoint->queued() == 0);
    CHECK(loop.wake_ups(20ms) == 0);
    CHECK(link.sink.endings == 0);  // the protocol above decides when it ends
}

TEST_CASE("an endpoint that was closed sends and delivers nothing and lets its frames go",
          "[datagram_endpoint]") {
    Loop loop{1024};
    {
        Link link{loop, socket_pair(SOCK_DGRAM)};
        loop.turn();
        for (int i = 0; i < 100; ++i) link.enqueue(9014);
        send_bytes(link.peer, 60);
        link.endpoint->close();
        link.enqueue();
        CHECK(count(*link.endpoint, DropReason::port_gone) == 101);
        REQUIRE(loop.until([&] { return link.endpoint->idle(); }));
        CHECK(link.read() == 0);
        CHECK(link.sink.sizes.empty());
    }
    loop.turns(2);
    CHECK(loop.pool.free() == 1024 - 512);  // those that the kernel may fill
}

TEST_CASE("while it is paused an endpoint leaves frames in the socket", "[datagram_endpoint]") {
    Loop loop;
    Link link{loop, socket_pair(SOCK_DGRAM)};
    loop.turn();
    link.endpoint->set_paused(true);
    loop.turns(2);
    for (std::size_t i = 0; i < 5; ++i) send_bytes(link.peer, 60 + i);
    loop.turns(3);
    CHECK(link.sink.sizes.empty());
    link.endpoint->set_paused(false);
    REQUIRE(loop.until([&] { return link.sink.sizes.size() == 5; }));
    CHECK(link.sink.sizes == std::vector<std::size_t>{60, 61, 62, 63, 64});
}

TEST_CASE("pauses at any moment lose nothing and keep the order", "[datagram_endpoint][property]") {
    const char* const given = std::getenv("SEED");
    const auto seed = given ? std::strtoul(given, nullptr, 10) : std::random_device{}();
    INFO("rerun with seed " << seed);
    std::mt19937 random{static_cast<unsigned>(seed)};
    Loop loop;
    Link link{loop, socket_pair(SOCK_DGRAM)};
    std::vector<std::size_t> sizes;
    for (int round = 0; round < 500; ++round) {
        link.endpoint->set_paused(random() % 2 == 0);
        for (auto i = random() % 5; i > 0; --i) {
            sizes.push_back(60 + sizes.size() % 1000);
            send_bytes(link.peer, sizes.back());
        }
        loop.turns(static_cast<int>(random() % 3));
        link.endpoint->set_paused(random() % 2 == 0);
        if (sizes.size() - link.sink.sizes.size() < 100) continue;
        link.endpoint->set_paused(false);
        REQUIRE(loop.until([&] { return link.sink.sizes.size() == sizes.size(); }));
    }
    link.endpoint->set_paused(false);
    REQUIRE(loop.until([&] { return link.sink.sizes.size() == sizes.size(); }));
    CHECK(link.sink.sizes == sizes);
}

TEST_CASE("endpoints may be closed at any moment of their traffic",
          "[datagram_endpoint][property]") {
    const char* const given = std::getenv("SEED");
    const auto seed = given ? std::strtoul(given, nullptr, 10) : std::random_device{}();
    INFO("rerun with seed " << seed);
    std::mt19937 random{static_cast<unsigned>(seed)};
    Loop loop{1024};
    for (int round = 0; round < 300; ++round) {
        Link link{loop, socket_pair(SOCK_DGRAM)};
        for (auto i = random() % 100; i > 0; --i) link.enqueue(9014);
        for (auto i = random() % 5; i > 0; --i) send_bytes(link.peer, 60);
        loop.turns(static_cast<int>(random() % 3));
        if (random() % 2) link.peer.reset();
        loop.turns(static_cast<int>(random() % 3));
    }
    loop.turns(2);
    CHECK(loop.pool.free() == 1024 - 512);
}
