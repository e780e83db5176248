// Networks of spanning tree engines: rings, meshes and random ones, before and after a cable is
// cut.
#include "vde-compat/fstp_tree.h"

#include "tests/support/catch.h"
#include "tests/vde-compat/fstp_network.h"

using namespace switchd;
using namespace switchd::vde;
using namespace std::chrono_literals;

namespace {

// Long enough for a lost root (three hellos and what is left of a fourth) and for all to settle.
constexpr std::chrono::seconds heal_time{40};

unsigned blocked_cables(const FstpNetwork& network, unsigned vlan = 0) {
    unsigned blocked = 0;
    for (std::size_t c = 0; c < network.cable_count(); ++c)
        blocked += network.is_whole(c) && !network.is_open(c, vlan);
    return blocked;
}

void connect_at_random(FstpNetwork& network, unsigned switches, unsigned extra, Dice& dice) {
    for (unsigned i = 1; i < switches; ++i) network.connect(dice.below(i), i);
    for (unsigned i = 0; i < extra; ++i)
        network.connect(dice.below(switches), dice.below(switches));
}

}  // namespace

TEST_CASE("a ring of three blocks one cable and heals at once when another is cut") {
    Dice dice(1);
    FstpNetwork network(3);
    network.connect(0, 1);
    const auto far = network.connect(1, 2);
    const auto cut = network.connect(2, 0);
    REQUIRE(network.deliver(dice));
    CHECK(network.is_spanning_tree(0));
    CHECK(blocked_cables(network) == 1);
    CHECK_FALSE(network.is_open(far, 0));

    network.cut(cut);
    REQUIRE(network.deliver(dice));
    CHECK(network.is_spanning_tree(0));
    CHECK(blocked_cables(network) == 0);
}

TEST_CASE("a ring heals when a cable loses everything without a word") {
    Dice dice(1);
    FstpNetwork network(4);
    for (unsigned i = 0; i < 4; ++i) network.connect(i, (i + 1) % 4);
    REQUIRE(network.run(10s, dice));
    REQUIRE(network.is_spanning_tree(0));
    network.silence(0);
    REQUIRE(network.run(20s, dice));
    CHECK(network.is_spanning_tree(0));
    network.unsilence(0);
    REQUIRE(network.run(10s, dice));
    CHECK(network.is_spanning_tree(0));
    CHECK(blocked_cables(network) == 1);
}

TEST_CASE(
    "a switch wired to itself blocks one of the two ports, and opens it when the loop is gone") {
    Dice dice(1);
    FstpNetwork network(1);
    const auto loop = network.connect(0, 0);
    REQUIRE(network.run(9s, dice));
    CHECK(network.blocked_ends(loop, 0) == 1);
    CHECK(network.fstp(0).state(0, 1) == PortState::forwarding);
    network.silence(loop);
    REQUIRE(network.run(30s, dice));
    CHECK(network.blocked_ends(loop, 0) == 0);
}

TEST_CASE("of parallel cables one stays open") {
    Dice dice(1);
    FstpNetwork network(2);
    for (int i = 0; i < 4; ++i) network.connect(0, 1);
    REQUIRE(network.deliver(dice));
    CHECK(network.is_spanning_tree(0));
    CHECK(blocked_cables(network) == 3);
}

TEST_CASE("a full mesh becomes a tree") {
    Dice dice(1);
    FstpNetwork network(8);
    for (unsigned i = 0; i < 8; ++i)
        for (unsigned j = 0; j < i; ++j) network.connect(i, j);
    REQUIRE(network.run(5s, dice));
    CHECK(network.is_spanning_tree(0));
    CHECK(blocked_cables(network) == 28 - 7);
}

TEST_CASE("each VLAN has its own tree, and a bonus moves only one of them") {
    Dice dice(1);
    FstpNetwork network(3, {{0, false}, {7, true}});
    network.connect(0, 1);
    const auto far = network.connect(1, 2);
    const auto near = network.connect(2, 0);
    REQUIRE(network.run(5s, dice));
    CHECK(network.is_spanning_tree(0));
    CHECK(network.is_spanning_tree(7));
    CHECK_FALSE(network.is_open(far, 7));

    // Switch 2 now prefers the detour over switch 1: 2 * 20M - 19M < 20M is false, so take all.
    REQUIRE(network.fstp(1).set_bonus(7, 1, 15'000'000, network.now()));
    REQUIRE(network.fstp(2).set_bonus(7, 1, 15'000'000, network.now()));
    REQUIRE(network.run(5s, dice));
    CHECK(network.is_spanning_tree(0));
    CHECK(network.is_spanning_tree(7));
    CHECK_FALSE(network.is_open(far, 0));
    CHECK(network.is_open(far, 7));
    CHECK_FALSE(network.is_open(near, 7));
}

TEST_CASE("random networks become trees, and again after every cut and every new cable") {
    const auto seed = fstp_seed(20261);
    for (unsigned round = 0; round < 150; ++round) {
        const auto round_seed = std::getenv("SEED") ? seed : seed + round;
        INFO("rerun with seed " << round_seed);
        Dice dice(round_seed);
        const unsigned switches = 2 + dice.below(12);
        FstpNetwork network(switches, {{0, false}, {5, true}});
        connect_at_random(network, switches, dice.below(2 * switches), dice);
        REQUIRE(network.run(heal_time, dice));
        REQUIRE(network.is_spanning_tree(0));
        REQUIRE(network.is_spanning_tree(5));

        for (int change = 0; change < 6; ++change) {
            const auto cable = dice.below(network.cable_count());
            const auto kind = dice.below(4);
            if (kind == 0)
                network.connect(dice.below(switches), dice.below(switches));
            else if (!network.is_whole(cable))
                continue;
            else if (kind == 1)
                network.silence(cable);
            else
                network.cut(cable);
            REQUIRE(network.run(heal_time, dice));
            INFO("change " << change << " of kind " << kind);
            REQUIRE(network.is_spanning_tree(0));
            REQUIRE(network.is_spanning_tree(5));
        }
    }
}

TEST_CASE("when the root dies its old news do not go round, and nothing loops meanwhile") {
    const auto seed = fstp_seed(99);
    for (unsigned round = 0; round < 150; ++round) {
        const auto round_seed = std::getenv("SEED") ? seed : seed + round;
        INFO("rerun with seed " << round_seed);
        Dice dice(round_seed);
        const unsigned switches = 4 + dice.below(8);
        FstpNetwork network(switches);
        connect_at_random(network, switches, 2 * switches, dice);
        REQUIRE(network.run(heal_time, dice));
        REQUIRE(network.fstp(0).tree(0, network.now())->is_root);

        const auto before = network.delivered();
        unsigned loops = 0;
        network.after_each = [&] { loops = std::max(loops, network.loops(0)); };
        for (std::size_t c = 0; c < network.cable_count(); ++c)
            if (network.is_whole(c) && network.touches(c, 0)) network.cut(c);
        REQUIRE(network.run(1s, dice));
        CHECK(network.is_spanning_tree(0));
        CHECK(loops == 0);
        CHECK(network.delivered() - before < 60 * network.cable_count());
    }
}

TEST_CASE(
    "cutting any cable of a converged network never opens a loop, and heals within a second") {
    const auto seed = fstp_seed(4711);
    for (unsigned round = 0; round < 150; ++round) {
        const auto round_seed = std::getenv("SEED") ? seed : seed + round;
        INFO("rerun with seed " << round_seed);
        Dice dice(round_seed);
        const unsigned switches = 3 + dice.below(10);
        FstpNetwork network(switches);
        connect_at_random(network, switches, dice.below(2 * switches), dice);
        REQUIRE(network.run(heal_time, dice));
        for (int cut = 0; cut < 5; ++cut) {
            const auto cable = dice.below(network.cable_count());
            if (!network.is_whole(cable)) continue;
            unsigned loops = 0;
            network.after_each = [&] { loops = std::max(loops, network.loops(0)); };
            network.cut(cable);
            REQUIRE(network.run(1s, dice));
            CHECK(network.is_spanning_tree(0));
            CHECK(loops == 0);
        }
    }
}
