#include "switchd/core/log_limit.h"

#include "tests/support/catch.h"

using namespace switchd;

TEST_CASE("what comes again and again gets a line in a while, which counts the others",
          "[log_limit]") {
    LogLimit limit;
    ManualClock clock;
    int lines = 0;
    while (limit.allow(clock.now()) == 0u) ++lines;
    CHECK(lines == 20);
    for (int i = 0; i < 41; ++i) CHECK_FALSE(limit.allow(clock.now()));
    clock.advance(std::chrono::seconds{6});
    CHECK(limit.allow(clock.now()) == 42u);
    CHECK_FALSE(limit.allow(clock.now()));
    // Silence is not saved up beyond the first measure.
    clock.advance(std::chrono::hours{24});
    CHECK(limit.allow(clock.now()) == 1u);
    for (int i = 1; i < 20; ++i) CHECK(limit.allow(clock.now()) == 0u);
    CHECK_FALSE(limit.allow(clock.now()));
}
