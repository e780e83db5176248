#include "flows/eviction_queue.h"

#include <map>

#include "tests/support/catch.h"

namespace switchd::test {

using namespace std::chrono_literals;
using Turn = EvictionQueue::Turn;

TEST_CASE("the least important goes first, of those the one that has least time left", "[flows]") {
    const TimePoint now{1h};
    std::map<std::uint32_t, Turn> turns{
        {1, {5, now + 1s}}, {2, {3, now + 9s}}, {3, {3, now + 7s}}, {4, {3, now + 8s}}};
    EvictionQueue queue;
    for (const auto& [slot, turn] : turns) queue.enter({slot, 0}, turn);
    const auto turn_of = [&](RuleId id) -> std::optional<Turn> {
        const auto found = turns.find(id.slot);
        return found == turns.end() ? std::nullopt : std::optional(found->second);
    };
    SECTION("as they were entered") {
        for (const std::uint32_t slot : {3u, 4u, 2u, 1u}) CHECK(queue.pop(turn_of)->slot == slot);
        CHECK_FALSE(queue.pop(turn_of));
    }
    SECTION("what has been used meanwhile goes later, what has gone is passed over") {
        turns[3].deadline = now + 10s;
        turns.erase(4);
        for (const std::uint32_t slot : {2u, 3u, 1u}) CHECK(queue.pop(turn_of)->slot == slot);
    }
    SECTION("what is to go earlier has been entered again") {
        turns[1] = {0, now + 1s};
        queue.enter({1, 0}, turns[1]);
        CHECK(queue.pop(turn_of)->slot == 1);
        turns.erase(1);
        CHECK(queue.pop(turn_of)->slot == 3);
    }
}

}  // namespace switchd::test
