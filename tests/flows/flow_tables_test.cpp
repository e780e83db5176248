#include "flows/flow_tables.h"

#include "tests/flows/frames.h"
#include "tests/flows/rules.h"
#include "tests/support/catch.h"

namespace switchd::test {
namespace {

using namespace std::chrono_literals;
using Command = FlowMod::Command;

struct Tables : RuleObserver {
    Tables() { tables.set_observer(this); }
    void rule_removed(const Rule& rule, RemovedReason reason, TimePoint) override {
        removed.emplace_back(rule.cookie, reason);
    }
    FlowMod mod(Command command, const Match& match, RuleActions actions = {}) {
        FlowMod mod = add_mod(match, 7, std::move(actions));
        mod.command = command;
        return mod;
    }
    void add(const Match& match, std::uint64_t cookie, RuleActions actions = output(1),
             std::uint32_t priority = 7, std::uint8_t table = 0) {
        FlowMod adding = add_mod(match, priority, std::move(actions), table);
        adding.new_cookie = cookie;
        REQUIRE(tables.apply(adding, now));
    }
    const Rule* rule(const Match& match, std::uint32_t priority = 7) {
        return tables.find(0, match, priority);
    }
    std::size_t count(const FlowMod& request) { return rules_of(tables, request).size(); }

    ChangeLog changes;
    FlowTables tables{changes};
    TimePoint now{1h};
    std::vector<std::pair<std::uint64_t, RemovedReason>> removed;
};

Match to(MacAddress mac) {
    FlowKey key;
    key.set(field::eth_dst, mac.to_u64());
    return {key, FlowMask::of({field::eth_dst})};
}
Match to_in_vlan(MacAddress mac, VlanId vlan) {
    FlowKey key = to(mac).key;
    key.set(field::vlan_vid, vlan | tci_present);
    return {key, FlowMask::of({field::eth_dst, field::vlan_vid})};
}

}  // namespace

TEST_CASE_METHOD(Tables, "adding the same rule again gives it a new life", "[flows]") {
    add(to(bob), 1);
    tables.count(rule(to(bob))->id, 3, 300, now + 1s);
    now += 5s;
    FlowMod again = mod(Command::add, to(bob), output(2));
    again.new_cookie = 2;
    REQUIRE(tables.apply(again, now));
    CHECK(tables.size() == 1);
    CHECK(rule(to(bob))->cookie == 2);
    CHECK(rule(to(bob))->created == now);
    CHECK(rule(to(bob))->actions == output(2));
    CHECK(rule(to(bob))->packets == 3);
    again.resets_counters = true;
    REQUIRE(tables.apply(again, now));
    CHECK(rule(to(bob))->packets == 0);
    CHECK(removed.empty());
}

TEST_CASE_METHOD(Tables, "a modify changes actions and nothing of the rule's life", "[flows]") {
    add(to(bob), 1);
    add(to_in_vlan(bob, 5), 2);
    add(to(carol), 3);
    now += 5s;
    REQUIRE(tables.apply(mod(Command::modify, to(bob), output(9)), now));
    CHECK(rule(to(bob))->actions == output(9));
    CHECK(rule(to_in_vlan(bob, 5))->actions == output(9));
    CHECK(rule(to(carol))->actions == output(1));
    CHECK(rule(to(bob))->cookie == 1);
    CHECK(rule(to(bob))->created == now - 5s);
    CHECK(rule(to(bob))->modified == now);
    CHECK(rule(to(bob))->used == now - 5s);

    REQUIRE(tables.apply(mod(Command::modify_strict, to(bob), output(8)), now));
    CHECK(rule(to(bob))->actions == output(8));
    CHECK(rule(to_in_vlan(bob, 5))->actions == output(9));
}

TEST_CASE_METHOD(Tables, "a modify that finds nothing adds only if it may", "[flows]") {
    FlowMod modify = mod(Command::modify, to(bob), output(9));
    REQUIRE(tables.apply(modify, now));
    CHECK(tables.size() == 0);
    modify.modify_may_add = true;
    REQUIRE(tables.apply(modify, now));
    CHECK(tables.size() == 1);
}

TEST_CASE_METHOD(Tables, "a remove takes what is as specific or more", "[flows]") {
    add(to(bob), 1);
    add(to_in_vlan(bob, 5), 2);
    add(to(carol), 3);
    REQUIRE(tables.apply(mod(Command::remove_strict, to_in_vlan(bob, 6)), now));
    CHECK(removed.empty());
    REQUIRE(tables.apply(mod(Command::remove, to(bob)), now));
    CHECK(removed.size() == 2);
    CHECK(tables.size() == 1);
    REQUIRE(tables.apply(remove_mod(), now));
    CHECK(tables.size() == 0);
    CHECK(removed.back() == std::pair{std::uint64_t{3}, RemovedReason::deleted});
}

TEST_CASE_METHOD(Tables, "cookies and ports choose among the rules", "[flows]") {
    add(to(bob), 0x11, output(1));
    add(to(carol), 0x12, output(2));
    add(to(alice), 0x21, {rule_action::WriteActions{output(2)}});
    FlowMod request = remove_mod();
    request.cookie = 0x10;
    request.cookie_mask = 0xf0;
    CHECK(count(request) == 2);
    request.out_port = 2;
    CHECK(count(request) == 1);
    request.cookie_mask = 0;
    CHECK(count(request) == 2);
    request.out_port = 3;
    CHECK(count(request) == 0);
}

TEST_CASE_METHOD(Tables, "overlap is refused where it was asked for", "[flows]") {
    add(to(bob), 1);
    FlowKey key;
    key.set(field::vlan_vid, 5 | tci_present);
    FlowMod checked = mod(Command::add, {key, FlowMask::of({field::vlan_vid})});
    checked.flags = rule_flag::check_overlap;
    CHECK(tables.apply(checked, now).error() == FlowModError::overlap);
    FlowMod replacing = mod(Command::add, to(bob));
    replacing.flags = rule_flag::check_overlap;
    CHECK(tables.apply(replacing, now));
    checked.priority = 8;
    CHECK(tables.apply(checked, now));
}

TEST_CASE_METHOD(Tables, "a match that looks at more overlaps only with what it is within",
                 "[flows]") {
    add(to(bob), 1);
    const auto refused = [&](MacAddress mac) {
        FlowMod checked = mod(Command::add, to_in_vlan(mac, 5));
        checked.flags = rule_flag::check_overlap;
        return !tables.apply(checked, now);
    };
    CHECK(refused(bob));
    CHECK_FALSE(refused(carol));
}

TEST_CASE_METHOD(Tables, "tables have numbers below 255, and a packet only goes up", "[flows]") {
    FlowMod everywhere = mod(Command::add, {});
    everywhere.table = table_all;
    CHECK(tables.apply(everywhere, now).error() == FlowModError::bad_table_id);
    FlowMod back = mod(Command::add, {}, {rule_action::GotoTable{3}});
    back.table = 3;
    CHECK(tables.apply(back, now).error() == FlowModError::goto_backwards);
    back.table = 2;
    CHECK(tables.apply(back, now));
    // A change of all tables is none of those that would go round in circles.
    FlowMod modify = mod(Command::modify, {}, {rule_action::GotoTable{2}});
    modify.table = table_all;
    CHECK(tables.apply(modify, now).error() == FlowModError::goto_backwards);
    modify.actions = {rule_action::GotoTable{9}};
    CHECK(tables.apply(modify, now));
}

TEST_CASE_METHOD(Tables, "rules end when their time has come, with the reason", "[flows]") {
    FlowMod idle = mod(Command::add, to(bob));
    idle.idle_timeout = 5;
    idle.new_cookie = 1;
    FlowMod hard = mod(Command::add, to(carol));
    hard.hard_timeout = 8;
    hard.new_cookie = 2;
    REQUIRE(tables.apply(idle, now));
    REQUIRE(tables.apply(hard, now));
    CHECK(tables.next_expiry() == now + 5s);
    now += 4s;
    tables.count(rule(to(bob))->id, 1, 60, now);
    tables.expire(now + 3s);
    CHECK(removed.empty());
    tables.expire(now + 4s);
    REQUIRE(removed.size() == 1);
    CHECK(removed[0] == std::pair{std::uint64_t{2}, RemovedReason::hard_timeout});
    tables.expire(now + 5s);
    REQUIRE(removed.size() == 2);
    CHECK(removed[1] == std::pair{std::uint64_t{1}, RemovedReason::idle_timeout});
    CHECK_FALSE(tables.next_expiry());
}

TEST_CASE_METHOD(Tables, "of many rules that end at once some do in each turn", "[flows]") {
    constexpr int rules = 2 * FlowTables::expired_at_once_max + 1;
    for (int i = 0; i < rules; ++i) {
        FlowMod mortal = mod(Command::add, to(alice));
        mortal.priority = static_cast<std::uint32_t>(i);
        mortal.hard_timeout = 1;
        REQUIRE(tables.apply(mortal, now));
    }
    now += 1s;
    tables.expire(now);
    CHECK(removed.size() == FlowTables::expired_at_once_max);
    CHECK(tables.next_expiry() <= now);
    tables.expire(now);
    CHECK(tables.next_expiry() <= now);
    tables.expire(now);
    CHECK(removed.size() == rules);
    CHECK_FALSE(tables.next_expiry());
}

TEST_CASE_METHOD(Tables, "a full table refuses, or gives up its least important", "[flows]") {
    tables.set_limit(0, 2);
    add(to(alice), 1);
    FlowMod mortal = mod(Command::add, to(bob));
    mortal.idle_timeout = 100;
    mortal.importance = 3;
    mortal.new_cookie = 2;
    REQUIRE(tables.apply(mortal, now));
    FlowMod more = mod(Command::add, to(carol));
    CHECK(tables.apply(more, now).error() == FlowModError::table_full);
    tables.set_eviction(0, true);
    CHECK(tables.apply(more, now));
    REQUIRE(removed.size() == 1);
    CHECK(removed[0] == std::pair{std::uint64_t{2}, RemovedReason::eviction});
    CHECK(tables.apply(mod(Command::add, {}), now).error() == FlowModError::table_full);
}

TEST_CASE_METHOD(Tables, "what is used does not go before what is not", "[flows]") {
    tables.set_limit(0, 2);
    tables.set_eviction(0, true);
    FlowMod mortal = mod(Command::add, to(alice));
    mortal.idle_timeout = 10;
    for (const auto& [mac, cookie] : {std::pair{alice, 1}, std::pair{bob, 2}}) {
        mortal.match = to(mac);
        mortal.new_cookie = static_cast<std::uint64_t>(cookie);
        REQUIRE(tables.apply(mortal, now));
    }
    tables.count(rule(to(alice))->id, 1, 60, now + 1s);
    REQUIRE(tables.apply(mod(Command::add, to(carol)), now));
    CHECK(removed == std::vector{std::pair{std::uint64_t{2}, RemovedReason::eviction}});
    // Given less importance, it is the first again.
    tables.set_limit(0, 3);
    mortal.importance = 1;
    REQUIRE(tables.apply(mortal, now));
    mortal.importance = 0;
    mortal.idle_timeout = 99;
    REQUIRE(tables.apply(mortal, now));
    mortal.match = to(alice);
    mortal.importance = 1;
    REQUIRE(tables.apply(mortal, now));
    REQUIRE(tables.apply(mod(Command::add, {}), now));
    CHECK_FALSE(rule(to(bob)));
    CHECK(rule(to(alice)));
}

TEST_CASE_METHOD(Tables, "rules that a modify changes share its actions", "[flows]") {
    add(to(bob), 1);
    add(to(carol), 2);
    REQUIRE(tables.apply(mod(Command::modify, {}, output(9)), now));
    CHECK(rule(to(bob))->actions.begin() == rule(to(carol))->actions.begin());
}

TEST_CASE("rules are refused when all of them hold too much", "[flows]") {
    ChangeLog changes;
    FlowTables tables{changes, HashKey{}, 1'000'000};
    const TimePoint now{1h};
    const RuleActions large{rule_action::Note{std::vector<std::uint8_t>(60'000)}};
    const auto added = [&](std::uint64_t station, const RuleActions& actions) {
        return tables.apply(add_mod(to(MacAddress::from_u64(station)), 7, actions), now)
            .has_value();
    };
    std::uint64_t rules = 0;
    while (added(rules, large)) ++rules;
    CHECK(rules == 16);
    CHECK(tables.apply(add_mod(to(bob), 7, large), now).error() == FlowModError::table_full);
    CHECK(added(rules, output(1)));
    CHECK(tables.bytes() <= 1'000'000);

    FlowMod modify = add_mod({}, 7, large);
    modify.command = Command::modify;
    CHECK(tables.apply(modify, now).error() == FlowModError::table_full);
    SECTION("a modify makes room with shorter actions, and its own count once") {
        modify.actions = output(1);
        REQUIRE(tables.apply(modify, now));
        modify.actions = large;
        REQUIRE(tables.apply(modify, now));
        CHECK(tables.bytes() < 100'000);
    }
    SECTION("the switch's own rules find room") {
        for (std::uint32_t i = 1; i <= 4; ++i)
            CHECK(tables.apply(add_mod({}, priority_max + i, large), now));
        CHECK(tables.shown() == tables.size() - 4);
    }
    REQUIRE(tables.apply(remove_mod(), now));
    for (std::uint32_t i = 1; i <= 4; ++i) tables.remove_own(0, {}, priority_max + i, now);
    CHECK(tables.bytes() == 0);
}

TEST_CASE_METHOD(Tables, "the switch's own rules are nobody else's", "[flows]") {
    add({}, 1, output(1), priority_max + 1);
    CHECK(tables.shown() == 0);
    CHECK(count(remove_mod()) == 0);
    REQUIRE(tables.apply(remove_mod(), now));
    CHECK(tables.size() == 1);
}

TEST_CASE_METHOD(Tables, "an id never names another rule", "[flows]") {
    add(to(bob), 1);
    const RuleId id = rule(to(bob))->id;
    REQUIRE(tables.apply(remove_mod(), now));
    add(to(carol), 2);
    CHECK(tables.find(id) == nullptr);
    tables.count(id, 1, 60, now);
    CHECK(rule(to(carol))->packets == 0);
}

TEST_CASE_METHOD(Tables, "many rules that go at once are freed bit by bit", "[flows]") {
    const auto many = static_cast<std::uint64_t>(3 * FlowTables::expired_at_once_max);
    for (std::uint64_t i = 0; i < many; ++i) add(to(MacAddress::from_u64(i)), i);
    add(to_in_vlan(bob, 5), many, output(1), 7, 1);
    REQUIRE(tables.apply(remove_mod({}, 0), now));
    CHECK(tables.size() == 1);
    CHECK(removed.size() == many);
    CHECK(tables.find(0, to(MacAddress::from_u64(5)), 7) == nullptr);
    FlowKey key;
    key.set(field::eth_dst, 5);
    FlowMask mask;
    CHECK(tables.lookup(0, key, mask) == nullptr);
    CHECK(mask == FlowMask{});  // there is nothing to look at any more
    for (int i = 0; i < 3; ++i) {
        REQUIRE(tables.next_expiry());
        CHECK(*tables.next_expiry() < now);
        tables.expire(now);
    }
    CHECK_FALSE(tables.next_expiry());
    add(to(bob), 1);
    CHECK(tables.size() == 2);
    CHECK(tables.find(0, to(bob), 7)->cookie == 1);
}

TEST_CASE_METHOD(Tables, "one flow mod about many rules is few changes", "[flows]") {
    constexpr std::uint64_t many = 300;
    for (std::uint64_t i = 0; i < many; ++i) {
        add(to_in_vlan(MacAddress::from_u64(i), 5), i, output(1), 7,
            static_cast<std::uint8_t>(i % 2));
        add(to_in_vlan(MacAddress::from_u64(i), 6), i);
    }
    FlowKey key;
    key.set(field::vlan_vid, 5 | tci_present);
    const Match vlan{key, FlowMask::of({field::vlan_vid})};
    const std::uint64_t before = changes.generation();
    const auto modify_or_remove = GENERATE(Command::modify, Command::remove);
    FlowMod request = mod(modify_or_remove, vlan, output(2));
    request.table = table_all;
    REQUIRE(tables.apply(request, now));
    REQUIRE(changes.generation() == before + 2);
    for (const std::uint64_t generation : {before + 1, before + 2}) {
        CHECK(changes.at(generation).kind == Change::Kind::rule);
        CHECK(changes.at(generation).match == vlan);
        CHECK(changes.at(generation).table == generation - before - 1);
    }
}

}  // namespace switchd::test
