#include "flows/shared_actions.h"

#include "tests/support/catch.h"

namespace switchd::test {

using namespace rule_action;

TEST_CASE("shared actions are those that they were made from, and one copy of them", "[flows]") {
    const RuleActions actions{PushVlan{}, Note{{1, 2, 3}},
                              WriteActions{{rule_action::Output{7, 0}}}};
    SharedActions first(actions);
    CHECK(first == actions);
    CHECK_FALSE(first.shared());
    {
        const SharedActions second = first;
        CHECK(second == actions);
        CHECK(second.begin() == first.begin());
        CHECK(first.shared());
    }
    CHECK_FALSE(first.shared());
    const SharedActions moved = std::move(first);
    CHECK(moved == actions);
    CHECK_FALSE(moved.shared());
}

TEST_CASE("no actions take no memory", "[flows]") {
    const SharedActions none = RuleActions{};
    CHECK(none.empty());
    CHECK(none.bytes() == 0);
    CHECK(none == RuleActions{});
    CHECK_FALSE(none.shared());
}

TEST_CASE("what actions hold counts what they refer to", "[flows]") {
    const SharedActions note = RuleActions{Note{std::vector<std::uint8_t>(60'000)}};
    CHECK(note.bytes() > 60'000);
    const SharedActions written = RuleActions{WriteActions{RuleActions(1000, PopVlan{})}};
    CHECK(written.bytes() > 1000 * sizeof(RuleAction));
}

}  // namespace switchd::test
