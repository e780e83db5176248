#include "tap/tap_endpoint.h"

#include <sys/socket.h>

#include <array>
#include <memory>
#include <vector>

#include "switchd/core/virtio_header.h"
#include "tests/support/catch.h"
#include "tests/support/loop.h"
#include "tests/support/sockets.h"

using namespace switchd;

namespace {

class Sink final : public FrameSink {
public:
    void receive(Endpoint&, FrameBatch& batch) noexcept override {
        for (Frame& frame : batch.frames()) frames.push_back(std::move(frame));
    }
    void ended(Endpoint&) noexcept override { ++endings; }

    std::vector<Frame> frames;
    int endings = 0;
};

// An endpoint on a socket that gives and takes what a device would: a header and a frame.
struct Device {
    Device() {
        auto [ours, theirs] = socket_pair(SOCK_SEQPACKET);
        kernel = std::move(theirs);
        const int bytes = 1 << 20;
        checked(::setsockopt(kernel.get(), SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes));
        endpoint = std::make_unique<TapEndpoint>(loop.reactor, sink, std::move(ours), "test");
        endpoint->start();
    }
    ~Device() {
        sink.frames.clear();
        endpoint->close();
        loop.reactor.retire(std::move(endpoint));
        loop.turns(2);
    }

    // The header is filled up with zeros.
    void arrives(std::initializer_list<int> header, std::size_t frame_bytes) {
        std::vector<std::byte> bytes(virtio_header_bytes + frame_bytes);
        std::size_t at = 0;
        for (const int value : header) bytes[at++] = static_cast<std::byte>(value);
        for (at = virtio_header_bytes; at < bytes.size(); ++at)
            bytes[at] = static_cast<std::byte>(at);
        checked(static_cast<int>(::send(kernel.get(), bytes.data(), bytes.size(), 0)));
        loop.turns(2);
    }
    std::uint64_t drops(DropReason reason) const {
        return endpoint->drops()[static_cast<std::size_t>(reason)];
    }

    Loop loop;
    Sink sink;
    Fd kernel;
    std::unique_ptr<TapEndpoint> endpoint;
};

}  // namespace

TEST_CASE("a tap's frames come without their header, with what it says", "[tap_endpoint]") {
    Device device;
    device.arrives({}, 60);
    device.arrives({1, 0, 0, 0, 0, 0, 34, 0, 16, 0}, 100);
    device.arrives({1, 1, 66, 0, 0xa8, 5, 34, 0, 16, 0}, 65'000);
    REQUIRE(device.sink.frames.size() == 3);
    CHECK(device.sink.frames[0].size() == 60);
    CHECK(device.sink.frames[0].bytes()[0] == std::byte{virtio_header_bytes});
    CHECK_FALSE(device.sink.frames[0].offloaded());
    CHECK(device.sink.frames[1].offload() ==
          Offload{.checksum = true, .checksum_start = 34, .checksum_offset = 16});
    CHECK(device.sink.frames[2].size() == 65'000);
    CHECK(device.sink.frames[2].offload() == Offload{.checksum = true,
                                                     .checksum_start = 34,
                                                     .checksum_offset = 16,
                                                     .segments = Offload::Segments::tcp_ipv4,
                                                     .segment_bytes = 1448});
}

TEST_CASE("what fits an ordinary buffer takes no large one", "[tap_endpoint]") {
    Device device;
    device.loop.turn();
    const std::size_t before = device.loop.pool.free();
    for (std::size_t i = 0; i < 2 * device.loop.large_pool.size(); ++i)
        device.arrives({1, 1, 66, 0, 0xa8, 5, 34, 0, 16, 0}, frame_bytes_max);
    CHECK(device.sink.frames.size() == 2 * device.loop.large_pool.size());
    CHECK(device.loop.pool.free() == before - 2 * device.loop.large_pool.size());
    device.arrives({1, 1, 66, 0, 0xa8, 5, 34, 0, 16, 0}, frame_bytes_max + 1);
    CHECK(device.loop.pool.free() == before - 2 * device.loop.large_pool.size());
}

TEST_CASE("a tap's frame that is not what its header says is dropped", "[tap_endpoint]") {
    Device device;
    device.arrives({1, 0, 0, 0, 0, 0, 34, 0, 16, 0}, 51);
    CHECK(device.drops(DropReason::bad_offload) == 1);
    device.arrives({}, frame_bytes_max + 1);
    CHECK(device.drops(DropReason::too_long) == 1);
    device.arrives({1, 0, 0, 0, 0, 0, 34, 0, 16, 0}, frame_bytes_max + 1);
    CHECK(device.drops(DropReason::too_long) == 2);
    checked(static_cast<int>(::send(device.kernel.get(), "too short", 9, 0)));
    device.loop.turns(2);
    CHECK(device.drops(DropReason::runt) == 1);
    CHECK(device.sink.frames.empty());
    device.arrives({}, frame_bytes_max);
    CHECK(device.sink.frames.size() == 1);
    CHECK(device.sink.endings == 0);
}

TEST_CASE("frames go to a tap behind a header, shared ones too", "[tap_endpoint]") {
    Device device;
    device.arrives({1, 1, 66, 0, 0xa8, 5, 34, 0, 16, 0}, 20'000);
    device.arrives({}, 60);
    REQUIRE(device.sink.frames.size() == 2);
    for (Frame& frame : device.sink.frames) {
        device.endpoint->enqueue(frame.share());
        device.endpoint->enqueue(std::move(frame));
    }
    device.loop.turns(2);
    std::vector<std::byte> got(virtio_header_bytes + 65'600);
    for (int i = 0; i < 2; ++i) {
        REQUIRE(receive_now(device.kernel, got) == virtio_header_bytes + 20'000);
        CHECK(read_virtio_header(std::span(got).first<virtio_header_bytes>(),
                                 std::span(got).subspan(virtio_header_bytes, 20'000)) ==
              Offload{.checksum = true,
                      .checksum_start = 34,
                      .checksum_offset = 16,
                      .segments = Offload::Segments::tcp_ipv4,
                      .segment_bytes = 1448});
        CHECK(got[virtio_header_bytes + 7] == std::byte{virtio_header_bytes + 7});
    }
    for (int i = 0; i < 2; ++i) {
        REQUIRE(receive_now(device.kernel, got) == virtio_header_bytes + 60);
        CHECK(got[0] == std::byte{0});
        CHECK(got[1] == std::byte{0});
    }
}
