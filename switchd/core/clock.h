// Time as everything in the switch sees it: monotonic, in nanoseconds, read once per turn of the
// loop.
//
// Nothing below main() asks the system for the time: it is passed in, or read from a Clock that a
// test can turn by hand.
#pragma once

#include <chrono>

namespace switchd {

using Duration = std::chrono::nanoseconds;
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;

class Clock {
public:
    virtual ~Clock() = default;
    virtual TimePoint now() const = 0;
};

class SteadyClock final : public Clock {
public:
    TimePoint now() const override { return std::chrono::steady_clock::now(); }
};

class ManualClock final : public Clock {
public:
    TimePoint now() const override { return now_; }
    void advance(Duration by) { now_ += by; }

private:
    TimePoint now_{std::chrono::hours{1}};
};

}  // namespace switchd
