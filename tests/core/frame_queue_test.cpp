#include "switchd/core/frame_queue.h"

#include <cstdlib>
#include <deque>
#include <random>

#include "tests/support/catch.h"

using namespace switchd;

namespace {

Frame frame_of(FramePool& pool, std::size_t size) {
    Frame frame = pool.take();
    frame.resize(size);
    return frame;
}

}  // namespace

TEST_CASE("a queue behaves like a deque whatever is done to it", "[frame_queue][property]") {
    const char* const given = std::getenv("SEED");
    const auto seed = given ? std::strtoul(given, nullptr, 10) : std::random_device{}();
    INFO("rerun with seed " << seed);
    std::mt19937 random{static_cast<unsigned>(seed)};

    FramePool pool{FrameQueue::frames_max};
    FrameQueue queue;
    std::deque<std::size_t> model;
    std::size_t next = 0;
    for (int step = 0; step < 200'000; ++step) {
        // Long phases of growing and of shrinking, so that every fill level is passed.
        const bool growing = step / 3000 % 2 == 0;
        const unsigned dice = static_cast<unsigned>(random() % 10);
        if (dice < (growing ? 6U : 3U)) {
            if (model.size() == FrameQueue::frames_max) continue;
            next = (next + 1) % 9000;
            if (dice == 0) {
                queue.push_front(frame_of(pool, next));
                model.push_front(next);
            } else {
                queue.push_back(frame_of(pool, next));
                model.push_back(next);
            }
        } else if (!model.empty()) {
            REQUIRE(queue.front().size() == model.front());
            REQUIRE(queue.pop_front().size() == model.front());
            model.pop_front();
        }
        REQUIRE(queue.size() == model.size());
        REQUIRE(queue.empty() == model.empty());
        REQUIRE(pool.free() == FrameQueue::frames_max - model.size());
    }
    queue.clear();
    CHECK(queue.empty());
    CHECK(pool.free() == FrameQueue::frames_max);
}

TEST_CASE("a queue that goes lets its frames go", "[frame_queue]") {
    FramePool pool{40};
    {
        FrameQueue queue;
        for (std::size_t i = 0; i < 40; ++i) queue.push_back(frame_of(pool, i));
        CHECK(pool.free() == 0);
    }
    CHECK(pool.free() == 40);
}
