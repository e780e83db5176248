#include "switchd/core/request_turns.h"

#include <algorithm>

namespace switchd {

void RequestTurns::go_on_later(Requester& requester) noexcept {
    if (std::ranges::find(waiting_, &requester) == waiting_.end()) waiting_.push_back(&requester);
    ring_later();
}

void RequestTurns::ring_later() noexcept {
    next_turn_.arm(std::max(reactor_.now(), time_.rests_until()));
}

// One does so in any case, the others while there is time; each in its turn.
void RequestTurns::on_next_turn() noexcept {
    bool any = reactor_.now() < time_.rests_until();
    while (!waiting_.empty() && !(any && is_over())) {
        Requester& requester = *waiting_.front();
        waiting_.pop_front();
        requester.go_on();
        any = true;
    }
    if (!waiting_.empty()) ring_later();
}

}  // namespace switchd
