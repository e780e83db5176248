#include "switchd/core/request_time.h"

#include "tests/support/catch.h"

using namespace switchd;

TEST_CASE("requests have one millisecond of each turn", "[request_time]") {
    RequestTime time;
    const TimePoint turn = ManualClock{}.now();
    const TimePoint half = turn + RequestTime::per_turn / 2;
    time.spend(turn, half);
    CHECK_FALSE(time.is_over(turn, half));
    const TimePoint end = turn + RequestTime::per_turn;
    time.spend(half, end);
    CHECK(time.is_over(turn, end));
    CHECK_FALSE(time.is_over(end, end));
}

TEST_CASE("a request that took long is paid back before the next", "[request_time]") {
    RequestTime time;
    const TimePoint turn = ManualClock{}.now();
    const Duration long_time = 300 * RequestTime::per_turn;
    const TimePoint done = turn + long_time;
    time.spend(turn, done);
    CHECK(time.is_over(done, done));
    CHECK(time.rests_until() == done + long_time);
    const TimePoint paid = done + long_time;
    CHECK(time.is_over(paid - Duration{1}, paid - Duration{1}));
    CHECK_FALSE(time.is_over(paid, paid));
}
