#include "flows/openflow/request_time.h"

#include "tests/flows/openflow/fake_switch.h"
#include "tests/support/catch.h"

using namespace switchd;
using namespace switchd::openflow;
using namespace switchd::test;

namespace {

// One request that takes so long.
void carry_out(FakeSwitch& target, RequestTime& time, Duration takes) {
    const TimePoint begin = target.measured_now();
    target.worked += takes;
    time.spent_since(begin);
}

}  // namespace

TEST_CASE("requests have one millisecond of each turn") {
    FakeSwitch target;
    RequestTime time(target);
    carry_out(target, time, RequestTime::per_turn / 2);
    CHECK_FALSE(time.is_over());
    carry_out(target, time, RequestTime::per_turn / 2);
    CHECK(time.is_over());
    target.next_turn();
    CHECK_FALSE(time.is_over());
}

TEST_CASE("a request that took long is paid back before the next") {
    FakeSwitch target;
    RequestTime time(target);
    const Duration long_time = 300 * RequestTime::per_turn;
    carry_out(target, time, long_time);
    target.next_turn();
    CHECK(time.is_over());
    CHECK(time.rests_until() == target.now() + long_time);
    target.clock.advance(long_time - Duration{1});
    CHECK(time.is_over());
    target.clock.advance(Duration{1});
    CHECK_FALSE(time.is_over());
}
