#include "flows/flow_table.h"

#include <algorithm>
#include <iterator>

namespace switchd {
namespace {

bool outranks(const TableRule& a, const TableRule& b) {
    return a.priority != b.priority ? a.priority > b.priority : a.age_order < b.age_order;
}

}  // namespace

std::size_t FlowTable::KeyHash::operator()(const FlowKey& key) const {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < flow_words; ++i)
        sum += multiply_fold(key.words[i] + secret[i], secret[i + 1]);
    return sum;
}

void FlowTable::add(const Match& match, std::uint16_t priority, TableAction action) {
    auto subtable = std::ranges::find(subtables_, match.mask, &Subtable::mask);
    if (subtable == subtables_.end()) {
        subtables_.push_back({match.mask, priority, RuleMap{0, KeyHash{hash_key_}}});
        subtable = std::prev(subtables_.end());
    }
    std::vector<TableRule>& same_match = subtable->rules[match.key];
    const auto at = std::ranges::find(same_match, priority, &TableRule::priority);
    if (at != same_match.end()) {
        at->action = action;
        return;
    }
    same_match.push_back({match, priority, action, rules_ever_++});
    std::ranges::sort(same_match, outranks);
    ++size_;
    subtable->priority_max = std::max(subtable->priority_max, priority);
    sort_subtables();
}

bool FlowTable::remove(const Match& match, std::uint16_t priority) {
    const auto subtable = std::ranges::find(subtables_, match.mask, &Subtable::mask);
    if (subtable == subtables_.end()) return false;
    const auto same_match = subtable->rules.find(match.key);
    if (same_match == subtable->rules.end()) return false;
    if (std::erase_if(same_match->second,
                      [&](const TableRule& rule) { return rule.priority == priority; }) == 0)
        return false;
    if (same_match->second.empty()) subtable->rules.erase(same_match);
    --size_;
    if (subtable->rules.empty()) {
        subtables_.erase(subtable);
    } else {
        subtable->priority_max = 0;
        for (const auto& [key, rules] : subtable->rules)
            subtable->priority_max = std::max(subtable->priority_max, rules.front().priority);
        sort_subtables();
    }
    return true;
}

const TableRule* FlowTable::lookup(const FlowKey& key, FlowMask& mask) const {
    const TableRule* best = nullptr;
    for (const Subtable& subtable : subtables_) {
        if (best && best->priority > subtable.priority_max) break;
        mask.unite(subtable.mask);
        const auto at = subtable.rules.find(subtable.mask.apply(key));
        if (at == subtable.rules.end()) continue;
        const TableRule& found = at->second.front();
        if (!best || outranks(found, *best)) best = &found;
    }
    return best;
}

bool FlowTable::beyond_layer_2() const {
    return std::ranges::any_of(
        subtables_, [](const Subtable& subtable) { return subtable.mask.beyond_layer_2(); });
}

std::vector<TableRule> FlowTable::rules() const {
    std::vector<TableRule> all;
    for (const Subtable& subtable : subtables_)
        for (const auto& [key, same_match] : subtable.rules)
            std::ranges::copy(same_match, std::back_inserter(all));
    std::ranges::sort(all, outranks);
    return all;
}

void FlowTable::sort_subtables() {
    std::ranges::stable_sort(subtables_, std::greater{}, &Subtable::priority_max);
}

}  // namespace switchd
