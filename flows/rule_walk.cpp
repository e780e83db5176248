#include "flows/rule_walk.h"

#include <algorithm>
#include <functional>

namespace switchd {

std::uint64_t RuleWalk::rank_of(const Rule& rule) {
    constexpr std::uint64_t highest = 0x1ffff;  // the switch's own are little above priority_max
    constexpr unsigned age_bits = 39;           // more rules than ever come
    return std::uint64_t{rule.table} << (age_bits + 17) |
           (highest - std::min<std::uint64_t>(rule.priority(), highest)) << age_bits |
           (rule.order() & ((std::uint64_t{1} << age_bits) - 1));
}

bool RuleWalk::look_around() {
    return go_on([&](const Rule& rule) {
        places_.push_back({rank_of(rule), rule.id.slot});
        std::ranges::push_heap(places_, std::greater{});
    });
}

const Rule* RuleWalk::next() {
    while (!places_.empty()) {
        std::ranges::pop_heap(places_, std::greater{});
        const Place place = places_.back();
        places_.pop_back();
        const Rule* rule = tables_.in_slot(place.slot);
        // Another one may be there now.
        if (rule && rank_of(*rule) == place.rank && selection_.holds(*rule)) return rule;
    }
    return nullptr;
}

}  // namespace switchd
