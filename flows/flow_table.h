// Rules, and which of them decides about a key: the one with the highest priority that matches, the
// older one of equals.
//
// Rules that look at the same bits share a hash table; the tables are asked in the order of their
// highest priority, so the search ends when what was found outranks what is left. Every table that
// was asked contributes its bits to the mask, found or not.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "flows/flow_mask.h"
#include "flows/keyed_hash.h"
#include "flows/match.h"

namespace switchd {

enum class TableAction : std::uint8_t {
    normal,  // a learning VLAN switch
    hub,     // to every other port but port 0, untouched
    drop,
};

struct TableRule {
    Match match;
    std::uint16_t priority = 0;
    TableAction action = TableAction::drop;
    std::uint64_t age_order = 0;  // given by the table: smaller is older
};

class FlowTable {
public:
    explicit FlowTable(HashKey key = HashKey{}) : hash_key_(key) {}

    // A rule with the same match and priority is replaced, keeping its place among equals.
    void add(const Match& match, std::uint16_t priority, TableAction action);
    // False if there is none with exactly this match and priority.
    bool remove(const Match& match, std::uint16_t priority);

    // The rule that decides about `key`, or null; folds the bits that were looked at into `mask`.
    // Valid until the next change.
    const TableRule* lookup(const FlowKey& key, FlowMask& mask) const;

    std::size_t size() const { return size_; }
    // Some rule looks beyond layer 2.
    bool beyond_layer_2() const;
    // Highest priority first, older first among equals.
    std::vector<TableRule> rules() const;

private:
    struct KeyHash {
        HashKey secret;
        std::size_t operator()(const FlowKey& key) const;
    };
    // Per masked key, highest priority first: only the first ever decides.
    using RuleMap = std::unordered_map<FlowKey, std::vector<TableRule>, KeyHash>;
    struct Subtable {
        FlowMask mask;
        std::uint16_t priority_max = 0;
        RuleMap rules;
    };
    void sort_subtables();

    HashKey hash_key_;
    std::vector<Subtable> subtables_;  // highest priority_max first
    std::size_t size_ = 0;
    std::uint64_t rules_ever_ = 0;
};

}  // namespace switchd
