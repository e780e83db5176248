// A Reactor for tests, with ways to turn it that cannot hang: the loop sleeps until something
// completes, and a test that waits for what never comes is to fail, not to stand still.
#pragma once

#include <csignal>

#include "switchd/core/reactor.h"
#include "switchd/core/timer.h"

namespace switchd {

class Loop {
public:
    static constexpr Duration patience = std::chrono::seconds{10};

    // Peers of tests go away while they are written to; the programs ignore the signal as well.
    explicit Loop(std::size_t buffers = 4096) : pool(buffers) { std::signal(SIGPIPE, SIG_IGN); }
    ~Loop() {
        tick_.disarm();
        while (!tick_.idle()) reactor.run_once();
    }

    // One turn at least, whether anything completes or not.
    void turn() {
        ticked_ = false;
        tick_.arm(clock.now());
        while (!ticked_) reactor.run_once();
    }
    void turns(int count) {
        for (int i = 0; i < count; ++i) turn();
    }

    // Turns until the condition holds, woken only by what completes. False: patience ran out.
    template <class Condition>
    bool until(Condition&& condition) {
        ticked_ = false;
        tick_.arm(clock.now() + patience);
        while (!condition() && !ticked_) reactor.run_once();
        return condition();
    }

    // The same for conditions outside the loop (what a peer can read now), looked at every turn.
    template <class Condition>
    bool until_seen(Condition&& condition) {
        for (const TimePoint end = clock.now() + patience; !condition(); turn())
            if (clock.now() > end) return false;
        return true;
    }

    // How often the loop wakes up within `period`, the end of the period not counted.
    int wake_ups(Duration period) {
        int count = 0;
        ticked_ = false;
        tick_.arm(clock.now() + period);
        while (!ticked_) {
            reactor.run_once();
            if (!ticked_) ++count;
        }
        return count;
    }

    FramePool pool;
    FramePool large_pool{16, large_room_bytes};
    SteadyClock clock;
    Reactor reactor{pool, large_pool, clock};

private:
    void on_tick() noexcept { ticked_ = true; }

    bool ticked_ = false;
    Timer tick_ = Timer::calling<&Loop::on_tick>(reactor, this);
};

}  // namespace switchd
