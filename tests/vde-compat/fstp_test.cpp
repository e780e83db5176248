// One engine against a neighbour that is played by hand, with what vde_switch 2.3.2 was seen to
// send and to answer.
#include "vde-compat/fstp.h"

#include "tests/support/catch.h"
#include "tests/vde-compat/fstp_network.h"

using namespace switchd;
using namespace switchd::vde;
using namespace std::chrono_literals;

namespace {

constexpr unsigned self = 50;

FstpBridgeId id(unsigned n) {
    return fstp_bridge_id(0x8000, switch_mac(n));
}

struct Said {
    FstpRole role = FstpRole::designated;
    unsigned root = 0;
    unsigned cost_millions = 0;
    unsigned bridge = 0;
};

struct Lab {
    explicit Lab(unsigned ports = 4) : fstp(host, switch_mac(self), 0x8000) {
        fstp.add_vlan(0, clock.now());
        fstp.enable(true, clock.now());
        for (unsigned p = 1; p <= ports; ++p) fstp.add_port(0, p, false, clock.now());
        host.take_sent();
        host.take_events();
        host.flushes.clear();
    }

    void hear(unsigned port, Said said, bool topology_change = false, bool proposal = false) {
        FstpBpdu message;
        message.role = said.role;
        message.root = id(said.root);
        message.cost = said.cost_millions * 1'000'000;
        message.bridge = id(said.bridge);
        message.port = 0x8007;
        message.topology_change = topology_change;
        message.proposal = proposal;
        message.learning = message.forwarding = said.role != FstpRole::backup;
        CHECK(fstp.receive(0, port, FstpFrame(message, std::nullopt).bytes(), clock.now()));
    }
    // "PORT:what root cost", in the order sent; T = topology change, P = proposal, A = agreement.
    std::vector<std::string> answers() {
        std::vector<std::string> lines;
        for (const auto& [port, frame, m] : host.take_sent()) {
            const char* roles[] = {"unknown", "root", "backup", "designated"};
            lines.push_back(std::to_string(port) + ":" + roles[static_cast<int>(m.role)] +
                            (m.topology_change ? "T" : "") + (m.proposal ? "P" : "") +
                            (m.agreement ? "A" : "") + " " + std::to_string(m.root.back()) + " " +
                            std::to_string(m.cost / 1'000'000));
            CHECK(m.bridge == id(self));
            CHECK(m.port == fstp_port_id(port));
            CHECK(m.forwarding == (m.role != FstpRole::backup));
            CHECK(m.learning == m.forwarding);
        }
        return lines;
    }
    void wait(std::chrono::milliseconds time) {
        const auto end = clock.now() + time;
        while (fstp.next_deadline() && *fstp.next_deadline() <= end) {
            clock.advance(std::max(Duration{0}, *fstp.next_deadline() - clock.now()));
            fstp.tick(clock.now());
        }
        clock.advance(end - clock.now());
    }
    bool forwards(unsigned port) const { return fstp.state(0, port) == PortState::forwarding; }
    FstpTreeView tree() const { return *fstp.tree(0, clock.now()); }

    ManualClock clock;
    RecordingHost host;
    Fstp fstp;
};

using Lines = std::vector<std::string>;
constexpr auto root = FstpRole::root;
constexpr auto backup = FstpRole::backup;
constexpr auto designated = FstpRole::designated;

}  // namespace

TEST_CASE("nothing is sent, heard or waited for while the protocol is off") {
    ManualClock clock;
    RecordingHost host;
    Fstp fstp(host, switch_mac(self), 0x1234);
    fstp.add_vlan(0, clock.now());
    fstp.add_port(0, 1, false, clock.now());
    CHECK_FALSE(fstp.enabled());
    CHECK(fstp.priority() == 0x1234);
    CHECK_FALSE(fstp.next_deadline());
    FstpBpdu message;
    message.root = message.bridge = id(1);
    const FstpFrame frame(message, std::nullopt);
    CHECK_FALSE(fstp.receive(0, 1, frame.bytes(), clock.now()));
    CHECK(host.sent.empty());
    CHECK(host.events.empty());
    CHECK(fstp.tree(0, clock.now())->is_root);
    CHECK(fstp.tree(0, clock.now())->root == fstp_bridge_id(0x1234, switch_mac(self)));
}

TEST_CASE("a hello goes out of every port every four seconds, with an agreement") {
    Lab lab(2);
    REQUIRE(lab.fstp.next_deadline() == lab.clock.now() + 4s);
    lab.wait(3999ms);
    CHECK(lab.answers().empty());
    lab.wait(1ms);
    CHECK(lab.answers() == Lines{"1:designatedA 50 0", "2:designatedA 50 0"});
    lab.wait(4s);
    CHECK(lab.answers().size() == 2);
}

TEST_CASE("a new port speaks at once, and forwards while nobody answers") {
    Lab lab(1);
    lab.fstp.add_port(0, 9, false, lab.clock.now());
    CHECK(lab.answers() == Lines{"9:designated 50 0"});
    CHECK(lab.host.flushes[0] == 1);
    lab.wait(120s);
    CHECK(lab.forwards(9));
    CHECK(lab.host.events.empty());
}

TEST_CASE("a better root is followed and agreed to, and told to the neighbours") {
    Lab lab;
    lab.hear(1, {designated, 1, 0, 1});
    CHECK(lab.answers() == Lines{"1:rootA 1 20"});
    CHECK(lab.host.take_events() == Lines{"+ 1@0", "root 1 1@0", "forwarding 1@0"});
    const auto tree = lab.tree();
    CHECK_FALSE(tree.is_root);
    CHECK(tree.root == id(1));
    CHECK(tree.designated == id(1));
    CHECK(tree.root_port == 1);
    CHECK(tree.cost == 20'000'000);
    CHECK(tree.ports[0].role == "Root");
    CHECK(tree.ports[1].role == "Designated");

    lab.hear(1, {designated, 1, 0, 1});
    CHECK(lab.answers().empty());
    lab.wait(4s);
    CHECK(lab.answers() ==
          Lines{"1:rootA 1 20", "2:designatedA 1 20", "3:designatedA 1 20", "4:designatedA 1 20"});
}

TEST_CASE("age is counted since the root was heard") {
    Lab lab(1);
    lab.wait(9500ms);
    CHECK(lab.tree().age == 9s);  // as root: since the beginning
    lab.hear(1, {designated, 1, 0, 1});
    lab.host.take_sent();
    CHECK(lab.tree().age == 0s);
    lab.wait(2500ms);
    CHECK(lab.tree().age == 2s);
    REQUIRE(lab.host.sent.size() == 1);
    CHECK(lab.host.sent[0].message.age_s == 2);
}

TEST_CASE("a second way to the root is blocked") {
    Lab lab;
    lab.hear(1, {designated, 1, 0, 1});
    lab.answers();
    lab.host.take_events();
    lab.hear(2, {designated, 1, 20, 40});
    CHECK_FALSE(lab.forwards(2));
    CHECK(lab.host.take_events() == Lines{"+ 2@0", "discarding 2@0"});
    CHECK(lab.host.states[{0, 2}] == PortState::discarding);
    CHECK(lab.answers() == Lines{"1:rootT 1 20", "2:backupP 1 20"});
    CHECK(lab.tree().ports[1].role == "Alternate/Backup");

    SECTION("and opened when the neighbour becomes a child") {
        lab.hear(2, {root, 1, 40, 40});
        CHECK(lab.forwards(2));
        CHECK(lab.host.take_events() == Lines{"forwarding 2@0"});
        CHECK(lab.answers() == Lines{"1:rootT 1 20", "2:designated 1 20"});
    }
    SECTION("but not when the neighbour is the child of another root") {
        lab.hear(2, {root, 60, 40, 40});
        CHECK_FALSE(lab.forwards(2));
        CHECK(lab.answers() == Lines{"2:backupP 1 20"});
    }
    SECTION("and takes over when it is much better and the first is lost") {
        lab.hear(2, {designated, 1, 0, 2});
        lab.fstp.remove_port(0, 1, lab.clock.now());
        CHECK(lab.tree().root_port == 2);
        CHECK(lab.forwards(2));
        CHECK(lab.answers() == Lines{"2:rootT 1 20"});
    }
}

TEST_CASE("who believes in a worse root is told the better one") {
    Lab lab;
    lab.hear(1, {designated, 1, 0, 1});
    lab.answers();
    lab.hear(2, {designated, 60, 0, 60});
    CHECK(lab.answers().back().substr(2) == "backupP 1 20");
    lab.hear(2, {root, 1, 40, 60});
    CHECK(lab.forwards(2));
}

TEST_CASE("a worse root on the root port is dropped in favour of ourselves") {
    Lab lab;
    lab.hear(1, {designated, 1, 0, 1});
    lab.answers();
    lab.hear(1, {designated, 60, 0, 1});
    CHECK(lab.tree().is_root);
    CHECK(lab.tree().root == id(self));
    CHECK_FALSE(lab.forwards(1));
    CHECK(lab.answers() == Lines{"1:backupP 50 0"});
    lab.hear(1, {root, 50, 20, 1});
    CHECK(lab.forwards(1));
}

TEST_CASE("a neighbour that waits for our agreement gets it") {
    Lab lab;
    lab.hear(1, {designated, 1, 0, 1});
    lab.answers();
    lab.hear(1, {backup, 1, 0, 1}, false, true);
    CHECK(lab.answers() == Lines{"1:rootA 1 20"});
}

TEST_CASE("children agree again before they are served again when the path got worse") {
    Lab lab;
    lab.hear(1, {designated, 1, 0, 1});
    lab.hear(2, {root, 1, 40, 60});
    REQUIRE(lab.forwards(2));
    lab.answers();
    lab.hear(1, {designated, 1, 10, 1});
    CHECK_FALSE(lab.forwards(2));
    CHECK(lab.answers() == Lines{"1:rootT 1 30", "2:backupP 1 30"});
    lab.hear(2, {root, 1, 50, 60});
    CHECK(lab.forwards(2));

    SECTION("but not when it got better") {
        lab.hear(1, {designated, 1, 5, 1});
        CHECK(lab.forwards(2));
    }
}

TEST_CASE("having lost the root we do not follow whom we may have told of it") {
    Lab lab;
    lab.hear(1, {designated, 1, 0, 1});
    lab.hear(2, {backup, 1, 40, 60}, false, true);
    lab.fstp.remove_port(0, 1, lab.clock.now());
    CHECK(lab.tree().is_root);
    lab.answers();

    SECTION("until the news had time to run") {
        lab.wait(fstp_hold);
        CHECK(lab.tree().root == id(1));
        CHECK(lab.tree().root_port == 2);
        CHECK(lab.answers() == Lines{"2:rootA 1 60"});
    }
    SECTION("and never if it lost the root as well") {
        lab.hear(2, {root, 50, 20, 60});
        lab.wait(fstp_hold);
        CHECK(lab.tree().is_root);
        CHECK(lab.forwards(2));
    }
}

TEST_CASE("a silent root is lost with the first hello after twelve seconds") {
    Lab lab(2);
    lab.wait(100ms);
    lab.hear(1, {designated, 1, 0, 1});
    lab.wait(15'899ms);
    CHECK_FALSE(lab.tree().is_root);
    lab.host.take_events();
    lab.wait(1ms);
    CHECK(lab.tree().is_root);
    lab.wait(8s);
    const auto events = lab.host.take_events();
    CHECK(events.front() == "root 50 0@0");
    CHECK(events.back() == "- 1@0");
}

TEST_CASE("a blocked port whose neighbour fell silent is opened after the maximal age") {
    Lab lab(2);
    lab.hear(1, {designated, 1, 0, 1});
    lab.hear(2, {designated, 1, 20, 40});
    for (int i = 0; i < 10; ++i) {
        lab.wait(4s);
        lab.hear(1, {designated, 1, 0, 1});
        CHECK_FALSE(lab.forwards(2));
    }
    lab.wait(4s);
    CHECK(lab.forwards(2));
}

TEST_CASE("a topology change flushes addresses and is told to the others, once") {
    Lab lab;
    lab.hear(1, {designated, 1, 0, 1});
    lab.hear(2, {root, 1, 40, 60});
    lab.hear(3, {root, 1, 40, 61});
    lab.answers();
    lab.host.flushes.clear();
    lab.hear(2, {root, 1, 40, 60}, true);
    CHECK(lab.host.flushes[0] == 1);
    CHECK(lab.answers() == Lines{"1:rootT 1 20", "3:designatedT 1 20"});
    lab.wait(4s);
    for (const auto& line : lab.answers()) CHECK(line.find('T') == std::string::npos);
}

TEST_CASE("a port is blocked before another is opened in its place") {
    Lab lab;
    lab.hear(1, {designated, 1, 0, 1});
    lab.hear(2, {designated, 1, 20, 40});
    lab.host.take_events();
    lab.hear(2, {designated, 0, 0, 40});
    CHECK(lab.host.take_events() == Lines{"root 0 2@0", "discarding 1@0", "forwarding 2@0"});
}

TEST_CASE("a child that finds a better way is blocked") {
    Lab lab;
    lab.hear(1, {designated, 1, 0, 1});
    lab.hear(2, {root, 1, 40, 60});
    REQUIRE(lab.forwards(2));
    lab.hear(2, {backup, 1, 20, 60}, false, true);
    CHECK_FALSE(lab.forwards(2));
}

TEST_CASE("of two equal ways the present one is kept") {
    Lab lab;
    lab.hear(2, {designated, 1, 0, 7});
    lab.hear(1, {designated, 1, 0, 3});
    CHECK(lab.tree().root_port == 2);
    lab.hear(2, {designated, 1, 0, 7});
    CHECK(lab.tree().root_port == 2);
    lab.fstp.remove_port(0, 2, lab.clock.now());
    CHECK(lab.tree().root_port == 1);
}

TEST_CASE("where several neighbours share a link, the best of all serves the children") {
    Lab lab;
    lab.hear(1, {designated, 1, 0, 1});
    lab.hear(2, {root, 1, 40, 60});
    SECTION("which is us while the other is worse") {
        lab.hear(2, {backup, 1, 20, 70}, false, true);
        CHECK(lab.forwards(2));
    }
    SECTION("which is the other one while it is better, and heard") {
        lab.hear(2, {designated, 1, 20, 40});
        CHECK_FALSE(lab.forwards(2));
        lab.hear(2, {root, 1, 40, 60});
        CHECK_FALSE(lab.forwards(2));
        for (int i = 0; i < 5; ++i) {
            lab.wait(4s);
            lab.hear(1, {designated, 1, 0, 1});
            lab.hear(2, {root, 1, 40, 60});
        }
        CHECK(lab.forwards(2));
    }
    SECTION("and nobody when no child is left") {
        for (int i = 0; i < 5; ++i) {
            lab.wait(4s);
            lab.hear(1, {designated, 1, 0, 1});
            lab.hear(2, {backup, 1, 20, 70}, false, true);
        }
        CHECK_FALSE(lab.forwards(2));
    }
}

TEST_CASE("neighbours on blocked ports are reminded of us when the topology changes") {
    Lab lab;
    lab.hear(1, {designated, 1, 0, 1});
    lab.hear(2, {designated, 1, 20, 40});
    lab.answers();
    lab.hear(1, {designated, 1, 0, 1}, true);
    CHECK(lab.answers() == Lines{"2:backupP 1 20"});
}

TEST_CASE("an edge port forwards, is silent and deaf, also after it was away") {
    Lab lab(2);
    lab.hear(1, {designated, 1, 0, 1});
    lab.hear(2, {designated, 1, 20, 40});
    lab.answers();
    REQUIRE(lab.fstp.set_edge(0, 2, true, lab.clock.now()));
    CHECK(lab.forwards(2));
    CHECK(lab.tree().ports[1].role == "Edge");
    lab.answers();
    lab.hear(2, {designated, 0, 0, 2});
    CHECK(lab.tree().root == id(1));
    CHECK(lab.answers().empty());
    lab.wait(4s);
    CHECK(lab.answers() == Lines{"1:rootA 1 20"});

    lab.fstp.remove_port(0, 2, lab.clock.now());
    lab.fstp.add_port(0, 2, false, lab.clock.now());
    CHECK(lab.tree().ports[1].role == "Edge");
    REQUIRE(lab.fstp.set_edge(0, 2, false, lab.clock.now()));
    CHECK(lab.answers().back() == "2:designated 1 20");
    CHECK_FALSE(lab.fstp.set_edge(7, 2, false, lab.clock.now()));
}

TEST_CASE("a bonus makes a port the root port, and never makes a path free") {
    Lab lab;
    lab.hear(1, {designated, 1, 0, 1});
    lab.hear(2, {designated, 1, 0, 2});
    REQUIRE(lab.fstp.set_bonus(0, 2, 5'000'000, lab.clock.now()));
    auto tree = lab.tree();
    CHECK(tree.root_port == 2);
    CHECK(tree.cost == 15'000'000);
    CHECK(tree.bonus_port == 2);
    CHECK(tree.bonus_cost == 5'000'000);
    CHECK_FALSE(lab.forwards(1));
    REQUIRE(lab.fstp.set_bonus(0, 2, 4'000'000'000, lab.clock.now()));
    CHECK(lab.tree().cost == 1);
    CHECK_FALSE(lab.fstp.set_bonus(7, 2, 1, lab.clock.now()));
}

TEST_CASE("a path whose cost would not fit is no path") {
    Lab lab(1);
    lab.hear(1, {designated, 1, 4290, 1});
    CHECK(lab.tree().is_root);
}

TEST_CASE("turning the protocol off opens every port and forgets every neighbour") {
    Lab lab;
    lab.hear(1, {designated, 1, 0, 1});
    lab.hear(2, {designated, 1, 20, 40});
    lab.answers();
    lab.host.take_events();
    lab.fstp.enable(false, lab.clock.now());
    CHECK(lab.forwards(2));
    CHECK(lab.tree().is_root);
    CHECK(lab.host.take_events() == Lines{"root 50 0@0", "forwarding 2@0"});
    CHECK(lab.answers().empty());
    CHECK_FALSE(lab.fstp.next_deadline());
    lab.fstp.enable(true, lab.clock.now());
    CHECK(lab.answers().size() == 4);
    CHECK(lab.tree().is_root);
}

TEST_CASE("a VLAN's messages are tagged where its member is, and concern only that VLAN") {
    Lab lab(1);
    lab.fstp.add_vlan(5, lab.clock.now());
    CHECK(lab.host.take_events() == Lines{"root 50 0@5"});
    lab.fstp.add_port(5, 1, true, lab.clock.now());
    REQUIRE(lab.host.sent.size() == 1);
    CHECK(lab.host.sent[0].frame.size() == 57);
    FstpBpdu message;
    message.root = message.bridge = id(1);
    message.role = designated;
    const FstpFrame frame(message, 5);
    CHECK(lab.fstp.receive(5, 1, frame.bytes(), lab.clock.now()));
    CHECK(lab.fstp.tree(5, lab.clock.now())->root == id(1));
    CHECK(lab.fstp.tree(5, lab.clock.now())->ports[0].tagged);
    CHECK(lab.tree().root == id(self));
    CHECK(lab.fstp.trees(lab.clock.now()).size() == 2);
    CHECK(lab.fstp.receive(6, 1, frame.bytes(), lab.clock.now()));  // consumed all the same
    lab.fstp.remove_vlan(5);
    CHECK_FALSE(lab.fstp.tree(5, lab.clock.now()));
    CHECK(lab.fstp.state(5, 1) == PortState::forwarding);
}

TEST_CASE("a neighbour that never stops asking is answered a bounded number of times a second") {
    Lab lab(1);
    for (int i = 0; i < 1000; ++i) lab.hear(1, {designated, 60, 0, 60});
    CHECK(lab.answers().size() == fstp_sends_max - 1);  // one was sent when the port came up
    REQUIRE(lab.fstp.next_deadline());
    CHECK(*lab.fstp.next_deadline() == lab.clock.now() + 1s);
    lab.wait(1s);
    CHECK(lab.answers().size() == 1);
    CHECK(*lab.fstp.next_deadline() == lab.clock.now() + 3s);
}

TEST_CASE("any messages at any time leave a switch that still speaks and finds the root") {
    const auto seed = fstp_seed(3);
    INFO("rerun with seed " << seed);
    Dice dice(seed);
    Lab lab;
    for (int i = 0; i < 20'000; ++i) {
        FstpBpdu message;
        message.role = static_cast<FstpRole>(dice.below(4));
        message.topology_change = dice.below(2) == 0;
        message.proposal = dice.below(2) == 0;
        message.root = id(1 + dice.below(60));
        message.bridge = id(40 + dice.below(20));
        message.cost = dice.below(8) * 1'000'000'000 / 2;
        message.port = static_cast<std::uint16_t>(0x8000 + dice.below(6));
        const FstpFrame frame(message, std::nullopt);
        const auto port = dice.below(6);
        lab.fstp.receive(0, port, frame.bytes().first(dice.below(54)), lab.clock.now());
        lab.fstp.receive(0, port, frame.bytes(), lab.clock.now());
        if (dice.below(50) == 0) lab.fstp.remove_port(0, dice.below(6), lab.clock.now());
        if (dice.below(20) == 0) lab.fstp.add_port(0, dice.below(6), false, lab.clock.now());
        if (dice.below(50) == 0)
            lab.fstp.set_edge(0, dice.below(6), dice.below(3) == 0, lab.clock.now());
        if (dice.below(10) == 0) lab.wait(std::chrono::milliseconds(dice.below(6000)));
        lab.host.sent.clear();
        lab.host.events.clear();
        unsigned roots = 0;
        for (const auto& port_view : lab.tree().ports) roots += port_view.role == "Root";
        REQUIRE(roots == (lab.tree().is_root ? 0 : 1));
        REQUIRE(lab.tree().root <= id(self));
    }
    for (unsigned port = 0; port < 6; ++port) lab.fstp.set_edge(0, port, false, lab.clock.now());
    lab.fstp.add_port(0, 1, false, lab.clock.now());
    lab.wait(60s);
    CHECK(lab.tree().is_root);
    lab.hear(1, {designated, 1, 0, 1});
    CHECK(lab.tree().root_port == 1);
}
