// How much of the loop's time requests may take, those of all connections of a switch together.
//
// In each turn about a millisecond. A single request may take longer, since each is carried out as
// a whole: a change of some hundred thousand rules does. That is paid back: for as long again there
// is no other, so that frames have half of the time whatever peers ask for, and however many of
// them.
#pragma once

#include "flows/openflow/switch.h"

namespace switchd::openflow {

class RequestTime {
public:
    // About what 100 frames take.
    static constexpr Duration per_turn = std::chrono::milliseconds{1};

    // `target` outlives this.
    explicit RequestTime(const Switch& target) : target_(target) {}

    // No request is carried out any more now, nor before this turn ends.
    bool is_over() const {
        const TimePoint now = target_.measured_now();
        return now < rests_until_ || now - target_.now() >= per_turn;
    }
    // When the next one may be, if not in the next turn.
    TimePoint rests_until() const { return rests_until_; }

    // A request lasted from `begin` until now.
    void spent_since(TimePoint begin) {
        const TimePoint now = target_.measured_now();
        if (now - begin > per_turn) rests_until_ = now + (now - begin);
    }

private:
    const Switch& target_;
    TimePoint rests_until_{};
};

}  // namespace switchd::openflow
