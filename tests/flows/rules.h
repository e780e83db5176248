// Rules in a few words.
#pragma once

#include <vector>

#include "flows/rule_walk.h"

namespace switchd::test {

inline FlowMod add_mod(const Match& match, std::uint32_t priority, RuleActions actions,
                       std::uint8_t table = 0) {
    FlowMod mod;
    mod.table = table;
    mod.match = match;
    mod.priority = priority;
    mod.actions = std::move(actions);
    return mod;
}

inline FlowMod remove_mod(const Match& match = {}, std::uint8_t table = table_all) {
    FlowMod mod;
    mod.command = FlowMod::Command::remove;
    mod.table = table;
    mod.match = match;
    return mod;
}

inline RuleActions output(PortNumber port) {
    return {rule_action::Output{port}};
}

// Those that a request is about, in the order of a walk.
inline std::vector<const Rule*> rules_of(const FlowTables& tables, const FlowMod& request) {
    RuleWalk walk(tables, RuleSelection(request));
    while (!walk.look_around()) continue;
    std::vector<const Rule*> rules;
    while (const Rule* rule = walk.next()) rules.push_back(rule);
    return rules;
}

}  // namespace switchd::test
