// A switch of four ports whose rules a test gives.
#pragma once

#include "tests/flows/talking_switch.h"

namespace switchd::test {

namespace act = rule_action;

inline Match on(std::initializer_list<std::pair<FieldId, std::uint64_t>> fields) {
    FlowKey key;
    FlowMask mask;
    for (const auto& [id, value] : fields) {
        match_field(id).set(key, {0, value});
        match_field(id).fold(mask);
    }
    return {key, mask};
}

inline act::SetField set(FieldId id, std::uint64_t value) {
    return {id, {0, value}, match_field(id).ones()};
}

struct Programmed : TalkingSwitch {
    Programmed() { REQUIRE(tables.flow_tables().apply(remove_mod(), now)); }
    void rule(std::uint8_t table, const Match& match, RuleActions actions,
              std::uint32_t priority = 10) {
        REQUIRE(
            tables.flow_tables().apply(add_mod(match, priority, std::move(actions), table), now));
    }
    // What the switch does with a packet from alice to bob on port 1.
    std::string program(const Bytes& content = payload) { return sends(1, alice, bob, content); }
    Verdict verdict(const Bytes& content = payload) {
        return tables.lookup(extract(ethernet(alice, bob, content), 1), now);
    }
};

}  // namespace switchd::test
