// How much of the loop's time requests may take, those of all peers together: of controllers,
// tools and people.
//
// In each turn about a millisecond. A single request may take longer, since each is carried out as
// a whole: a change of some hundred thousand rules does. That is paid back: for as long again there
// is no other, so that frames have half of the time whatever peers ask for, and however many of
// them.
#pragma once

#include "switchd/core/clock.h"

namespace switchd {

class RequestTime {
public:
    // About what 100 frames take.
    static constexpr Duration per_turn = std::chrono::milliseconds{1};

    // No request is carried out any more now, nor before the turn ends that began at `turn`.
    bool is_over(TimePoint turn, TimePoint now) const {
        return now < rests_until_ || now - turn >= per_turn;
    }
    // When the next one may be, if not in the next turn.
    TimePoint rests_until() const { return rests_until_; }

    // A request was carried out from `begin` until now.
    void spend(TimePoint begin, TimePoint now) {
        if (now - begin > per_turn) rests_until_ = now + (now - begin);
    }

private:
    TimePoint rests_until_{};
};

}  // namespace switchd
