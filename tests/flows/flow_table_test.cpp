#include "flows/flow_table.h"

#include <map>
#include <random>

#include "tests/flows/random_switch.h"
#include "tests/flows/seeds.h"
#include "tests/support/catch.h"

namespace switchd::test {
namespace {

Match match_in_port(PortNumber port) {
    FlowKey key;
    key.set(field::in_port, port);
    return {key, FlowMask::of({field::in_port})};
}

}  // namespace

TEST_CASE("the highest priority decides, the older of equals", "[flows]") {
    FlowTable table;
    FlowKey key;
    key.set(field::in_port, 1);
    FlowMask mask;
    CHECK_FALSE(table.lookup(key, mask));

    table.add(Match{}, 10, TableAction::hub);
    table.add(match_in_port(1), 10, TableAction::drop);
    CHECK(table.lookup(key, mask)->action == TableAction::hub);
    table.add(match_in_port(1), 20, TableAction::normal);
    CHECK(table.lookup(key, mask)->action == TableAction::normal);
    CHECK(table.size() == 3);
    CHECK(table.remove(match_in_port(1), 20));
    CHECK_FALSE(table.remove(match_in_port(1), 20));
    CHECK(table.lookup(key, mask)->action == TableAction::hub);
}

TEST_CASE("a rule with the same match and priority is replaced", "[flows]") {
    FlowTable table;
    FlowMask mask;
    table.add(Match{}, 10, TableAction::hub);
    table.add(Match{}, 10, TableAction::drop);
    CHECK(table.size() == 1);
    CHECK(table.lookup(FlowKey{}, mask)->action == TableAction::drop);
}

TEST_CASE("rules that cannot decide any more are not looked at", "[flows]") {
    FlowTable table;
    table.add(match_in_port(1), 20, TableAction::drop);
    FlowKey key;
    FlowMask fine = FlowMask::of({field::tp_dst});
    table.add({key, fine}, 10, TableAction::drop);

    FlowMask mask;
    key.set(field::in_port, 1);
    table.lookup(key, mask);
    CHECK(mask == FlowMask::of({field::in_port}));
    key.set(field::in_port, 2);
    table.lookup(key, mask);
    CHECK(mask == FlowMask::of({field::in_port, field::tp_dst}));
}

TEST_CASE("the table decides as a search through all rules would, and its mask is sound",
          "[flows][property]") {
    for (const auto seed : seeds(150)) {
        INFO("rerun with seed " << seed);
        RandomSwitch random{seed};
        FlowTable table{HashKey{seed}};
        std::vector<TableRule> oracle;
        for (int step = 0; step < 60; ++step) {
            if (oracle.empty() || random.chance(65)) {
                const Match match = random.chance(30) && !oracle.empty()
                                        ? oracle[random.below(oracle.size())].match
                                        : random.match();
                const auto priority = static_cast<std::uint16_t>(random.below(4));
                const auto action = static_cast<TableAction>(random.below(3));
                table.add(match, priority, action);
                const auto same = std::ranges::find_if(oracle, [&](const TableRule& rule) {
                    return rule.match == match && rule.priority == priority;
                });
                if (same != oracle.end())
                    same->action = action;
                else
                    oracle.push_back({match, priority, action});
            } else {
                const auto at =
                    oracle.begin() + static_cast<std::ptrdiff_t>(random.below(oracle.size()));
                REQUIRE(table.remove(at->match, at->priority));
                oracle.erase(at);
            }
            REQUIRE(table.size() == oracle.size());
            REQUIRE(table.rules().size() == oracle.size());

            for (int i = 0; i < 8; ++i) {
                FlowKey key = random.key();
                if (!oracle.empty()) {  // one that some rule matches
                    const Match& match = oracle[random.below(oracle.size())].match;
                    key = twin(match.mask, match.key, key);
                }
                const TableRule* wanted = nullptr;
                for (const TableRule& rule : oracle)
                    if (rule.match.matches(key) && (!wanted || rule.priority > wanted->priority))
                        wanted = &rule;
                FlowMask mask;
                const TableRule* found = table.lookup(key, mask);
                REQUIRE((found != nullptr) == (wanted != nullptr));
                if (found) {
                    CHECK(found->match == wanted->match);
                    CHECK(found->priority == wanted->priority);
                    CHECK(found->action == wanted->action);
                }
                FlowMask again;
                CHECK(table.lookup(twin(mask, key, random.key()), again) == found);
                CHECK(again == mask);
            }
        }
    }
}

}  // namespace switchd::test
