#include "switchd/vde_spanning_tree.h"

#include "tests/support/catch.h"
#include "tests/support/test_switch.h"
#include "vde-compat/fstp_bpdu.h"

using namespace switchd;
using namespace switchd::testing;

namespace {

struct Lab {
    Lab() : tree(lan.loop().reactor, lan.bridge(), lan.front_door().events(), 0x8000) {
        lan.front_door().set_spanning_tree(&tree);
        tree.enable(true);
    }
    ~Lab() {
        lan.front_door().set_spanning_tree(nullptr);
        tree.close();
        lan.loop().until([&] { return tree.idle(); });
    }

    VlanPortState state(PortNumber port) {
        const VlanMember* const member = lan.bridge().tables().vlans().find(0, port);
        REQUIRE(member);
        return member->state;
    }

    TestSwitch lan;
    VdeSpanningTree tree;
};

// What a neighbour says that is root or has a worse one; from a bridge of this priority.
Bytes bpdu(std::uint16_t priority, unsigned port, vde::FstpRole role) {
    vde::FstpBpdu message;
    message.role = role;
    message.learning = message.forwarding = role == vde::FstpRole::designated;
    message.root = message.bridge =
        vde::fstp_bridge_id(priority, MacAddress::from_u64(0x00ff00000001));
    message.port = vde::fstp_port_id(port);
    message.max_age_s = 40;
    message.hello_s = 4;
    const vde::FstpFrame frame{message, std::nullopt};
    Bytes bytes(frame.bytes().size());
    std::memcpy(bytes.data(), frame.bytes().data(), bytes.size());
    return bytes;
}

}  // namespace

TEST_CASE("who plugs in after a neighbour that blocked the port begins with an open one",
          "[vde_spanning_tree]") {
    Lab lab;
    auto& root = lab.lan.plug(1);
    auto& second = lab.lan.plug(2);
    // The same better bridge on both ports: one of them has to be blocked.
    root.sends(bpdu(0x1000, 1, vde::FstpRole::designated));
    second.sends(bpdu(0x1000, 2, vde::FstpRole::designated));
    const PortNumber blocked = lab.state(1) == VlanPortState::forwarding ? 2u : 1u;
    REQUIRE(lab.state(blocked) == VlanPortState::discarding);

    (blocked == 1 ? root : second).hangs_up();
    auto& machine = lab.lan.plug(blocked);
    auto& other = lab.lan.plug(3);
    CHECK(lab.state(blocked) == VlanPortState::forwarding);
    other.received();
    machine.received();
    Bytes hello(60, 0xff);
    hello[6] = 2;
    machine.sends(hello);
    CHECK(other.received() == std::vector<Bytes>{hello});
}

TEST_CASE("a switch with its spanning tree on can be taken down with plugs attached",
          "[vde_spanning_tree]") {
    Lab lab;
    lab.lan.plug(1);
    lab.lan.plug(2);
    SUCCEED("the destructors come home");
}
