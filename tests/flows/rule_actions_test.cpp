#include "flows/rule_actions.h"

#include "tests/support/catch.h"

namespace switchd::test {

using namespace rule_action;

TEST_CASE("a list outputs to the ports of its outputs, enqueues and written actions", "[flows]") {
    const RuleActions actions{Output{1, 0}, Enqueue{2, 7}, PopVlan{},
                              WriteActions{{Output{3, 0}, Enqueue{4, 1}}}, GotoTable{5}};
    for (const PortNumber port : {1u, 2u, 3u, 4u}) CHECK(outputs_to(actions, port));
    CHECK_FALSE(outputs_to(actions, 5));
    CHECK_FALSE(outputs_to(RuleActions{}, 1));
    CHECK_FALSE(outputs_to(RuleActions{Controller{}, Resubmit{1, 2}}, 1));
    CHECK(outputs_to(RuleActions{Output{reserved_port::normal, 0}}, reserved_port::normal));
}

TEST_CASE("lists are equal if their actions are, also the written ones", "[flows]") {
    const auto list = [](PortNumber port) {
        return RuleActions{PushVlan{}, WriteActions{{Output{port, 0}}}};
    };
    CHECK(list(1) == list(1));
    CHECK_FALSE(list(1) == list(2));
    CHECK_FALSE(RuleActions{PushVlan{}} == RuleActions{PopVlan{}});
}

}  // namespace switchd::test
