#include "flows/action_text.h"

#include <random>

#include "flows/action_parser.h"
#include "flows/match_text.h"
#include "tests/flows/random_rules.h"
#include "tests/flows/seeds.h"
#include "tests/support/catch.h"

namespace switchd::test {

using namespace rule_action;

TEST_CASE("actions that were printed read back as the same", "[flows][property]") {
    for (const auto seed : seeds(500)) {
        INFO("rerun with seed " << seed);
        std::mt19937_64 random{seed};
        const Match match = random_match(random);
        const RuleActions actions = random_actions(random, match);
        const std::string text = actions_text(actions);
        INFO(match_text(match) << " actions=" << text);
        const auto again = parse_actions(text, match);
        if (!again) FAIL(explained(text, again.error()));
        CHECK(*again == actions);
    }
}

// As ovs-ofctl 3.1 prints what it was given.
TEST_CASE("a move is printed with the names that Nicira gave its fields", "[flows]") {
    const auto printed = [](std::string_view text, std::string_view match = "") {
        const auto actions = parse_actions(text, *parse_match(match));
        if (!actions) FAIL(explained(text, actions.error()));
        return actions_text(*actions);
    };
    CHECK(printed("move:eth_src[]->OXM_OF_ETH_DST") == "move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[]");
    CHECK(printed("move:eth_src[5]->reg3[7]") == "move:NXM_OF_ETH_SRC[5]->NXM_NX_REG3[7]");
    CHECK(printed("move:eth_src[0..9]->reg3[7..16]") ==
          "move:NXM_OF_ETH_SRC[0..9]->NXM_NX_REG3[7..16]");
    CHECK(printed("move:reg0[0..31]->metadata[32..63]") ==
          "move:NXM_NX_REG0[]->OXM_OF_METADATA[32..63]");
    CHECK(printed("move:xxreg0[0..99]->xxreg1[3..102]") ==
          "move:NXM_NX_XXREG0[0..99]->NXM_NX_XXREG1[3..102]");
    CHECK(printed("move:vlan_vid[]->reg0[0..11]") == "move:OXM_OF_VLAN_VID[]->NXM_NX_REG0[0..11]");
    CHECK(printed("move:nw_tos[]->nw_ttl[]", "ip") == "move:NXM_OF_IP_TOS[]->NXM_NX_IP_TTL[]");
    CHECK(printed("move:ip_dscp[]->reg0[0..5]", "ip") ==
          "move:OXM_OF_IP_DSCP[]->NXM_NX_REG0[0..5]");
    CHECK(printed("move:in_port[]->reg0[0..15]") == "move:NXM_OF_IN_PORT[]->NXM_NX_REG0[0..15]");
    CHECK(printed("move:OXM_OF_IN_PORT[]->reg0[]") == "move:OXM_OF_IN_PORT[]->NXM_NX_REG0[]");
    CHECK(printed("move:eth_type[]->reg0[0..15]") == "move:NXM_OF_ETH_TYPE[]->NXM_NX_REG0[0..15]");
    CHECK(printed("move:tcp_flags[]->reg0[0..11]", "tcp") ==
          "move:NXM_NX_TCP_FLAGS[]->NXM_NX_REG0[0..11]");
}

TEST_CASE("a load of more than 64 bits is two", "[flows]") {
    const auto actions = parse_actions("load:0x500000000000000007->xxreg1[]");
    REQUIRE(actions);
    CHECK(actions_text(*actions) ==
          "load:0x7->NXM_NX_XXREG1[0..63],load:0x50->NXM_NX_XXREG1[64..127]");
}

TEST_CASE("a port is loaded and printed with the bits of the field that was named", "[flows]") {
    const auto actions = parse_actions("load:0xfffe->NXM_OF_IN_PORT[]", Match{});
    REQUIRE(actions);
    CHECK(std::get<rule_action::SetField>(actions->front().what).value.low == reserved_port::local);
    CHECK(actions_text(*actions) == "load:0xfffe->NXM_OF_IN_PORT[]");
    CHECK(actions_text(*parse_actions("load:5->NXM_OF_IN_PORT[0..3]", Match{})) ==
          "load:0x5->OXM_OF_IN_PORT[0..3]");
}

TEST_CASE("a list without actions drops", "[flows]") {
    CHECK(actions_text(RuleActions{}) == "drop");
    CHECK(actions_text(RuleActions{WriteActions{}}) == "write_actions(drop)");
    for (const std::string_view text : {"", "drop", "write_actions(drop)"})
        CHECK(parse_actions(text).has_value());
}

}  // namespace switchd::test
