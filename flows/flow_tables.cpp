#include "flows/flow_tables.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace switchd {
namespace {

// What a rule takes with all that finds it, and what each mask in use takes in its classifier.
constexpr std::size_t rule_bytes = 400;
constexpr std::size_t mask_bytes = 2048;

bool is_strict(FlowMod::Command command) {
    return command == FlowMod::Command::modify_strict || command == FlowMod::Command::remove_strict;
}

bool is_remove(FlowMod::Command command) {
    return command == FlowMod::Command::remove || command == FlowMod::Command::remove_strict;
}

// The actions read or write headers behind layer 2.
bool read_beyond_layer_2(std::span<const RuleAction> actions) {
    const auto beyond = [](FieldId field) {
        FlowMask mask;
        match_field(field).fold(mask);
        return mask.beyond_layer_2();
    };
    return std::ranges::any_of(actions, [&](const RuleAction& action) {
        if (const auto* set = std::get_if<rule_action::SetField>(&action.what))
            return beyond(set->field);
        if (const auto* move = std::get_if<rule_action::Move>(&action.what))
            return beyond(move->source.field) || beyond(move->destination.field);
        if (const auto* written = std::get_if<rule_action::WriteActions>(&action.what))
            return read_beyond_layer_2(written->actions);
        return std::holds_alternative<rule_action::DecTtl>(action.what);
    });
}

std::optional<std::uint8_t> goto_of(const RuleActions& actions) {
    for (const RuleAction& action : actions)
        if (const auto* next = std::get_if<rule_action::GotoTable>(&action.what))
            return next->table;
    return std::nullopt;
}

Rule& rule_of(ClassifierEntry& entry) {
    return static_cast<Rule&>(entry);
}

// Of every rule that a flow mod touches, rather than of the whole match, if they are no more.
constexpr std::size_t single_changes_max = 64;

}  // namespace

FlowTables::FlowTables(ChangeLog& changes, HashKey secret, std::size_t bytes_max)
    : changes_(changes), secret_(secret), bytes_max_(bytes_max) {}
FlowTables::~FlowTables() = default;

std::expected<void, FlowModError> FlowTables::apply(const FlowMod& mod, TimePoint now) {
    if (const auto sane = check(mod); !sane) return sane;
    if (mod.command == FlowMod::Command::add) return add(mod, now);

    const std::vector<Rule*> rules = selected(mod);
    if (is_remove(mod.command)) {
        remove_all(mod, rules, now);
        return {};
    }
    if (rules.empty())
        return mod.modify_may_add ? add(mod, now) : std::expected<void, FlowModError>{};
    if (const auto next = goto_of(mod.actions))
        for (const Rule* rule : rules)
            if (*next <= rule->table) return std::unexpected(FlowModError::goto_backwards);
    if (bytes() + bytes_of(mod.actions) > bytes_max_)
        return std::unexpected(FlowModError::table_full);
    modify(mod, rules, now);
    return {};
}

std::expected<void, FlowModError> FlowTables::check(const FlowMod& mod) const {
    if (mod.table == table_all && mod.command == FlowMod::Command::add)
        return std::unexpected(FlowModError::bad_table_id);
    if (const auto next = goto_of(mod.actions); next && mod.table != table_all) {
        if (*next <= mod.table || *next >= table_count)
            return std::unexpected(FlowModError::goto_backwards);
    }
    return {};
}

std::expected<void, FlowModError> FlowTables::add(const FlowMod& mod, TimePoint now) {
    const std::uint8_t table = mod.table == table_all ? std::uint8_t{0} : mod.table;
    Classifier& rules = classifier(table);
    ClassifierEntry* const same = rules.find(mod.match, mod.priority);
    // What it takes the place of is no obstacle.
    if (!same && (mod.flags & rule_flag::check_overlap) != 0 &&
        rules.overlaps(mod.match, mod.priority))
        return std::unexpected(FlowModError::overlap);
    // What the switch needs itself finds room in any case.
    const bool own = mod.priority > priority_max;
    if (!own && bytes() + bytes_of(mod.actions) > bytes_max_)
        return std::unexpected(FlowModError::table_full);

    Rule* rule = nullptr;
    if (same) {
        settle();
        rule = &rule_of(*same);
        if (mod.resets_counters) rule->packets = rule->bytes = 0;
    } else {
        if (!own && states_[table].rules >= states_[table].rules_max && !make_room(table, now))
            return std::unexpected(FlowModError::table_full);
        if (free_.empty()) {
            free_.push_back(static_cast<std::uint32_t>(slots_.size()));
            slots_.emplace_back();
        }
        free_removed(2);  // faster than they can become more
        const std::uint32_t slot = free_.back();
        free_.pop_back();
        slots_[slot].rule = std::make_unique<Rule>(table, mod.match, mod.priority);
        rule = slots_[slot].rule.get();
        rule->id = {slot, slots_[slot].use};
        change_masks(table, [&] { rules.insert(*rule); });
        ++states_[table].rules;
        ++size_;
        own_ += own;
    }
    rule->flags = mod.flags;
    rule->idle_timeout = mod.idle_timeout;
    rule->hard_timeout = mod.hard_timeout;
    rule->importance = mod.importance;
    rule->cookie = mod.new_cookie;
    give(*rule, mod.actions);
    rule->created = rule->modified = rule->used = now;
    set_beyond_layer_2(*rule, mod.match.mask.beyond_layer_2() || read_beyond_layer_2(mod.actions));
    changed(*rule);
    watch(*rule);
    may_be_evicted(*rule);
    return {};
}

void FlowTables::modify(const FlowMod& mod, const std::vector<Rule*>& rules, TimePoint now) {
    settle();
    const bool deep_actions = read_beyond_layer_2(mod.actions);
    const SharedActions actions = mod.actions;
    for (Rule* rule : rules) {
        if (mod.modify_cookie) rule->cookie = mod.new_cookie;
        if (mod.resets_counters) rule->packets = rule->bytes = 0;
        give(*rule, actions);
        rule->modified = now;
        set_beyond_layer_2(*rule, deep_actions || rule->match().mask.beyond_layer_2());
    }
    changed(mod, rules);
}

// The first rule that gets a list pays for it, the last that gives it up is paid back.
void FlowTables::give(Rule& rule, const SharedActions& actions) {
    if (!rule.actions.shared()) actions_bytes_ -= rule.actions.bytes();
    if (!actions.shared()) actions_bytes_ += actions.bytes();
    rule.actions = actions;
}

std::size_t FlowTables::bytes() const {
    return size_ * rule_bytes + masks_ * mask_bytes + actions_bytes_;
}

void FlowTables::remove_own(std::uint8_t table, const Match& match, std::uint32_t priority,
                            TimePoint now) {
    if (ClassifierEntry* const entry = classifier(table).find(match, priority))
        remove(rule_of(*entry), RemovedReason::deleted, now);
}

const Rule* FlowTables::lookup(std::uint8_t table, const FlowKey& key, FlowMask& mask) const {
    if (table >= table_count || !classifiers_[table]) return nullptr;
    return static_cast<const Rule*>(classifiers_[table]->lookup(key, mask));
}

const Rule* FlowTables::find(RuleId id) const {
    if (id.slot >= slots_.size() || slots_[id.slot].use != id.use) return nullptr;
    return slots_[id.slot].rule.get();
}

const Rule* FlowTables::find(std::uint8_t table, const Match& match, std::uint32_t priority) const {
    if (table >= table_count || !classifiers_[table]) return nullptr;
    return static_cast<const Rule*>(classifiers_[table]->find(match, priority));
}

std::vector<Rule*> FlowTables::selected(const FlowMod& mod) const {
    std::vector<Rule*> found;
    const RuleSelection selection(mod);
    const auto take = [&](ClassifierEntry& entry) {
        if (selection.agrees(rule_of(entry))) found.push_back(&rule_of(entry));
    };
    for (unsigned table = 0; table < table_count; ++table) {
        if ((mod.table != table_all && mod.table != table) || !classifiers_[table]) continue;
        if (!is_strict(mod.command))
            classifiers_[table]->for_each_within(mod.match, take);
        else if (ClassifierEntry* const same = classifiers_[table]->find(mod.match, mod.priority))
            take(*same);
    }
    return found;
}

// In steps, so that few changes of a table change it.
unsigned FlowTables::lookup_cost(std::uint8_t table) const {
    if (table >= table_count || !classifiers_[table]) return 1;
    const std::size_t shares = (classifiers_[table]->subtables() + cheap_masks - 1) / cheap_masks;
    return static_cast<unsigned>(std::bit_ceil(std::max(shares, std::size_t{1})));
}

void FlowTables::configure(std::uint8_t table, TableMiss miss) {
    for (unsigned i = 0; i < table_count; ++i)
        if (table == table_all || table == i) states_[i].miss = miss;
    changes_.append({.kind = Change::Kind::everything});
}

void FlowTables::set_limit(std::uint8_t table, std::uint32_t rules_max) {
    states_[table].rules_max = rules_max;
}

void FlowTables::count(RuleId id, std::uint64_t packets, std::uint64_t bytes, TimePoint last) {
    if (!find(id)) return;
    Rule& rule = *slots_[id.slot].rule;
    if ((rule.flags & rule_flag::no_packet_counts) == 0) rule.packets += packets;
    if ((rule.flags & rule_flag::no_byte_counts) == 0) rule.bytes += bytes;
    rule.used = std::max(rule.used, last);
}

void FlowTables::count_lookups(std::uint8_t table, std::uint64_t lookups, std::uint64_t matches) {
    states_[table].lookups += lookups;
    states_[table].matches += matches;
}

void FlowTables::expire(TimePoint now) {
    free_removed(expired_at_once_max);
    if (deadlines_.empty() || deadlines_.top().at > now) return;
    settle();
    for (int i = 0; i < expired_at_once_max; ++i) {
        if (deadlines_.empty() || deadlines_.top().at > now) return;
        const RuleId id = deadlines_.top().id;
        deadlines_.pop();
        if (!find(id)) continue;
        Rule& rule = *slots_[id.slot].rule;
        slots_[id.slot].watched = TimePoint::max();
        const auto deadline = deadline_of(rule);
        if (!deadline) continue;
        if (*deadline > now) {
            watch(rule);
            continue;
        }
        const bool hard = rule.hard_timeout != 0 &&
                          rule.modified + std::chrono::seconds{rule.hard_timeout} <= now;
        remove(rule, hard ? RemovedReason::hard_timeout : RemovedReason::idle_timeout, now);
    }
}

std::optional<TimePoint> FlowTables::next_expiry() const {
    if (!removed_.empty()) return TimePoint{};
    if (deadlines_.empty()) return std::nullopt;
    return deadlines_.top().at;
}

void FlowTables::free_removed(std::size_t count) {
    if (removed_.empty()) return;
    removed_.resize(removed_.size() - std::min(removed_.size(), count));
    if (removed_.empty()) removed_.shrink_to_fit();
}

std::optional<TimePoint> FlowTables::deadline_of(const Rule& rule) const {
    std::optional<TimePoint> deadline;
    if (rule.idle_timeout != 0) deadline = rule.used + std::chrono::seconds{rule.idle_timeout};
    if (rule.hard_timeout != 0) {
        const TimePoint hard = rule.modified + std::chrono::seconds{rule.hard_timeout};
        deadline = deadline ? std::min(*deadline, hard) : hard;
    }
    return deadline;
}

// A rule that lives longer than its entry says is looked at then and entered again.
void FlowTables::watch(Rule& rule) {
    const auto deadline = deadline_of(rule);
    TimePoint& watched = slots_[rule.id.slot].watched;
    if (!deadline || *deadline >= watched) return;
    watched = *deadline;
    deadlines_.push({*deadline, rule.id});
    // Rules that went before their time have left theirs behind.
    if (deadlines_.size() > 2 * size_ + 1024) forget_old_deadlines();
}

void FlowTables::forget_old_deadlines() {
    std::vector<Deadline> alive;
    for (const Slot& slot : slots_)
        if (slot.rule && slot.watched != TimePoint::max())
            alive.push_back({slot.watched, slot.rule->id});
    deadlines_ = decltype(deadlines_)(std::greater<>{}, std::move(alive));
}

Classifier& FlowTables::classifier(std::uint8_t table) {
    if (!classifiers_[table]) classifiers_[table] = std::make_unique<Classifier>(secret_);
    return *classifiers_[table];
}

// Gives up the least important rule that would go by itself anyway, of those the one that goes
// first.
bool FlowTables::make_room(std::uint8_t table, TimePoint now) {
    if (!states_[table].evicts) return false;
    settle();
    const auto victim = evictions_[table].pop([&](RuleId id) -> std::optional<EvictionQueue::Turn> {
        const Rule* const rule = find(id);
        const auto deadline = rule ? deadline_of(*rule) : std::nullopt;
        if (!deadline) return std::nullopt;
        return EvictionQueue::Turn{rule->importance, *deadline};
    });
    if (!victim) return false;
    remove(*slots_[victim->slot].rule, RemovedReason::eviction, now);
    return true;
}

void FlowTables::set_eviction(std::uint8_t table, bool on) {
    if (states_[table].evicts == on) return;
    states_[table].evicts = on;
    enter_for_eviction(table);
}

void FlowTables::may_be_evicted(const Rule& rule) {
    const auto deadline = deadline_of(rule);
    if (!states_[rule.table].evicts || !deadline || rule.priority() > priority_max) return;
    EvictionQueue& queue = evictions_[rule.table];
    queue.enter(rule.id, {rule.importance, *deadline});
    // Rules that went otherwise have left theirs behind.
    if (queue.size() > 2 * std::size_t{states_[rule.table].rules} + 1024)
        enter_for_eviction(rule.table);
}

void FlowTables::enter_for_eviction(std::uint8_t table) {
    evictions_[table].clear();
    if (states_[table].evicts && classifiers_[table])
        classifiers_[table]->for_each(
            [&](ClassifierEntry& entry) { may_be_evicted(rule_of(entry)); });
}

void FlowTables::remove(Rule& rule, RemovedReason reason, TimePoint now) {
    changed(rule);
    leave_classifier(rule);
    let_go(rule, reason, now);
}

// A table that loses all its rules loses what finds them as a whole.
void FlowTables::remove_all(const FlowMod& mod, const std::vector<Rule*>& rules, TimePoint now) {
    if (rules.empty()) return;
    settle();
    changed(mod, rules);
    std::array<std::uint32_t, table_count> going{};
    for (const Rule* rule : rules) ++going[rule->table];
    for (unsigned table = 0; table < table_count; ++table) {
        if (going[table] == 0 || going[table] != states_[table].rules) continue;
        change_masks(static_cast<std::uint8_t>(table),
                     [&] { *classifiers_[table] = Classifier{secret_}; });
    }
    for (Rule* rule : rules) {
        if (classifiers_[rule->table]->size() != 0) leave_classifier(*rule);
        removed_.push_back(let_go(*rule, RemovedReason::deleted, now));
    }
    if (removed_.size() <= expired_at_once_max) free_removed(removed_.size());
}

void FlowTables::leave_classifier(Rule& rule) {
    change_masks(rule.table, [&] { classifiers_[rule.table]->remove(rule); });
}

// After it has left its classifier.
std::unique_ptr<Rule> FlowTables::let_go(Rule& rule, RemovedReason reason, TimePoint now) {
    set_beyond_layer_2(rule, false);
    Slot& slot = slots_[rule.id.slot];
    --states_[rule.table].rules;
    --size_;
    own_ -= rule.priority() > priority_max;
    free_.push_back(rule.id.slot);
    ++slot.use;
    slot.watched = TimePoint::max();
    std::unique_ptr<Rule> gone = std::move(slot.rule);
    if (observer_ && rule.priority() <= priority_max) observer_->rule_removed(rule, reason, now);
    give(rule, {});
    return gone;
}

// The first such rule and the last one change what is seen of every packet.
void FlowTables::set_beyond_layer_2(const Rule& rule, bool on) {
    const bool before = beyond_layer_2();
    bool& deep = slots_[rule.id.slot].beyond_layer_2;
    rules_beyond_layer_2_ -= deep;
    deep = on;
    rules_beyond_layer_2_ += deep;
    if (beyond_layer_2() != before) changes_.append({.kind = Change::Kind::everything});
}

// What a lookup costs decides about packets, also about those that the rule does not match.
template <class Edit>
void FlowTables::change_masks(std::uint8_t table, Edit edit) {
    const unsigned cost = lookup_cost(table);
    masks_ -= classifiers_[table]->subtables();
    edit();
    masks_ += classifiers_[table]->subtables();
    if (lookup_cost(table) != cost)
        changes_.append({.kind = Change::Kind::rule, .table = table, .match = {}});
}

void FlowTables::changed(const Rule& rule) {
    changes_.append({.kind = Change::Kind::rule, .table = rule.table, .match = rule.match()});
}

// What decided about packets of many rules has to be looked at anyway.
void FlowTables::changed(const FlowMod& mod, const std::vector<Rule*>& rules) {
    if (rules.size() <= single_changes_max) {
        for (const Rule* rule : rules) changed(*rule);
        return;
    }
    TableSet tables;
    for (const Rule* rule : rules) {
        if (tables.has(rule->table)) continue;
        tables.add(rule->table);
        changes_.append({.kind = Change::Kind::rule, .table = rule->table, .match = mod.match});
    }
}

}  // namespace switchd
