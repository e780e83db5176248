#include "switchd/links/stream_endpoint.h"

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/loop.h"
#include "tests/support/sockets.h"

using namespace switchd;

namespace {

using Bytes = std::vector<std::byte>;

class Sink final : public FrameSink {
public:
    void receive(Endpoint&, FrameBatch& batch) noexcept override {
        for (const Frame& frame : batch.frames())
            frames.emplace_back(frame.bytes().begin(), frame.bytes().end());
    }
    void ended(Endpoint&) noexcept override { ++endings; }

    std::vector<Bytes> frames;
    int endings = 0;
};

Bytes numbered(std::uint32_t number, std::size_t bytes) {
    Bytes frame(bytes, std::byte{0x5a});
    std::memcpy(frame.data(), &number, sizeof number);
    return frame;
}

void append_length(Bytes& stream, std::size_t length) {
    stream.resize(stream.size() + 4);
    store_big_endian(&stream[stream.size() - 4], static_cast<std::uint32_t>(length));
}
void append(Bytes& stream, const Bytes& frame) {
    append_length(stream, frame.size());
    stream.insert(stream.end(), frame.begin(), frame.end());
}

// An endpoint, and the other end of its socket.
struct Link {
    Link() {
        auto [ours, theirs] = socket_pair(SOCK_STREAM);
        peer = std::move(theirs);
        endpoint =
            std::make_unique<StreamEndpoint>(loop.reactor, sink, std::move(ours), "somebody");
        endpoint->start();
    }
    ~Link() {
        endpoint->close();
        loop.reactor.retire(std::move(endpoint));
        loop.turns(3);
    }

    void says(std::span<const std::byte> bytes) {
        REQUIRE(::send(peer.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
                static_cast<ssize_t>(bytes.size()));
    }
    void enqueue(const Bytes& bytes) {
        Frame frame = loop.pool.take();
        frame.resize(bytes.size());
        std::ranges::copy(bytes, frame.writable().begin());
        endpoint->enqueue(std::move(frame));
    }
    // All that is there now.
    void hear() {
        Bytes some(100'000);
        for (ssize_t got; (got = receive_now(peer, some)) > 0;)
            heard.insert(heard.end(), some.begin(), some.begin() + got);
    }
    std::uint64_t drops(DropReason reason) const {
        return endpoint->drops()[static_cast<std::size_t>(reason)];
    }

    Loop loop;
    Sink sink;
    Fd peer;
    std::unique_ptr<StreamEndpoint> endpoint;
    Bytes heard;
};

}  // namespace

TEST_CASE("frames of a stream arrive whole, however it is cut into pieces", "[stream_endpoint]") {
    const auto seed = std::random_device{}();
    CAPTURE(seed);
    std::mt19937 random(seed);
    Link link;
    std::vector<Bytes> frames;
    Bytes stream;
    for (std::uint32_t i = 0; i < 500; ++i) {
        frames.push_back(numbered(i, 14 + random() % (i % 10 == 0 ? frame_bytes_max - 13 : 200)));
        append(stream, frames.back());
    }
    for (std::size_t at = 0; at < stream.size();) {
        const std::size_t piece = std::min<std::size_t>(
            1 + random() % (random() % 3 == 0 ? 5 : 30'000), stream.size() - at);
        link.says(std::span(stream).subspan(at, piece));
        at += piece;
        link.loop.turn();
    }
    CHECK(link.loop.until([&] { return link.sink.frames.size() == frames.size(); }));
    CHECK(link.sink.frames == frames);
    CHECK(link.sink.endings == 0);
}

TEST_CASE("what is no frame or too long is dropped, and the stream goes on", "[stream_endpoint]") {
    Link link;
    Bytes stream;
    append(stream, {});
    append(stream, Bytes(13));
    append(stream, Bytes(frame_bytes_max + 1));
    append(stream, Bytes(StreamEndpoint::length_max));
    append(stream, numbered(7, frame_bytes_max));
    append(stream, numbered(8, 14));
    for (std::size_t at = 0; at < stream.size(); at += 50'000) {
        link.says(std::span(stream).subspan(at, std::min<std::size_t>(50'000, stream.size() - at)));
        link.loop.turns(2);
    }
    REQUIRE(link.loop.until([&] { return link.sink.frames.size() == 2; }));
    CHECK(link.sink.frames[0] == numbered(7, frame_bytes_max));
    CHECK(link.sink.frames[1] == numbered(8, 14));
    CHECK(link.drops(DropReason::runt) == 2);
    CHECK(link.drops(DropReason::too_long) == 2);
}

TEST_CASE("who announces what no frame can have is left", "[stream_endpoint]") {
    const std::size_t length =
        GENERATE(as<std::size_t>{}, StreamEndpoint::length_max + 1, 0xffffffff, 0x47455420);
    Link link;
    Bytes stream;
    append(stream, numbered(1, 60));
    append_length(stream, length);
    link.says(stream);
    CHECK(link.loop.until([&] { return link.sink.endings == 1; }));
    CHECK(link.sink.frames.size() == 1);
    CHECK(link.endpoint->reason() == "it announced a frame of " + std::to_string(length) +
                                         " bytes, so it speaks something else");
    link.loop.turns(3);
    CHECK(link.sink.endings == 1);
}

TEST_CASE("half a header and silence costs nothing, and an end ends it", "[stream_endpoint]") {
    Link link;
    link.says(Bytes(2));
    link.loop.turns(3);
    CHECK(link.loop.wake_ups(std::chrono::milliseconds{100}) == 0);
    CHECK(link.sink.endings == 0);
    link.peer.reset();
    CHECK(link.loop.until([&] { return link.sink.endings == 1; }));
    CHECK(link.endpoint->reason() == "it closed the connection");
}

TEST_CASE("frames are sent in order behind their lengths, whatever a peer reads at once",
          "[stream_endpoint]") {
    Link link;
    Bytes wanted;
    std::uint32_t number = 0;
    for (int round = 0; round < 50; ++round) {
        for (int i = 0; i < 100; ++i, ++number) {
            const Bytes frame = numbered(number, 14 + number % 9000);
            append(wanted, frame);
            link.enqueue(frame);
        }
        link.loop.turn();
        CHECK(link.loop.until_seen([&] {
            link.hear();
            return link.heard.size() == wanted.size();
        }));
    }
    CHECK(link.heard == wanted);
    CHECK(link.drops(DropReason::queue_full) == 0);
}

TEST_CASE("a peer that stops reading holds a queue and no more, and gets it in the end",
          "[stream_endpoint]") {
    Link link;
    const std::size_t free = link.loop.pool.free();
    for (std::uint32_t i = 0; i < 3000; ++i) {
        link.enqueue(numbered(i, 1500));
        if (i % 50 == 0) link.loop.turn();
    }
    CHECK(link.drops(DropReason::queue_full) > 1000);
    CHECK(link.loop.wake_ups(std::chrono::milliseconds{100}) == 0);
    CHECK(link.loop.until_seen([&] {
        link.hear();
        return link.endpoint->queued() == 0;
    }));
    link.loop.turns(3);
    link.hear();
    CHECK(link.heard.size() % 1504 == 0);
    CHECK(link.heard.size() / 1504 == 3000 - link.drops(DropReason::queue_full));
    CHECK(link.loop.pool.free() + 512 >= free);
}

TEST_CASE("peers that stop reading leave buffers to those that read", "[stream_endpoint]") {
    Loop loop{2048};
    Sink sink;
    struct End {
        std::unique_ptr<StreamEndpoint> endpoint;
        Fd peer;
    };
    const auto end = [&] {
        auto [ours, theirs] = socket_pair(SOCK_STREAM);
        const int few = 4096;
        checked(::setsockopt(ours.get(), SOL_SOCKET, SO_SNDBUF, &few, sizeof few));
        return End{std::make_unique<StreamEndpoint>(loop.reactor, sink, std::move(ours), "end"),
                   std::move(theirs)};
    };
    const auto give = [&](StreamEndpoint& to, std::size_t bytes) {
        Frame frame = loop.pool.take();
        REQUIRE(frame);
        frame.resize(bytes);
        to.enqueue(std::move(frame));
    };
    std::vector<End> deaf;
    for (int i = 0; i < 60; ++i) deaf.push_back(end());
    for (const End& each : deaf) {
        for (int i = 0; i < 64; ++i) give(*each.endpoint, 1500);
        loop.turn();
    }
    End reader = end();
    std::size_t heard = 0;
    Bytes some(100'000);
    bool heard_all = true;
    for (std::size_t i = 0; heard_all && i < 500; ++i) {
        give(*reader.endpoint, 1500);
        heard_all = loop.until_seen([&] {
            const ssize_t got = receive_now(reader.peer, some);
            heard += static_cast<std::size_t>(std::max<ssize_t>(got, 0));
            return heard == 1504 * (i + 1);
        });
    }
    CHECK(heard_all);
    for (const DropReason reason : {DropReason::queue_full, DropReason::buffer_exhausted})
        CHECK(reader.endpoint->drops()[static_cast<std::size_t>(reason)] == 0);
    deaf.push_back(std::move(reader));
    for (End& each : deaf) {
        each.endpoint->close();
        loop.reactor.retire(std::move(each.endpoint));
    }
    loop.turns(3);
}

TEST_CASE("while it is paused nothing is taken, and nothing is lost", "[stream_endpoint]") {
    Link link;
    Bytes stream;
    append(stream, numbered(1, 60));
    link.loop.turn();
    link.endpoint->set_paused(true);
    link.loop.turns(2);
    link.says(stream);
    link.loop.turns(3);
    CHECK(link.sink.frames.empty());
    link.endpoint->set_paused(false);
    CHECK(link.loop.until([&] { return link.sink.frames.size() == 1; }));
}

TEST_CASE("a stream may be closed at any moment", "[stream_endpoint]") {
    const int turns = GENERATE(0, 1, 2);
    Link link;
    for (std::uint32_t i = 0; i < 500; ++i) link.enqueue(numbered(i, 9000));
    link.loop.turns(turns);
}
