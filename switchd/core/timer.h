// One deadline of the loop: calls its owner once at or after the time it was armed for.
//
// Arming again replaces the deadline. A timer that is not armed costs nothing and wakes nobody.
#pragma once

#include <optional>

#include "switchd/core/reactor.h"

namespace switchd {

class Timer {
public:
    // Timer ageing_ = Timer::calling<&Bridge::on_ageing>(reactor, this);
    template <auto method>
    static Timer calling(Reactor& reactor, auto* owner) {
        return Timer{reactor, owner,
                     [](void* to) noexcept { (static_cast<decltype(owner)>(to)->*method)(); }};
    }
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

    void arm(TimePoint deadline) {
        if (!operation_.in_flight())
            reactor_.timeout(operation_, timespec_, deadline);
        else if (deadline != pending_)
            reactor_.change_timeout(operation_, timespec_, deadline);
        deadline_ = pending_ = deadline;
    }
    void disarm() {
        deadline_.reset();
        reactor_.cancel(operation_);
    }
    bool armed() const { return deadline_.has_value(); }
    std::optional<TimePoint> deadline() const { return deadline_; }  // none: not armed
    // The timer may be destroyed: disarmed, and the kernel has let go of it.
    bool idle() const { return !operation_.in_flight(); }

private:
    Timer(Reactor& reactor, void* owner, void (*function)(void*) noexcept)
        : reactor_(reactor), owner_(owner), function_(function) {}

    void on_timeout(Completion&) noexcept {
        if (!deadline_) return;
        // A change of the deadline can cross with the old one's end.
        if (reactor_.now() < *deadline_) return arm(*deadline_);
        deadline_.reset();
        function_(owner_);
    }

    Reactor& reactor_;
    void* owner_;
    void (*function_)(void*) noexcept;
    std::optional<TimePoint> deadline_;  // what the owner waits for
    TimePoint pending_{};                // what the kernel was told
    Reactor::Timespec timespec_{};
    Operation operation_ = Operation::calling<&Timer::on_timeout>(this);
};

}  // namespace switchd
