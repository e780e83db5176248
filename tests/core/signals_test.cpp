#include "switchd/core/signals.h"

#include <csignal>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/loop.h"

using namespace switchd;
using namespace std::chrono_literals;

namespace {

struct Listening {
    explicit Listening(Loop& on)
        : loop(on),
          signals(Signals::calling<&Listening::on_signal>(on.reactor, this, {SIGUSR1, SIGUSR2})) {}
    ~Listening() {
        signals.close();
        loop.until([&] { return signals.idle(); });
    }
    void on_signal(int signal) noexcept { heard.push_back(signal); }

    Loop& loop;
    std::vector<int> heard;
    Signals signals;
};

}  // namespace

TEST_CASE("signals are heard one by one between packets", "[signals]") {
    block_signals({SIGUSR1, SIGUSR2});
    Loop loop;
    Listening listening{loop};
    loop.turn();
    CHECK(listening.heard.empty());
    CHECK(loop.wake_ups(20ms) == 0);
    ::raise(SIGUSR1);
    REQUIRE(loop.until([&] { return listening.heard.size() == 1; }));
    ::raise(SIGUSR2);
    ::raise(SIGUSR1);
    REQUIRE(loop.until([&] { return listening.heard.size() == 3; }));
    CHECK(listening.heard == std::vector<int>{SIGUSR1, SIGUSR1, SIGUSR2});
}

TEST_CASE("a signal that came before anybody listened is heard as well", "[signals]") {
    block_signals({SIGUSR1, SIGUSR2});
    ::raise(SIGUSR2);
    Loop loop;
    Listening listening{loop};
    REQUIRE(loop.until([&] { return listening.heard == std::vector<int>{SIGUSR2}; }));
}

TEST_CASE("an ignored signal ends nothing", "[signals]") {
    ignore_signals({SIGHUP});
    ::raise(SIGHUP);
    ::signal(SIGHUP, SIG_DFL);
}
