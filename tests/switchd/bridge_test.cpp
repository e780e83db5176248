#include "switchd/bridge.h"

#include "tests/support/catch.h"
#include "tests/support/test_switch.h"

using namespace switchd;
using namespace switchd::testing;

TEST_CASE("rules that end at once all go, without a pause between some and the next", "[bridge]") {
    TestSwitch lan;
    FlowTables& rules = lan.bridge().tables().flow_tables();
    const std::size_t before = rules.size();
    FlowMod mortal;
    mortal.hard_timeout = 1;
    for (int i = 0; i < 15 * FlowTables::expired_at_once_max; ++i) {
        mortal.priority = static_cast<std::uint32_t>(i + 1);
        REQUIRE(rules.apply(mortal, lan.bridge().now() - std::chrono::hours{1}));
    }
    lan.bridge().ageing_changed();
    CHECK(lan.loop().until([&] { return rules.size() == before; }));
}
