#include "switchd/bridge.h"

#include "tests/support/catch.h"
#include "tests/support/test_switch.h"

using namespace switchd;
using namespace switchd::testing;

namespace {

// A rule that ends so many seconds after it was added, which was `ago`.
void add_mortal_rule(Bridge& bridge, std::uint16_t seconds, Duration ago = {},
                     std::uint32_t priority = 1) {
    FlowMod mortal;
    mortal.table = 1;
    mortal.hard_timeout = seconds;
    mortal.priority = priority;
    REQUIRE(bridge.tables().flow_tables().apply(mortal, bridge.now() - ago));
}

}  // namespace

TEST_CASE("rules that end at once all go, without a pause between some and the next", "[bridge]") {
    TestSwitch lan;
    FlowTables& rules = lan.bridge().tables().flow_tables();
    const std::size_t before = rules.size();
    for (std::uint32_t i = 0; i < 15 * FlowTables::expired_at_once_max; ++i)
        add_mortal_rule(lan.bridge(), 1, std::chrono::hours{1}, i + 1);
    lan.bridge().ageing_changed();
    CHECK(lan.loop().until([&] { return rules.size() == before; }));
}

TEST_CASE("a rule ends in time, though another is to live longer", "[bridge]") {
    TestSwitch lan;
    FlowTables& rules = lan.bridge().tables().flow_tables();
    add_mortal_rule(lan.bridge(), 3600, {}, 2);
    lan.bridge().ageing_changed();
    const std::size_t before = rules.size();
    add_mortal_rule(lan.bridge(), 1);
    lan.bridge().ageing_changed();
    CHECK(lan.loop().until([&] { return rules.size() == before; }));
}

TEST_CASE("a station is forgotten in time, though a rule is to live longer", "[bridge]") {
    TestSwitch lan;
    FakeEndpoint& one = lan.plug(1);
    add_mortal_rule(lan.bridge(), 3600);
    lan.bridge().ageing_changed();
    const MacTable& macs = lan.bridge().tables().macs();
    lan.bridge().tables().configure_macs({.idle = std::chrono::milliseconds{1}});
    one.sends(Bytes{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x88, 0xb5});
    REQUIRE(macs.size() == 1);
    CHECK(lan.loop().until([&] { return macs.size() == 0; }));
}

TEST_CASE("a rule ends in time however often stations are collected", "[bridge]") {
    TestSwitch lan;
    FlowTables& rules = lan.bridge().tables().flow_tables();
    const std::size_t before = rules.size();
    add_mortal_rule(lan.bridge(), 1);
    lan.bridge().ageing_changed();
    lan.bridge().set_ageing_interval(GENERATE(Duration::zero(), Duration{std::chrono::hours{1}}));
    CHECK(lan.loop().until([&] { return rules.size() == before; }));
}
