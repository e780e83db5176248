#include "switchd/core/frame_pool.h"

#include <cstdint>
#include <set>

#include "switchd/core/frame.h"
#include "tests/support/catch.h"

using namespace switchd;

TEST_CASE("a pool gives what it has, then nothing, and again what came back", "[frame_pool]") {
    FramePool pool{3};
    Frame a = pool.take();
    Frame b = pool.take();
    Frame c = pool.take();
    REQUIRE((a && b && c));
    CHECK(pool.free() == 0);
    CHECK_FALSE(pool.take());
    b.reset();
    CHECK(pool.free() == 1);
    CHECK(pool.take());
}

TEST_CASE("buffers do not overlap and are as large as promised", "[frame_pool]") {
    const auto room = GENERATE(FramePool::room_bytes_default, std::size_t{65'600});
    FramePool pool{8, room};
    CHECK(pool.room_bytes() >= room);
    std::set<std::byte*> starts;
    std::uint16_t id = 0;
    while (pool.lend(id)) starts.insert(pool.start(id));
    REQUIRE(starts.size() == 8);
    std::byte* last = nullptr;
    for (std::byte* start : starts) {
        if (last) CHECK(static_cast<std::size_t>(start - last) >= FramePool::headroom_bytes + room);
        last = start;
    }
}

TEST_CASE("the buffer that was freed last is handed out first", "[frame_pool]") {
    FramePool pool{16};
    Frame frame = pool.take();
    const std::byte* const where = frame.bytes().data();
    frame.reset();
    CHECK(pool.take().bytes().data() == where);
}

TEST_CASE("a lent buffer that the kernel filled becomes a frame of that size", "[frame_pool]") {
    FramePool pool{1};
    std::uint16_t id = 0;
    REQUIRE(pool.lend(id));
    pool.start(id)[59] = std::byte{0x7e};
    {
        const Frame frame = pool.received(id, 60);
        REQUIRE(frame.size() == 60);
        CHECK(frame.bytes()[59] == std::byte{0x7e});
        CHECK(frame.headroom() == FramePool::headroom_bytes);
        CHECK(pool.free() == 0);
    }
    CHECK(pool.free() == 1);
}
