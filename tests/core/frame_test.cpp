#include "switchd/core/frame.h"

#include <algorithm>
#include <string_view>

#include "tests/support/catch.h"

using namespace switchd;

namespace {

Frame frame_of(FramePool& pool, std::string_view text) {
    Frame frame = pool.take();
    frame.resize(text.size());
    std::ranges::copy(std::as_bytes(std::span(text)), frame.writable().begin());
    return frame;
}

std::string_view text_of(const Frame& frame) {
    return {reinterpret_cast<const char*>(frame.bytes().data()), frame.size()};
}

}  // namespace

TEST_CASE("a frame moves and leaves nothing behind", "[frame]") {
    FramePool pool{2};
    Frame a = frame_of(pool, "frame");
    Frame b = std::move(a);
    CHECK_FALSE(a);
    CHECK(text_of(b) == "frame");
    b = frame_of(pool, "other");
    CHECK(text_of(b) == "other");
    CHECK(pool.free() == 1);
    b.reset();
    b.reset();
    CHECK(pool.free() == 2);
}

TEST_CASE("the buffer of a shared frame is free when the last owner lets go", "[frame]") {
    FramePool pool{2};
    Frame a = frame_of(pool, "shared");
    Frame b = a.share();
    CHECK(a.bytes().data() == b.bytes().data());
    CHECK(pool.free() == 1);
    a.reset();
    CHECK(pool.free() == 1);
    CHECK(text_of(b) == "shared");
    b.reset();
    CHECK(pool.free() == 2);
}

TEST_CASE("who owns a shared frame for himself may change it and the others do not see it",
          "[frame]") {
    FramePool pool{2};
    Frame a = frame_of(pool, "shared");
    Frame b = a.share();
    REQUIRE(b.own());
    b.writable()[0] = std::byte{'S'};
    CHECK(text_of(a) == "shared");
    CHECK(text_of(b) == "Shared");
}

TEST_CASE("a frame that nobody else looks at is not copied", "[frame]") {
    FramePool pool{2};
    Frame a = frame_of(pool, "mine");
    const std::byte* const where = a.bytes().data();
    REQUIRE(a.own());
    CHECK(a.bytes().data() == where);
    CHECK(pool.free() == 1);
}

TEST_CASE("owning fails and changes nothing when no buffer is free", "[frame]") {
    FramePool pool{1};
    Frame a = frame_of(pool, "shared");
    Frame b = a.share();
    REQUIRE_FALSE(b.own());
    CHECK(text_of(b) == "shared");
    CHECK(a.bytes().data() == b.bytes().data());
}

TEST_CASE("the front of a frame moves into its headroom and back", "[frame]") {
    FramePool pool{1};
    Frame frame = frame_of(pool, "payload");
    const std::size_t headroom = frame.headroom();
    const std::size_t room = frame.room();
    frame.move_front(-4);
    CHECK(frame.size() == 11);
    CHECK(frame.headroom() == headroom - 4);
    CHECK(frame.room() == room + 4);
    frame.move_front(6);
    CHECK(text_of(frame) == "yload");
    CHECK(frame.headroom() == headroom + 2);
}

TEST_CASE("a share keeps its own bounds", "[frame]") {
    FramePool pool{1};
    Frame a = frame_of(pool, "payload");
    const Frame b = a.share();
    a.move_front(3);
    CHECK(text_of(a) == "load");
    CHECK(text_of(b) == "payload");
}

TEST_CASE("a batch holds its frames in order and frees what nobody took", "[frame]") {
    FramePool pool{FrameBatch::frames_max};
    FrameBatch batch;
    for (std::size_t i = 0; i < FrameBatch::frames_max; ++i) {
        Frame frame = pool.take();
        frame.resize(i);
        CHECK_FALSE(batch.full());
        batch.push(std::move(frame));
    }
    CHECK(batch.full());
    for (std::size_t i = 0; i < batch.size(); ++i) CHECK(batch.frames()[i].size() == i);
    const Frame kept = std::move(batch.frames()[7]);
    batch.clear();
    CHECK(batch.empty());
    CHECK(pool.free() == FrameBatch::frames_max - 1);
}

TEST_CASE("what is left to do goes with a frame, and its offsets with the front", "[frame]") {
    FramePool pool{2, 65'600};
    Frame frame = frame_of(pool, "a frame of some length");
    CHECK_FALSE(frame.offloaded());
    const Offload offload{.checksum = true,
                          .checksum_start = 10,
                          .checksum_offset = 6,
                          .segments = Offload::Segments::udp,
                          .segment_bytes = 5};
    frame.set_offload(offload);
    CHECK(frame.offload() == offload);
    frame.move_front(-4);
    CHECK(frame.offload().checksum_start == 14);

    Frame other = frame.share();
    CHECK(other.offload() == frame.offload());
    REQUIRE(other.own());
    CHECK(other.offload() == frame.offload());
    other.move_front(8);
    CHECK(other.offload().checksum_start == 6);
    CHECK(frame.offload().checksum_start == 14);
    other.set_offload({});
    CHECK_FALSE(other.offloaded());
    CHECK(other.offload() == Offload{});
    CHECK(frame.offloaded());
}

TEST_CASE("a frame may have 64 KiB", "[frame]") {
    FramePool pool{2, 65'600};
    Frame frame = pool.take();
    frame.resize(65'557);
    CHECK(frame.size() == 65'557);
    frame.writable()[65'556] = std::byte{7};
    Frame other = frame.share();
    REQUIRE(other.own());
    CHECK(other.bytes()[65'556] == std::byte{7});
}
