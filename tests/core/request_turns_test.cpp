#include "switchd/core/request_turns.h"

#include <string>

#include "tests/support/catch.h"
#include "tests/support/loop.h"

using namespace switchd;

namespace {

// Has so many requests, each of which takes so long as the loop sees it.
class Peer final : public Requester {
public:
    Peer(RequestTurns& turns, std::string& log, char name, int requests, Duration each)
        : turns_(turns), log_(log), name_(name), left_(requests), each_(each) {
        turns_.go_on_later(*this);
        turns_.go_on_later(*this);  // that is no second turn
    }
    ~Peer() { turns_.forget(*this); }
    int left() const { return left_; }

private:
    void go_on() noexcept override {
        log_ += name_;
        const TimePoint begin = turns_.reactor().clock().now();
        while (turns_.reactor().clock().now() - begin < each_) continue;
        turns_.time().spend(begin, turns_.reactor().clock().now());
        if (--left_ > 0) turns_.go_on_later(*this);
    }

    RequestTurns& turns_;
    std::string& log_;
    char name_;
    int left_;
    Duration each_;
};

struct Lab {
    ~Lab() {
        turns.close();
        loop.until([&] { return turns.idle(); });
    }
    Loop loop;
    RequestTurns turns{loop.reactor};
    std::string log;
};

}  // namespace

TEST_CASE("those who wait go on in turn until all is done", "[request_turns]") {
    Lab lab;
    Peer a(lab.turns, lab.log, 'a', 3, Duration{}), b(lab.turns, lab.log, 'b', 2, Duration{});
    REQUIRE(lab.loop.until([&] { return a.left() == 0 && b.left() == 0; }));
    CHECK(lab.log == "ababa");
}

TEST_CASE("after a request that took long the next waits as long again", "[request_turns]") {
    Lab lab;
    const Duration takes = 5 * RequestTime::per_turn;
    Peer a(lab.turns, lab.log, 'a', 1, takes), b(lab.turns, lab.log, 'b', 1, takes);
    REQUIRE(lab.loop.until([&] { return a.left() == 0; }));
    CHECK(lab.log == "a");
    const TimePoint done = lab.loop.clock.now();
    REQUIRE(lab.loop.until([&] { return b.left() == 0; }));
    CHECK(lab.loop.clock.now() - done >= 2 * takes - RequestTime::per_turn);
}

TEST_CASE("who has gone is not called", "[request_turns]") {
    Lab lab;
    Peer a(lab.turns, lab.log, 'a', 1, Duration{});
    { Peer gone(lab.turns, lab.log, 'x', 1, Duration{}); }
    REQUIRE(lab.loop.until([&] { return a.left() == 0; }));
    CHECK(lab.log == "a");
}
