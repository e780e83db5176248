#include "switchd/core/datagram_batch.h"

#include <array>

#include "tests/support/catch.h"
#include "tests/support/sockets.h"

using namespace switchd;

namespace {

struct Queue {
    explicit Queue(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            Frame frame = pool.take();
            frame.resize(60 + i);
            frame.writable()[0] = static_cast<std::byte>(i);
            frames.push_back(std::move(frame));
        }
    }
    FramePool pool{256};
    FrameQueue frames;
};

}  // namespace

TEST_CASE("the foremost frames of a queue go in their order, and stay in it", "[datagram_batch]") {
    auto [ours, theirs] = socket_pair(SOCK_DGRAM);
    Queue queue{100};
    CHECK(send_front(ours.get(), queue.frames, nullptr, 0) == FrameBatch::frames_max);
    CHECK(queue.frames.size() == 100);
    std::array<std::byte, 200> bytes{};
    for (std::size_t i = 0; i < FrameBatch::frames_max; ++i) {
        REQUIRE(receive_now(theirs, bytes) == static_cast<ssize_t>(60 + i));
        CHECK(bytes[0] == static_cast<std::byte>(i));
    }
    CHECK(receive_now(theirs, bytes) == -1);
}

TEST_CASE("what a peer's queue refuses is not counted as gone", "[datagram_batch]") {
    const TemporaryDirectory place;
    const Fd ours = unix_socket(SOCK_DGRAM), theirs = unix_socket(SOCK_DGRAM);
    bind_to(theirs, place / "theirs");
    const sockaddr_un to = unix_address((place / "theirs").string()).value();
    const auto* const name = reinterpret_cast<const sockaddr*>(&to);
    const int few = 4096;
    checked(::setsockopt(ours.get(), SOL_SOCKET, SO_SNDBUF, &few, sizeof few));
    Queue queue{100};
    const auto sent = send_front(ours.get(), queue.frames, name, sizeof to);
    REQUIRE(sent);
    CHECK(*sent > 0);
    CHECK(*sent < FrameBatch::frames_max);
    CHECK(send_front(ours.get(), queue.frames, name, sizeof to) == std::unexpected(EAGAIN));
    std::array<std::byte, 200> bytes{};
    for (std::size_t i = 0; i < *sent; ++i) CHECK(receive_now(theirs, bytes) > 0);
    CHECK(receive_now(theirs, bytes) == -1);
}
