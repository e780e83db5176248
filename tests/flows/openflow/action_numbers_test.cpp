#include "flows/openflow/action_numbers.h"

#include "tests/support/catch.h"

using namespace switchd::openflow;

TEST_CASE("an action has the number that its version gives it") {
    CHECK(number_of(StandardAction::pop_vlan, Version::v1_0) == 3);
    CHECK(number_of(StandardAction::pop_vlan, Version::v1_1) == 18);
    CHECK(number_of(StandardAction::enqueue, Version::v1_1) == no_action_number);
    CHECK(number_of(StandardAction::set_field, Version::v1_1) == no_action_number);
    CHECK(number_of(StandardAction::set_field, Version::v1_2) == 25);
}

TEST_CASE("a number is the action that it is in its version") {
    CHECK(standard_action(4, Version::v1_0) == StandardAction::set_eth_src);
    CHECK(standard_action(4, Version::v1_3) == StandardAction::set_eth_dst);
    CHECK(standard_action(29, Version::v1_5) == StandardAction::meter);
    CHECK_FALSE(standard_action(29, Version::v1_4));
    CHECK_FALSE(standard_action(12, Version::v1_0));
}

TEST_CASE("what is offered is what can be done, without what set_field has replaced") {
    CHECK(offered_actions(Version::v1_0) == 0xfff);
    CHECK(offered_actions(Version::v1_1) == 0x01a607ff);
    CHECK(offered_actions(Version::v1_2) == 0x03a60001);
    CHECK(offered_actions(Version::v1_4) == 0x03a60001);
    CHECK(offered_actions(Version::v1_5) == 0x13a60001);
    CHECK(offered_instructions(false) == 0x3e);
    CHECK(offered_instructions(true) == 0x3c);
}
