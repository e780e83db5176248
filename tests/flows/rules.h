// Rules in a few words.
#pragma once

#include "flows/flow_tables.h"

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

}  // namespace switchd::test
