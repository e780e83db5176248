#include "flows/forwarding_engine.h"

#include "tests/flows/frames.h"
#include "tests/flows/rules.h"
#include "tests/support/catch.h"

namespace switchd::test {
namespace {

using namespace std::chrono_literals;

const Bytes payload = ipv4(17, udp(1, 2));

struct Fixture {
    Fixture() {
        for (PortNumber port = 1; port <= 3; ++port) REQUIRE(engine.tables().add_port(port));
    }
    const ActionProgram& sends(PortNumber port, MacAddress source, MacAddress destination) {
        const Bytes frame = ethernet(source, destination, payload);
        return engine.process(extract(frame, port), frame.size(), now);
    }
    // Alice on port 1 and bob on port 2 know each other.
    void introduce() {
        sends(1, alice, bob);
        sends(2, bob, alice);
        sends(1, alice, bob);
    }
    ForwardingEngine engine{{}};
    TimePoint now{1h};
};

}  // namespace

TEST_CASE_METHOD(Fixture, "the second frame of a kind comes from the cache", "[flows]") {
    introduce();
    const auto before = engine.statistics();
    CHECK(to_text(sends(1, alice, bob)) == "output:2");
    CHECK(to_text(sends(2, bob, alice)) == "output:1");
    CHECK(engine.statistics().hits == before.hits + 2);
    CHECK(engine.statistics().misses == before.misses);
}

TEST_CASE_METHOD(Fixture, "a first frame costs one translation, not two", "[flows]") {
    sends(1, alice, bob);
    sends(1, alice, bob);
    CHECK(engine.statistics().misses == 1);
    CHECK(engine.statistics().hits == 1);
    CHECK(engine.statistics().revalidated == 0);
}

TEST_CASE_METHOD(Fixture, "a change that has nothing to do with a megaflow leaves it alone",
                 "[flows]") {
    introduce();
    sends(3, carol, alice);
    REQUIRE(engine.tables().set_port_flags(3, {.flood = false}));
    const auto before = engine.statistics();
    CHECK(to_text(sends(1, alice, bob)) == "output:2");
    CHECK(engine.statistics().hits == before.hits + 1);
}

TEST_CASE_METHOD(Fixture, "no frame sees tables that have been changed", "[flows]") {
    introduce();
    engine.tables().forget_all_macs();
    CHECK(to_text(sends(1, alice, bob)) == "output:2,3");
    engine.tables().set_mode(ForwardingMode::hub);
    CHECK(to_text(sends(1, alice, bob)) == "output:2,3");
    REQUIRE(engine.tables().flow_tables().apply(add_mod(Match{}, 9, {}), now));
    CHECK(to_text(sends(1, alice, bob)) == "drop:rule_drop");
}

TEST_CASE_METHOD(Fixture, "a rule for another port is seen by frames resubmitted as from there",
                 "[flows]") {
    FlowTables& rules = engine.tables().flow_tables();
    const auto from = [](PortNumber port) {
        Match match;
        match_field(FieldId::in_port).set(match.key, {0, port});
        match_field(FieldId::in_port).fold(match.mask);
        return match;
    };
    REQUIRE(rules.apply(add_mod(from(1), 9, {rule_action::Resubmit{3, 1}}), now));
    CHECK(to_text(sends(1, alice, bob)) == "drop:no_rule");
    REQUIRE(rules.apply(add_mod(from(3), 9, {rule_action::Output{2}}, 1), now));
    CHECK(to_text(sends(1, alice, bob)) == "output:2");
}

TEST_CASE_METHOD(Fixture, "a table that costs more is seen by frames that its rules do not match",
                 "[flows]") {
    FlowTables& rules = engine.tables().flow_tables();
    RuleActions actions(2047, rule_action::Resubmit{reserved_port::in_port, 1});
    actions.emplace_back(rule_action::Output{2});
    REQUIRE(rules.apply(add_mod(Match{}, 9, actions), now));
    const auto add = [&](std::size_t i) {
        Match odd;  // alice's address is none with a zero at the end
        match_field(FieldId::eth_src).fold(odd.mask, {0, i << 1 | 1});
        REQUIRE(rules.apply(add_mod(odd, 1, {}, 1), now));
    };
    for (std::size_t i = 0; i < 2 * FlowTables::cheap_masks; ++i) add(i);
    CHECK(to_text(sends(1, alice, bob)) == "output:2");
    CHECK(to_text(sends(1, alice, bob)) == "output:2");
    add(2 * FlowTables::cheap_masks);
    CHECK(to_text(sends(1, alice, bob)) == "drop:too_complex");
}

TEST_CASE_METHOD(Fixture, "more changes than the log remembers make every megaflow ask again",
                 "[flows]") {
    introduce();
    REQUIRE(engine.tables().set_port_flags(2, {.up = false}));
    for (std::size_t i = 0; i <= ChangeLog::records_max; ++i)
        REQUIRE(engine.tables().set_port_flags(3, {.flood = i % 2 == 1}));
    CHECK(to_text(sends(1, alice, bob)) == "drop:no_destination");
}

TEST_CASE_METHOD(Fixture, "frames that the cache answers keep their station alive", "[flows]") {
    introduce();
    for (int i = 0; i < 10; ++i) {
        now += 100s;
        sends(2, bob, alice);
        engine.expire(now);
    }
    CHECK(engine.tables().macs().find(0, bob));
    CHECK_FALSE(engine.tables().macs().find(0, alice));
}

TEST_CASE_METHOD(Fixture, "a station that is set is where it was set from the next frame on",
                 "[flows]") {
    introduce();
    sends(3, bob, alice);  // and comes back
    sends(2, bob, alice);
    REQUIRE(engine.tables().set_static_mac(0, bob, 2, now));
    CHECK(to_text(sends(3, bob, alice)) == "output:1");
    CHECK(to_text(sends(1, alice, bob)) == "output:2");
    REQUIRE(engine.tables().set_static_mac(0, bob, 3, now));
    CHECK(to_text(sends(1, alice, bob)) == "output:3");
    sends(2, bob, alice);
    engine.tables().forget_all_macs();
    engine.expire(now + 1h);
    CHECK(to_text(sends(1, alice, bob)) == "output:3");
    REQUIRE(engine.tables().remove_static_mac(0, bob));
    CHECK(to_text(sends(1, alice, bob)) == "output:2,3");
    sends(2, bob, alice);
    CHECK(to_text(sends(1, alice, bob)) == "output:2");
}

TEST_CASE_METHOD(Fixture, "a batch is decided frame by frame, and frames of a kind share a program",
                 "[flows]") {
    const Bytes there = ethernet(alice, bob, payload), back = ethernet(bob, alice, payload);
    const ForwardingEngine::Arrival arrivals[] = {
        {there, 1}, {back, 2}, {there, 1}, {back, 2}, {there, 1}};
    const ActionProgram* programs[std::size(arrivals)];
    engine.process(arrivals, now, programs);
    CHECK(to_text(*programs[0]) == "output:2,3");  // valid although bob was learned since
    CHECK(to_text(*programs[1]) == "output:1");
    CHECK(to_text(*programs[2]) == "output:2");
    CHECK(programs[3] == programs[1]);
    CHECK(programs[4] == programs[2]);
}

TEST_CASE_METHOD(Fixture, "batches of any size are answered in full", "[flows]") {
    introduce();
    const Bytes frame = ethernet(alice, bob, payload);
    for (const std::size_t size : {0u, 1u, 63u, 64u, 65u, 200u}) {
        const std::vector<ForwardingEngine::Arrival> arrivals(size, {frame, 1});
        std::vector<const ActionProgram*> programs(size);
        engine.process(arrivals, now, programs);
        for (const ActionProgram* program : programs) CHECK(to_text(*program) == "output:2");
    }
}

TEST_CASE_METHOD(Fixture, "programs survive what happens to the tables until the next frames",
                 "[flows]") {
    introduce();
    const ActionProgram& program = sends(1, alice, bob);
    engine.flush_megaflows();
    REQUIRE(engine.tables().remove_port(2));
    engine.expire(now + 1h);
    CHECK(to_text(program) == "output:2");
}

TEST_CASE_METHOD(Fixture, "megaflows that do the same share the program", "[flows]") {
    const ActionProgram* const flood = &sends(1, alice, MacAddress::broadcast());
    CHECK(&sends(1, alice, carol) == flood);
    CHECK(engine.megaflows().size() == 2);
}

TEST_CASE_METHOD(Fixture, "megaflows count their frames", "[flows]") {
    introduce();
    sends(1, alice, bob);
    std::uint64_t packets = 0;
    engine.megaflows().for_each([&](const Megaflow& flow) {
        if (flow.key().in_port() != 1) return;
        packets = flow.packets;
        CHECK(flow.bytes == packets * ethernet(alice, bob, payload).size());
        CHECK(flow.last_used == now);
    });
    CHECK(packets == 3);
}

TEST_CASE_METHOD(Fixture, "nothing ages in a switch that nobody used", "[flows]") {
    CHECK_FALSE(engine.next_expiry(now));
    introduce();
    CHECK(engine.next_expiry(now) == now + 1s);
    engine.expire(now + 20s);
    CHECK(engine.megaflows().size() == 0);
    CHECK(engine.next_expiry(now + 20s) == now + 300s);
    engine.expire(now + 300s);
    CHECK_FALSE(engine.next_expiry(now + 300s));
}

TEST_CASE("every cached answer is checked when asked for", "[flows]") {
    ForwardingEngine engine{{.validate_every = 1}};
    for (PortNumber port = 1; port <= 2; ++port) REQUIRE(engine.tables().add_port(port));
    const FlowKey key = extract(ethernet(alice, bob, payload), 1);
    for (int i = 0; i < 5; ++i) engine.process(key, 60, TimePoint{1h});
    CHECK(engine.statistics().hits == 4);
    CHECK(engine.statistics().unsound == 0);
}

}  // namespace switchd::test
