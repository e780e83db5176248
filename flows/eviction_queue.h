// Which rule of a full table goes first: the least important, of those the one that would go first
// by itself (OpenFlow 1.5.1, section 5.5). Rules without a timeout are not in it.
//
// A rule that is used lives longer than it was entered for. Nobody tells the queue: it asks when
// the rule's turn comes, and enters it again. So a rule may stand in it more than once, and a rule
// that has gone is found out then.
#pragma once

#include <functional>
#include <optional>
#include <queue>
#include <vector>

#include "flows/rule.h"

namespace switchd {

class EvictionQueue {
public:
    struct Turn {
        std::uint16_t importance = 0;
        TimePoint deadline;
        auto operator<=>(const Turn&) const = default;
    };

    // To be called when a rule is new, or is to go earlier than it was entered for.
    void enter(RuleId id, const Turn& turn) { entries_.push({turn, id}); }
    // `turn_of(id)`: when it is this rule's turn now; none: never, or it has gone.
    template <class TurnOf>
    std::optional<RuleId> pop(TurnOf turn_of) {
        while (!entries_.empty()) {
            const Entry entry = entries_.top();
            entries_.pop();
            const std::optional<Turn> turn = turn_of(entry.id);
            if (turn && *turn > entry.turn)
                enter(entry.id, *turn);
            else if (turn)
                return entry.id;
        }
        return std::nullopt;
    }
    std::size_t size() const { return entries_.size(); }
    void clear() { entries_ = {}; }

private:
    struct Entry {
        Turn turn;
        RuleId id;
        bool operator>(const Entry& other) const { return turn > other.turn; }
    };

    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> entries_;
};

}  // namespace switchd
