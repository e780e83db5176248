#include "flows/rule_selection.h"

#include "tests/flows/rules.h"
#include "tests/support/catch.h"

namespace switchd::test {
namespace {

Match vlan(VlanId id) {
    FlowKey key;
    key.set(field::vlan_vid, id | tci_present);
    return {key, FlowMask::of({field::vlan_vid})};
}

}  // namespace

TEST_CASE("where rules output counts for a remove, not for a modify", "[rule_selection]") {
    Rule rule(3, vlan(5), 7);
    rule.actions = output(2);
    FlowMod request = remove_mod();
    request.out_port = 1;
    CHECK_FALSE(RuleSelection(request).holds(rule));
    request.command = FlowMod::Command::modify;
    CHECK(RuleSelection(request).holds(rule));
}

TEST_CASE("what selects looks at the table, the match and the cookie", "[rule_selection]") {
    Rule rule(3, vlan(5), 7);
    rule.cookie = 0x12;
    CHECK(RuleSelection(remove_mod()).holds(rule));
    CHECK(RuleSelection(remove_mod({}, 3)).holds(rule));
    CHECK_FALSE(RuleSelection(remove_mod({}, 2)).holds(rule));
    CHECK(RuleSelection(remove_mod(vlan(5))).holds(rule));
    CHECK_FALSE(RuleSelection(remove_mod(vlan(6))).holds(rule));
    FlowMod request = remove_mod();
    request.cookie = 0x32;
    request.cookie_mask = 0x0f;
    CHECK(RuleSelection(request).holds(rule));
    request.cookie_mask = 0xff;
    CHECK_FALSE(RuleSelection(request).holds(rule));
}

TEST_CASE("the switch's own rules are selected by nobody but itself", "[rule_selection]") {
    const Rule rule(0, Match{}, priority_max + 1);
    CHECK_FALSE(RuleSelection(remove_mod()).holds(rule));
    CHECK(RuleSelection(remove_mod(), true).holds(rule));
    CHECK(RuleSelection::everything().holds(rule));
}

}  // namespace switchd::test
