// The flow tables of one bridge: 255 of them, each a set of rules, changed by flow mods and read by
// the pipeline (OpenFlow 1.5.1, sections 5.1 to 5.3 and 6.4).
//
// Rules are addressed by RuleId, which never names another rule later: who remembers one asks
// find() whether it is still there. Counters of packets that the cache answered arrive late; who
// reads counters calls settle() first and has them exact.
#pragma once

#include <array>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <vector>

#include "flows/change_log.h"
#include "flows/eviction_queue.h"
#include "flows/flow_mod.h"
#include "flows/rule_selection.h"

namespace switchd {

enum class RemovedReason : std::uint8_t {  // OFPRR_*
    idle_timeout = 0,
    hard_timeout = 1,
    deleted = 2,
    group_deleted = 3,
    meter_deleted = 4,
    eviction = 5,
};

// Told of what happens to rules, in its order, with counters settled. It must not change tables.
class RuleObserver {
public:
    virtual ~RuleObserver() = default;
    virtual void rule_removed(const Rule& rule, RemovedReason reason, TimePoint now) = 0;
};

// Has counted packets that the rules do not know of yet.
class CounterSource {
public:
    virtual ~CounterSource() = default;
    virtual void settle_counters() = 0;
};

// What happens to a packet that no rule of a table matches.
enum class TableMiss : std::uint8_t { standard, controller, go_on, drop };

struct TableState {
    std::uint64_t lookups = 0;
    std::uint64_t matches = 0;
    TableMiss miss = TableMiss::standard;
    std::uint32_t rules_max = 1'000'000;
    bool evicts = false;  // a full table gives up its least important rule that has a timeout
    std::uint32_t rules = 0;
};

class FlowTables {
public:
    // More than a million simple rules have; fewer with many actions fill it as well.
    static constexpr std::size_t bytes_max_default = std::size_t{1} << 30;
    // About a millisecond's work.
    static constexpr int expired_at_once_max = 1000;
    // A lookup in a table whose rules have more different masks costs more than one.
    static constexpr std::size_t cheap_masks = 8;

    // Rules are refused, as if their table were full, when all of them together hold so much.
    explicit FlowTables(ChangeLog& changes, HashKey secret = HashKey{},
                        std::size_t bytes_max = bytes_max_default);
    ~FlowTables();
    FlowTables(const FlowTables&) = delete;
    FlowTables& operator=(const FlowTables&) = delete;

    // All of the flow mod or nothing of it.
    std::expected<void, FlowModError> apply(const FlowMod& mod, TimePoint now);

    // One of the switch's own rules (above priority_max), which no flow mod finds.
    void remove_own(std::uint8_t table, const Match& match, std::uint32_t priority, TimePoint now);

    // The rule of `table` that decides about `key`, or null; folds what was looked at into `mask`.
    const Rule* lookup(std::uint8_t table, const FlowKey& key, FlowMask& mask) const;
    // How many lookups in a table of no more than cheap_masks masks one in this table may cost; at
    // least 1.
    unsigned lookup_cost(std::uint8_t table) const;
    // Valid until the next change.
    const Rule* find(RuleId id) const;
    const Rule* find(std::uint8_t table, const Match& match, std::uint32_t priority) const;

    // For who walks through all rules (rule_walk.h): each is in one of so many slots, or it is
    // null.
    std::uint32_t slots() const { return static_cast<std::uint32_t>(slots_.size()); }
    const Rule* in_slot(std::uint32_t slot) const { return slots_[slot].rule.get(); }
    std::size_t size() const { return size_; }          // with the switch's own
    std::size_t shown() const { return size_ - own_; }  // without them
    // Of memory, about.
    std::size_t bytes() const;

    const TableState& state(std::uint8_t table) const { return states_[table]; }
    void configure(std::uint8_t table, TableMiss miss);
    void set_eviction(std::uint8_t table, bool on);
    void set_limit(std::uint8_t table, std::uint32_t rules_max);

    void settle() const {
        if (source_) source_->settle_counters();
    }
    void count(RuleId id, std::uint64_t packets, std::uint64_t bytes, TimePoint last);
    void count_lookups(std::uint8_t table, std::uint64_t lookups, std::uint64_t matches);
    void set_counter_source(CounterSource* source) { source_ = source; }
    void set_observer(RuleObserver* observer) { observer_ = observer; }

    // Removes the rules whose time has come, and frees removed ones, expired_at_once_max of them at
    // most: next_expiry() is in the past while more are left.
    void expire(TimePoint now);
    // When a rule may have to go; none: no rule has a timeout.
    std::optional<TimePoint> next_expiry() const;

    // Some rule looks beyond layer 2, or its actions do.
    bool beyond_layer_2() const { return rules_beyond_layer_2_ != 0; }

private:
    struct Slot {
        std::unique_ptr<Rule> rule;
        std::uint32_t use = 0;
        bool beyond_layer_2 = false;
        TimePoint watched = TimePoint::max();  // the earliest of its entries in deadlines_
    };
    struct Deadline {
        TimePoint at;
        RuleId id;
        bool operator>(const Deadline& other) const { return at > other.at; }
    };

    std::expected<void, FlowModError> check(const FlowMod& mod) const;
    std::expected<void, FlowModError> add(const FlowMod& mod, TimePoint now);
    void modify(const FlowMod& mod, const std::vector<Rule*>& rules, TimePoint now);
    std::vector<Rule*> selected(const FlowMod& mod) const;
    Classifier& classifier(std::uint8_t table);
    void give(Rule& rule, const SharedActions& actions);
    bool make_room(std::uint8_t table, TimePoint now);
    void may_be_evicted(const Rule& rule);
    void enter_for_eviction(std::uint8_t table);
    void remove(Rule& rule, RemovedReason reason, TimePoint now);
    void remove_all(const FlowMod& mod, const std::vector<Rule*>& rules, TimePoint now);
    void leave_classifier(Rule& rule);
    std::unique_ptr<Rule> let_go(Rule& rule, RemovedReason reason, TimePoint now);
    void free_removed(std::size_t count);
    template <class Edit>
    void change_masks(std::uint8_t table, Edit edit);
    void changed(const Rule& rule);
    void changed(const FlowMod& mod, const std::vector<Rule*>& rules);
    void set_beyond_layer_2(const Rule& rule, bool on);
    void watch(Rule& rule);
    void forget_old_deadlines();
    std::optional<TimePoint> deadline_of(const Rule& rule) const;

    ChangeLog& changes_;
    HashKey secret_;
    std::array<std::unique_ptr<Classifier>, table_count> classifiers_;  // null: no rule ever
    std::array<TableState, table_count> states_{};
    std::array<EvictionQueue, table_count> evictions_{};  // of tables that evict
    std::vector<Slot> slots_;
    std::vector<std::uint32_t> free_;
    std::vector<std::unique_ptr<Rule>> removed_;  // in no table any more, of many that went at once
    std::size_t size_ = 0;
    std::size_t own_ = 0;            // of these, the switch's own
    std::size_t masks_ = 0;          // in all tables
    std::size_t actions_bytes_ = 0;  // of all rules, shared ones once
    std::size_t bytes_max_;
    std::size_t rules_beyond_layer_2_ = 0;
    std::priority_queue<Deadline, std::vector<Deadline>, std::greater<>> deadlines_;
    CounterSource* source_ = nullptr;
    RuleObserver* observer_ = nullptr;
};

}  // namespace switchd
