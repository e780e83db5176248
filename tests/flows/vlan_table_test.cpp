#include "flows/vlan_table.h"

#include <map>
#include <random>
#include <set>

#include "tests/flows/seeds.h"
#include "tests/support/catch.h"

namespace switchd::test {
namespace {

// A table with ports 1 to 3 and VLANs 5 and 6.
struct Fixture {
    Fixture() {
        for (PortNumber port = 1; port <= 3; ++port) REQUIRE(table.add_port(port));
        REQUIRE(table.create(5));
        REQUIRE(table.create(6));
    }
    VlanTable table{VlanPolicy::transparent};
};

VlanError error(const VlanTable::Result& result) {
    REQUIRE_FALSE(result);
    return result.error();
}

}  // namespace

TEST_CASE_METHOD(Fixture, "a new port is an untagged member of VLAN 0 only", "[flows]") {
    CHECK(table.untagged_of(1) == 0);
    CHECK(table.members(0).size() == 3);
    CHECK(*table.find(0, 1) == VlanMember{1, false, VlanPortState::forwarding});
    CHECK_FALSE(table.find(5, 1));
    CHECK(table.vlans() == std::vector<VlanId>{0, 5, 6});
}

TEST_CASE_METHOD(Fixture, "the untagged VLAN replaces the former one and a tagged membership",
                 "[flows]") {
    REQUIRE(table.add_tagged(5, 1));
    CHECK(table.find(5, 1)->tagged);
    REQUIRE(table.set_untagged(1, 5));
    CHECK_FALSE(table.find(5, 1)->tagged);
    CHECK_FALSE(table.find(0, 1));
    REQUIRE(table.set_untagged(1, vlan_none));
    CHECK_FALSE(table.find(5, 1));
    CHECK(table.untagged_of(1) == vlan_none);
    REQUIRE(table.set_untagged(1, 0));
    CHECK(table.transparent());
}

TEST_CASE_METHOD(Fixture, "tags are transparent while no port has a VLAN configured", "[flows]") {
    CHECK(table.transparent());
    REQUIRE(table.add_tagged(5, 1));
    CHECK_FALSE(table.transparent());
    REQUIRE(table.remove_tagged(5, 1));
    CHECK(table.transparent());
    REQUIRE(table.set_untagged(2, vlan_none));
    CHECK_FALSE(table.transparent());
    REQUIRE(table.remove_port(2));
    CHECK(table.transparent());
    table.set_policy(VlanPolicy::strict);
    CHECK_FALSE(table.transparent());
}

TEST_CASE_METHOD(Fixture, "what cannot be is refused by name", "[flows]") {
    CHECK(error(table.create(0)) == VlanError::out_of_range);
    CHECK(error(table.create(4095)) == VlanError::out_of_range);
    CHECK(error(table.create(5)) == VlanError::exists);
    CHECK(table.create(4094));
    CHECK(error(table.remove(0)) == VlanError::out_of_range);
    CHECK(error(table.remove(7)) == VlanError::no_vlan);
    CHECK(error(table.add_port(65536)) == VlanError::out_of_range);
    CHECK(table.add_port(65535));
    CHECK(error(table.add_port(1)) == VlanError::exists);
    CHECK(error(table.remove_port(9)) == VlanError::no_port);
    CHECK(error(table.set_untagged(1, 4096)) == VlanError::out_of_range);
    CHECK(error(table.set_untagged(9, 5)) == VlanError::no_port);
    CHECK(error(table.set_untagged(1, 7)) == VlanError::no_vlan);
    CHECK(error(table.add_tagged(4095, 1)) == VlanError::out_of_range);
    CHECK(error(table.add_tagged(5, 9)) == VlanError::no_port);
    CHECK(error(table.add_tagged(7, 1)) == VlanError::no_vlan);
    CHECK(error(table.remove_tagged(0, 1)) == VlanError::untagged);
    CHECK(table.remove_tagged(5, 1));
    REQUIRE(table.add_tagged(5, 1));
    CHECK(error(table.remove(5)) == VlanError::in_use);
    CHECK(error(table.set_state(6, 1, VlanPortState::learning)) == VlanError::not_member);
    CHECK(error(table.set_state(7, 1, VlanPortState::learning)) == VlanError::no_vlan);
    CHECK(error(table.set_state(5, 9, VlanPortState::learning)) == VlanError::no_port);
}

TEST_CASE_METHOD(Fixture, "a state belongs to one membership and ends with it", "[flows]") {
    REQUIRE(table.add_tagged(5, 1));
    REQUIRE(table.set_state(5, 1, VlanPortState::discarding));
    CHECK(table.find(5, 1)->state == VlanPortState::discarding);
    CHECK(table.find(0, 1)->state == VlanPortState::forwarding);
    REQUIRE(table.remove_tagged(5, 1));
    REQUIRE(table.add_tagged(5, 1));
    CHECK(table.find(5, 1)->state == VlanPortState::forwarding);
}

TEST_CASE("memberships are what a plain list of them says", "[flows][property]") {
    for (const auto seed : seeds(100)) {
        INFO("rerun with seed " << seed);
        std::mt19937 random{seed};
        VlanTable table{VlanPolicy::transparent};
        std::map<PortNumber, VlanId> untagged;
        std::map<PortNumber, std::set<VlanId>> tagged;
        for (VlanId vlan = 1; vlan < 4; ++vlan) REQUIRE(table.create(vlan));

        for (int step = 0; step < 300; ++step) {
            const auto port = static_cast<PortNumber>(random() % 5);
            const auto vlan = static_cast<VlanId>(random() % 4);
            const bool there = untagged.contains(port);
            switch (random() % 6) {
                case 0:
                    REQUIRE(table.add_port(port).has_value() == !there);
                    untagged.try_emplace(port, VlanId{0});
                    break;
                case 1:
                    if (random() % 3 != 0) break;
                    REQUIRE(table.remove_port(port).has_value() == there);
                    untagged.erase(port);
                    tagged.erase(port);
                    break;
                case 2: {
                    const VlanId wanted = random() % 4 == 0 ? vlan_none : vlan;
                    REQUIRE(table.set_untagged(port, wanted).has_value() == there);
                    if (!there) break;
                    untagged[port] = wanted;
                    tagged[port].erase(wanted);
                    break;
                }
                case 3:
                    REQUIRE(table.add_tagged(vlan, port).has_value() == there);
                    if (there && untagged[port] != vlan) tagged[port].insert(vlan);
                    break;
                default:
                    REQUIRE(table.remove_tagged(vlan, port).has_value() ==
                            (there && untagged[port] != vlan));
                    if (there) tagged[port].erase(vlan);
            }
            bool plain = true;
            for (const auto& [number, id] : untagged)
                plain = plain && id == 0 && tagged[number].empty();
            REQUIRE(table.transparent() == plain);
            for (VlanId id = 0; id < 4; ++id) {
                std::vector<VlanMember> wanted;
                for (const auto& [number, own] : untagged) {
                    if (own == id) wanted.push_back({.port = number});
                    if (tagged[number].contains(id))
                        wanted.push_back({.port = number, .tagged = true});
                }
                const auto members = table.members(id);
                REQUIRE(std::vector<VlanMember>(members.begin(), members.end()) == wanted);
            }
        }
    }
}

}  // namespace switchd::test
