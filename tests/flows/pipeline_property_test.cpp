// The soundness of masks: every frame that a megaflow covers gets the verdict that the tables would
// give it. Tested on tables, stations, ports and frames drawn at random.
#include "flows/pipeline.h"
#include "tests/flows/random_switch.h"
#include "tests/flows/seeds.h"
#include "tests/support/catch.h"

namespace switchd::test {
namespace {

const TimePoint start{std::chrono::hours{1}};

}  // namespace

TEST_CASE("every key that agrees under a verdict's mask gets the same verdict",
          "[flows][property]") {
    for (const auto seed : seeds(300)) {
        INFO("rerun with seed " << seed);
        RandomSwitch random{seed};
        Pipeline tables{
            {.macs = random.mac_settings(),
             .vlan_policy = random.chance(50) ? VlanPolicy::strict : VlanPolicy::transparent},
            HashKey{seed}};
        random.prepare(tables, start, static_cast<unsigned>(random.below(40)));

        for (int i = 0; i < 60; ++i) {
            const TimePoint now = start + std::chrono::milliseconds{random.below(4000)};
            const FlowKey seen = random.key();
            const Verdict verdict = tables.lookup(seen, now);
            for (int k = 0; k < 4; ++k) {
                const FlowKey other = twin(verdict.mask, seen, random.key());
                const Verdict again = tables.lookup(other, now);
                INFO("seen  " << to_text(seen, verdict.mask));
                INFO("other " << to_text(other, again.mask));
                INFO(to_text(verdict.program) << " or " << to_text(again.program));
                REQUIRE(again.program == verdict.program);
                REQUIRE(again.learn == verdict.learn);
                REQUIRE(again.reads == verdict.reads);
                REQUIRE(again.holds_until == verdict.holds_until);
            }
        }
    }
}

TEST_CASE("a verdict holds, unless touched by a change, until the time it names",
          "[flows][property]") {
    for (const auto seed : seeds(200)) {
        INFO("rerun with seed " << seed);
        RandomSwitch random{seed};
        Pipeline tables{{.macs = random.mac_settings()}, HashKey{seed}};
        random.prepare(tables, start, static_cast<unsigned>(random.below(30)));

        for (int i = 0; i < 40; ++i) {
            const FlowKey key = random.key();
            const Verdict verdict = tables.lookup(key, start);
            const auto before = tables.changes().generation();
            if (random.chance(80)) random.change(start)(tables);
            bool touched = !tables.changes().remembers_since(before);
            for (auto g = before + 1; !touched && g <= tables.changes().generation(); ++g)
                touched = affects(tables.changes().at(g), verdict.reads, Match{key, verdict.mask});
            const TimePoint later = start + std::chrono::milliseconds{random.below(5000)};
            if (touched || later >= verdict.holds_until) continue;
            const Verdict again = tables.lookup(key, later);
            INFO(to_text(key, verdict.mask));
            INFO(to_text(verdict.program) << " or " << to_text(again.program));
            REQUIRE(again.program == verdict.program);
            REQUIRE(again.learn == verdict.learn);
        }
    }
}

TEST_CASE("a program lets the packet out or drops it for a reason", "[flows][property]") {
    for (const auto seed : seeds(200)) {
        INFO("rerun with seed " << seed);
        RandomSwitch random{seed};
        Pipeline tables{{.macs = random.mac_settings()}, HashKey{seed}};
        random.prepare(tables, start, static_cast<unsigned>(random.below(30)));
        for (int i = 0; i < 50; ++i) {
            const FlowKey key = random.key();
            const ActionProgram program = tables.lookup(key, start).program;
            INFO(to_text(program));
            REQUIRE_FALSE(program.steps.empty());
            for (const Action& step : program.steps) {
                if (std::holds_alternative<Drop>(step)) CHECK(program.steps.size() == 1);
                if (const auto* output = std::get_if<Output>(&step))
                    REQUIRE_FALSE(output->ports.empty());
            }
        }
    }
}

TEST_CASE("a learning switch sends nothing back and nothing twice", "[flows][property]") {
    for (const auto seed : seeds(200)) {
        INFO("rerun with seed " << seed);
        RandomSwitch random{seed};
        Pipeline tables{{.macs = random.mac_settings()}, HashKey{seed}};
        random.prepare(tables, start, static_cast<unsigned>(random.below(30)));
        FlowMod everything;
        everything.command = FlowMod::Command::remove;
        everything.table = table_all;
        std::ignore = tables.flow_tables().apply(everything, start);
        tables.set_mode(random.chance(50) ? ForwardingMode::normal : ForwardingMode::hub);
        for (int i = 0; i < 50; ++i) {
            const FlowKey key = random.key();
            const ActionProgram program = tables.lookup(key, start).program;
            INFO(to_text(program));
            std::vector<PortNumber> ports;
            for (const Action& step : program.steps)
                if (const auto* output = std::get_if<Output>(&step))
                    ports.insert(ports.end(), output->ports.begin(), output->ports.end());
            std::ranges::sort(ports);
            CHECK(std::ranges::adjacent_find(ports) == ports.end());
            CHECK(std::ranges::find(ports, key.in_port()) == ports.end());
        }
    }
}

}  // namespace switchd::test
