// Of the pitfalls in tests/flows/pitfalls_test.cpp those that are about what is refused.
#include "flows/openflow/action_check.h"
#include "tests/support/catch.h"

namespace switchd::openflow::test {
namespace {

using namespace rule_action;

// Of actions in a rule for all packets.
std::optional<Error> error(const RuleActions& actions, Version version) {
    const auto checked = check_actions(actions, {}, 0, version);
    if (checked) return std::nullopt;
    return checked.error();
}

}  // namespace

TEST_CASE("2: output to a reserved number that is no port is refused, to any other not",
          "[openflow]") {
    for (const Version version : {Version::v1_0, Version::v1_3, Version::v1_5}) {
        for (const PortNumber no_port : {reserved_port::any, reserved_port::unset, 0xffffff00u,
                                         0xfffffff0u, 0xff00u, 0x12345u})
            CHECK(error({Output{no_port}}, version) == Error::bac_bad_out_port);
        for (const PortNumber port :
             {0u, 9u, 0xfeffu, reserved_port::in_port, reserved_port::table, reserved_port::normal,
              reserved_port::flood, reserved_port::all, reserved_port::controller,
              reserved_port::local})
            CHECK_FALSE(error({Output{port}}, version));
    }
}

TEST_CASE("3: what a packet may not have is left alone in 1.0 and an error later", "[openflow]") {
    const auto old = [](FieldId id) {
        return RuleAction(
            SetField{id, {0, 1}, match_field(id).ones(), SetField::Spelling::old_action});
    };
    for (const RuleAction& action :
         {old(FieldId::ipv4_src), old(FieldId::ip_dscp), old(FieldId::tcp_dst),
          RuleAction(DecTtl{}), RuleAction(PopVlan{})}) {
        CHECK_FALSE(error({action}, Version::v1_0));
        CHECK(error({action}, Version::v1_1) == Error::bac_match_inconsistent);
        // The set is carried out when other actions may have made the packet one that has it.
        CHECK_FALSE(error({WriteActions{{action}}}, Version::v1_3));
    }
    const Move move{{FieldId::tcp_src, true, 0, 16}, {FieldId::reg0, true, 0, 16}};
    // Open vSwitch makes no exception for these, neither in 1.0 nor in a set.
    for (const RuleAction& action :
         {RuleAction(SetField{FieldId::ipv4_src, {0, 1}, match_field(FieldId::ipv4_src).ones()}),
          RuleAction(move)})
        for (const RuleActions& list : {RuleActions{action}, RuleActions{WriteActions{{action}}}})
            CHECK(error(list, Version::v1_0) == Error::bac_match_inconsistent);
}

}  // namespace switchd::openflow::test
