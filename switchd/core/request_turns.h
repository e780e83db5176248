// Whose turn it is to have a request carried out: peers that ask for more than a turn of the loop
// has time for (request_time.h) get it one after the other, first come, first served.
#pragma once

#include <list>

#include "switchd/core/request_time.h"
#include "switchd/core/timer.h"

namespace switchd {

// A peer of which something that it asked for is left to do.
class Requester {
public:
    // Does some of it, whether there is time or not, and asks for another turn if more is left.
    virtual void go_on() noexcept = 0;

protected:
    ~Requester() = default;
};

class RequestTurns {
public:
    explicit RequestTurns(Reactor& reactor) : reactor_(reactor) {}

    Reactor& reactor() { return reactor_; }
    RequestTime& time() { return time_; }
    // What is left has to wait for its turn.
    bool is_over() const { return time_.is_over(reactor_.now(), reactor_.clock().now()); }

    // Calls go_on() once, in a turn that has time. Nothing happens if that is to come anyway.
    void go_on_later(Requester& requester) noexcept;
    // Before a requester goes.
    void forget(Requester& requester) noexcept { waiting_.remove(&requester); }

    void close() noexcept { next_turn_.disarm(); }
    bool idle() const { return next_turn_.idle(); }

private:
    void on_next_turn() noexcept;
    void ring_later() noexcept;

    Reactor& reactor_;
    RequestTime time_;
    std::list<Requester*> waiting_;
    // Rings in the next turn, once what else has come meanwhile is known.
    Timer next_turn_ = Timer::calling<&RequestTurns::on_next_turn>(reactor_, this);
};

}  // namespace switchd
