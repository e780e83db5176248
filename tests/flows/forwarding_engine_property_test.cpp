// Coherence: whatever happens, in whatever order, each frame gets from the cache what the tables
// alone would give it, and teaches them the same. Two switches are told the same things; one has a
// cache.
#include "flows/forwarding_engine.h"
#include "tests/flows/random_switch.h"
#include "tests/flows/rules.h"
#include "tests/flows/seeds.h"
#include "tests/support/catch.h"

namespace switchd::test {
namespace {

MegaflowCache::Settings random_cache(RandomSwitch& random) {
    if (random.chance(40)) return {};
    return {.entries_max = 1 + random.below(20),
            .entries_per_port_max = 1 + random.below(8),
            .masks_per_port_coarse = random.below(4),
            .masks_per_port_max = 1 + random.below(6),
            .idle = std::chrono::seconds{2},
            .idle_drop = std::chrono::seconds{1}};
}

// Exact at the moment they are read.
void require_equal_counters(const Pipeline& cached, const Pipeline& uncached) {
    cached.flow_tables().settle();
    const auto rules = rules_of(cached.flow_tables(), remove_mod());
    const auto wanted = rules_of(uncached.flow_tables(), remove_mod());
    REQUIRE(rules.size() == wanted.size());
    for (std::size_t i = 0; i < rules.size(); ++i) {
        REQUIRE(rules[i]->match() == wanted[i]->match());
        REQUIRE(rules[i]->packets == wanted[i]->packets);
        REQUIRE(rules[i]->bytes == wanted[i]->bytes);
        REQUIRE(rules[i]->used == wanted[i]->used);
    }
}

// A packet that two megaflows cover may be answered by either. How many pairs there are of such.
std::uint64_t require_agreement(const ForwardingEngine& engine, TimePoint now) {
    std::vector<const Megaflow*> holding;
    engine.megaflows().for_each([&](const Megaflow& flow) {
        if (flow.generation == engine.tables().changes().generation() && now < flow.holds_until)
            holding.push_back(&flow);
    });
    std::uint64_t overlapping = 0;
    for (const Megaflow* a : holding) {
        for (const Megaflow* b : holding) {
            if (a == b) continue;
            const FlowKey one = a->key(), other = b->key();
            std::uint64_t differing = 0;
            for (std::size_t i = 0; i < packet_words; ++i)
                differing |= (one.words[i] ^ other.words[i]) & a->mask->mask.words[i] &
                             b->mask->mask.words[i];
            INFO(a->match_text() << " and " << b->match_text());
            if (differing != 0) continue;
            ++overlapping;
            REQUIRE(*a->program == *b->program);
        }
    }
    return overlapping;
}

}  // namespace

TEST_CASE("a switch with a cache does to every frame what one without does", "[flows][property]") {
    std::uint64_t hits = 0, overlapping = 0;
    for (const auto seed : seeds(200)) {
        INFO("rerun with seed " << seed);
        RandomSwitch random{seed};
        const Pipeline::Settings settings{
            .macs = random.mac_settings(),
            .vlan_policy = random.chance(50) ? VlanPolicy::strict : VlanPolicy::transparent};
        ForwardingEngine engine{{.tables = settings,
                                 .cache = random_cache(random),
                                 .hash_seed = seed,
                                 .validate_every = static_cast<std::uint32_t>(random.below(4))}};
        Pipeline uncached{settings, HashKey{seed}};
        const auto both = [&](const RandomSwitch::Change& change) {
            change(engine.tables());
            change(uncached);
        };
        both(random.make_ports_and_vlans());

        TimePoint now{std::chrono::hours{1}};
        const unsigned changes_percent = static_cast<unsigned>(random.below(20));
        std::vector<Bytes> frames;
        for (int step = 0; step < 400; ++step) {
            INFO("step " << step);
            if (random.chance(changes_percent)) both(random.change(now));
            if (random.chance(10)) now += std::chrono::milliseconds{random.below(1500)};
            if (random.chance(3)) {
                engine.expire(now);
                uncached.expire_macs(now);
                uncached.flow_tables().expire(now);
            }

            // The same few frames again and again, now and then a new one.
            if (frames.size() < 6 || random.chance(5)) frames.push_back(random.frame());
            std::vector<ForwardingEngine::Arrival> batch;
            for (auto count = 1 + random.below(5); count > 0; --count)
                batch.push_back({frames[random.below(frames.size())], random.port()});
            std::vector<const ActionProgram*> programs(batch.size());
            if (random.chance(50)) {
                engine.process(batch, now, programs);
            } else {
                batch.resize(1);
                programs[0] = &engine.process(extract(batch[0].bytes, batch[0].in_port),
                                              batch[0].bytes.size(), now);
            }

            for (std::size_t i = 0; i < batch.size(); ++i) {
                const FlowKey key = extract(batch[i].bytes, batch[i].in_port);
                const Verdict wanted = uncached.lookup(key, now);
                uncached.perform(wanted, now);
                for (const RuleId id : wanted.counting.rules)
                    uncached.flow_tables().count(id, 1, batch[i].bytes.size(), now);
                INFO(to_text(key, wanted.mask)
                     << ": " << to_text(wanted.program) << ", not " << to_text(*programs[i]));
                REQUIRE(*programs[i] == wanted.program);
            }
            REQUIRE(engine.tables().macs().entries() == uncached.macs().entries());
            if (step % 16 != 0) continue;
            require_equal_counters(engine.tables(), uncached);
            overlapping += require_agreement(engine, now);
        }
        REQUIRE(engine.statistics().unsound == 0);
        hits += engine.statistics().hits;
    }
    CHECK(hits > 0);
    CHECK(overlapping > 0);
}

}  // namespace switchd::test
