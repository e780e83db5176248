#include "flows/rule_walk.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "tests/flows/frames.h"
#include "tests/flows/rules.h"
#include "tests/support/catch.h"

namespace switchd::test {
namespace {

using namespace std::chrono_literals;

struct Tables {
    // Rule `number` is about the station of that number.
    static Match to(std::uint64_t number) {
        FlowKey key;
        key.set(field::eth_dst, number);
        return {key, FlowMask::of({field::eth_dst})};
    }
    void add(std::uint64_t number, std::uint32_t priority = 7, std::uint8_t table = 0,
             PortNumber port = 1) {
        FlowMod mod = add_mod(to(number), priority, output(port), table);
        mod.new_cookie = number;
        REQUIRE(tables.apply(mod, now));
    }
    void remove(std::uint64_t number) { REQUIRE(tables.apply(remove_mod(to(number)), now)); }
    std::vector<std::uint64_t> cookies(const FlowMod& request) {
        std::vector<std::uint64_t> all;
        for (const Rule* rule : rules_of(tables, request)) all.push_back(rule->cookie);
        return all;
    }
    std::vector<std::uint64_t> rest_of(RuleWalk& walk) {
        std::vector<std::uint64_t> all;
        while (const Rule* rule = walk.next()) all.push_back(rule->cookie);
        return all;
    }

    ChangeLog changes;
    FlowTables tables{changes};
    TimePoint now{1h};
};

using Cookies = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE_METHOD(Tables, "rules are told by table, priority and age", "[rule_walk]") {
    add(1, 5, 1);
    add(2, 6, 0);
    add(3, 9, 1);
    add(4, 6, 0);
    add(5, priority_max + 1, 0);
    CHECK(cookies(remove_mod()) == Cookies{2, 4, 3, 1});
    CHECK(cookies(remove_mod({}, 1)) == Cookies{3, 1});
    CHECK(cookies(remove_mod(to(4))) == Cookies{4});
    RuleWalk all(tables, RuleSelection::everything());
    while (!all.look_around()) continue;
    CHECK(rest_of(all) == Cookies{5, 2, 4, 3, 1});
    // Also of those that are in the places of others.
    remove(2);
    remove(4);
    for (std::uint64_t number : {6, 7, 8}) add(number, 6, 0);
    CHECK(cookies(remove_mod()) == Cookies{6, 7, 8, 3, 1});
}

TEST_CASE_METHOD(Tables, "a request is about rules by cookie and output, too", "[rule_walk]") {
    add(1, 7, 0, 1);
    add(2, 7, 0, 2);
    add(3, 7, 0, 2);
    FlowMod request = remove_mod();
    request.out_port = 2;
    CHECK(cookies(request) == Cookies{2, 3});
    request.cookie = 3;
    request.cookie_mask = ~std::uint64_t{0};
    CHECK(cookies(request) == Cookies{3});
}

TEST_CASE_METHOD(Tables, "what goes meanwhile is left out, each rule is told once", "[rule_walk]") {
    const std::uint64_t count = 3 * RuleScan::slots_at_once + 5;
    for (std::uint64_t i = 1; i <= count; ++i) add(i);
    RuleWalk walk(tables, RuleSelection(remove_mod()));
    CHECK_FALSE(walk.look_around());
    remove(1);
    add(count + 1);  // where that was
    CHECK_FALSE(walk.look_around());
    CHECK_FALSE(walk.look_around());
    CHECK(walk.look_around());
    remove(2);
    remove(3);
    add(count + 2, 8);
    const Cookies told = rest_of(walk);
    CHECK(std::ranges::count(told, 1) + std::ranges::count(told, 2) + std::ranges::count(told, 3) ==
          0);
    std::map<std::uint64_t, int> times;
    for (const std::uint64_t cookie : told) ++times[cookie];
    for (std::uint64_t i = 4; i <= count; ++i) REQUIRE(times[i] == 1);
    CHECK(walk.next() == nullptr);
}

TEST_CASE_METHOD(Tables, "a walk of no rules has an end", "[rule_walk]") {
    RuleWalk walk(tables, RuleSelection(remove_mod()));
    CHECK(walk.look_around());
    CHECK(walk.next() == nullptr);
}

}  // namespace switchd::test
