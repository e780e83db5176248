#include "flows/megaflow_cache.h"

#include <map>
#include <random>

#include "tests/flows/frames.h"
#include "tests/flows/seeds.h"
#include "tests/support/catch.h"

namespace switchd::test {
namespace {

using namespace std::chrono_literals;

const TimePoint start{1h};

FlowKey key_of(PortNumber port, std::uint64_t source, std::uint64_t tp_dst = 0) {
    FlowKey key;
    key.set(field::in_port, port);
    key.set(field::eth_src, source);
    key.set(field::tp_dst, tp_dst);
    return key;
}

Verdict output_to(PortNumber port, std::uint64_t tp_dst_bits = 0) {
    Verdict verdict;
    verdict.program.steps = {Output{{port}}};
    verdict.mask = FlowMask::of({field::in_port, field::eth_src});
    verdict.mask.fold(field::tp_dst, tp_dst_bits);
    return verdict;
}

std::size_t entries_of(const MegaflowCache& cache, PortNumber port) {
    std::size_t count = 0;
    cache.for_each([&](const Megaflow& flow) { count += flow.key().in_port() == port; });
    return count;
}

}  // namespace

TEST_CASE("a megaflow answers for all keys that agree under its mask", "[flows]") {
    MegaflowCache cache{{}};
    CHECK_FALSE(cache.find(key_of(1, 5)));
    Megaflow* const flow = cache.insert(key_of(1, 5), output_to(2), start);
    REQUIRE(flow);
    CHECK(cache.find(key_of(1, 5)) == flow);
    CHECK(cache.find(key_of(1, 5, 80)) == flow);
    CHECK_FALSE(cache.find(key_of(1, 6)));
    CHECK_FALSE(cache.find(key_of(2, 5)));
    CHECK(flow->match_text() == "in_port=1,dl_src=00:00:00:00:00:05");
    CHECK(flow->actions_text() == "output:2");
    cache.erase(*flow);
    CHECK_FALSE(cache.find(key_of(1, 5)));
    CHECK(cache.size() == 0);
    CHECK(cache.masks() == 0);
}

TEST_CASE("with several masks the second find comes from the front", "[flows]") {
    MegaflowCache cache{{}};
    Megaflow* const a = cache.insert(key_of(1, 5), output_to(2), start);
    Megaflow* const b = cache.insert(key_of(1, 6, 80), output_to(2, 0xffff), start);
    CHECK(cache.masks_of_port(1) == 2);
    CHECK(cache.find(key_of(1, 5, 1)) == a);
    CHECK(cache.find(key_of(1, 6, 80)) == b);
    CHECK(cache.statistics().front_hits == 0);
    CHECK(cache.find(key_of(1, 5, 1)) == a);
    CHECK(cache.find(key_of(1, 6, 80)) == b);
    CHECK(cache.statistics().front_hits == 2);

    // The slot that the front points to may be another megaflow's by now.
    cache.erase(*a);
    Megaflow* const c = cache.insert(key_of(1, 7), output_to(3), start);
    CHECK(c == a);
    CHECK_FALSE(cache.find(key_of(1, 5, 1)));
    CHECK(cache.find(key_of(1, 7)) == c);
}

TEST_CASE("masks share one interned object", "[flows]") {
    MegaflowCache cache{{}};
    for (PortNumber port = 1; port <= 20; ++port)
        cache.insert(key_of(port, 5), output_to(0), start);
    CHECK(cache.masks() == 1);
    cache.clear();
    CHECK(cache.masks() == 0);
}

TEST_CASE("one port cannot take the others' megaflows", "[flows]") {
    MegaflowCache cache{{.entries_max = 100, .entries_per_port_max = 60}};
    for (std::uint64_t i = 0; i < 30; ++i) cache.insert(key_of(1, i), output_to(0), start);
    for (std::uint64_t i = 0; i < 1000; ++i) cache.insert(key_of(2, i), output_to(0), start);
    CHECK(entries_of(cache, 1) == 30);
    CHECK(entries_of(cache, 2) == 60);
    for (std::uint64_t i = 0; i < 1000; ++i) cache.insert(key_of(3, i), output_to(0), start);
    CHECK(cache.size() == 100);
    CHECK(entries_of(cache, 1) == 30);
    CHECK(entries_of(cache, 2) >= 30);
    CHECK(entries_of(cache, 3) >= 30);
    cache.clear();
    CHECK(cache.statistics().size_max == 100);
}

TEST_CASE("many masks are rounded up, too many are refused, on that port only", "[flows]") {
    MegaflowCache cache{{.masks_per_port_coarse = 4, .masks_per_port_max = 6}};
    for (std::uint64_t bits = 1; bits <= 100; ++bits)
        cache.insert(key_of(1, bits), output_to(0, bits), start);
    CHECK(cache.masks_of_port(1) == 5);  // four as they came, and the widest
    CHECK(cache.statistics().coarsened == 96);
    CHECK(cache.statistics().refused == 0);
    for (const FlowField& field : {field::ip_src, field::ip_dst, field::ip_tos}) {
        Verdict verdict = output_to(0);
        verdict.mask.fold(field);
        cache.insert(key_of(1, 1000), verdict, start);
    }
    CHECK(cache.masks_of_port(1) == 6);
    CHECK(cache.statistics().refused == 2);
    CHECK(cache.insert(key_of(2, 1), output_to(0, 1), start));
}

TEST_CASE("verdicts that hold much are few, and each port gives up its own for them", "[flows]") {
    MegaflowCache cache{
        {.bytes_max = 100'000, .bytes_per_port_max = 40'000, .verdict_bytes_max = 10'000}};
    const auto holding = [](std::size_t rules) {
        Verdict verdict = output_to(0);
        verdict.counting.rules.resize(rules);
        return verdict;
    };
    for (std::uint64_t i = 0; i < 10; ++i) cache.insert(key_of(1, i), holding(1), start);
    for (std::uint64_t i = 0; i < 100; ++i)
        REQUIRE(cache.insert(key_of(2, i), holding(1000), start));
    CHECK(entries_of(cache, 1) == 10);
    CHECK(entries_of(cache, 2) == 5);
    CHECK_FALSE(cache.insert(key_of(2, 1000), holding(2000), start));
    CHECK(cache.statistics().too_large == 1);
    for (const PortNumber port : {3u, 4u})
        for (std::uint64_t i = 0; i < 5; ++i) cache.insert(key_of(port, i), holding(1000), start);
    CHECK(entries_of(cache, 1) == 10);
    CHECK(cache.bytes() <= 100'000 + 1000);

    SECTION("what is there does not grow without asking") {
        Megaflow& small = *cache.find(key_of(1, 0));
        CHECK(cache.update(small, holding(20)));
        CHECK_FALSE(cache.update(small, holding(1000)));
        CHECK(small.counting.rules.size() == 20);
    }
    cache.clear();
    cache.forget_programs();
    CHECK(cache.bytes() == 0);
}

TEST_CASE("a program that holds much is not cached, and others only while there is room",
          "[flows]") {
    MegaflowCache cache{{.bytes_max = 20'000, .verdict_bytes_max = 10'000}};
    const auto sending = [](PortNumber first, PortNumber ports) {
        Verdict verdict = output_to(first);
        for (PortNumber i = 1; i < ports; ++i)
            std::get<Output>(verdict.program.steps[0]).ports.push_back(first + i);
        return verdict;
    };
    CHECK_FALSE(cache.insert(key_of(1, 0), sending(0, 5000), start));
    for (std::uint64_t i = 0; i < 100; ++i)
        REQUIRE(cache.insert(key_of(1, i), sending(0, 2000), start));
    std::size_t others = 0;
    while (cache.insert(key_of(2, others), sending(static_cast<PortNumber>(others), 2000), start))
        ++others;
    CHECK(others == 3);  // the first of them is the program of port 1
    CHECK(cache.statistics().too_large == 2);
}

TEST_CASE("unused megaflows expire, drops sooner", "[flows]") {
    MegaflowCache cache{{.idle = 10s, .idle_drop = 3s}};
    Verdict drop = output_to(0);
    drop.program.steps = {Drop{}};
    cache.insert(key_of(1, 1), drop, start);
    cache.insert(key_of(1, 2), output_to(0), start);
    Megaflow* const used = cache.insert(key_of(1, 3), output_to(0), start);
    cache.expire(start + 2s);
    CHECK(cache.size() == 3);
    cache.expire(start + 3s);
    CHECK(cache.size() == 2);
    used->count(60, start + 5s);
    cache.expire(start + 10s);
    CHECK(cache.size() == 1);
    CHECK(cache.find(key_of(1, 3)) == used);
    CHECK(cache.statistics().expired == 2);
}

TEST_CASE("a program outlives its megaflow until it is forgotten", "[flows]") {
    MegaflowCache cache{{}};
    Megaflow* const flow = cache.insert(key_of(1, 1), output_to(7), start);
    const ActionProgram& program = *flow->program;
    cache.update(*flow, output_to(8));
    CHECK(to_text(program) == "output:7");
    CHECK(flow->actions_text() == "output:8");
    cache.clear();
    CHECK(to_text(program) == "output:7");
    cache.forget_programs();
}

TEST_CASE("the cache finds what a list of its megaflows would", "[flows][property]") {
    for (const auto seed : seeds(60)) {
        INFO("rerun with seed " << seed);
        std::mt19937 random{seed};
        MegaflowCache cache{{}, HashKey{seed}};
        // Disjoint by construction: the source decides how many bits of tp_dst count.
        const auto verdict_of = [](std::uint64_t source) {
            return output_to(static_cast<PortNumber>(source), (1u << source % 5) - 1);
        };
        std::map<std::tuple<PortNumber, std::uint64_t, std::uint64_t>, Megaflow*> oracle;
        for (int step = 0; step < 3000; ++step) {
            const auto port = static_cast<PortNumber>(random() % 3);
            const std::uint64_t source = random() % 30;
            const FlowKey key = key_of(port, source, random() % 64);
            const Verdict verdict = verdict_of(source);
            const std::tuple id{port, source, verdict.mask.apply(key).get(field::tp_dst)};
            Megaflow* const found = cache.find(key);
            REQUIRE((found != nullptr) == oracle.contains(id));
            if (!found) {
                oracle[id] = cache.insert(key, verdict, start);
                continue;
            }
            REQUIRE(found == oracle[id]);
            REQUIRE(*found->program == verdict.program);
            if (random() % 3 == 0) {
                cache.erase(*found);
                oracle.erase(id);
            }
            REQUIRE(cache.size() == oracle.size());
        }
    }
}

}  // namespace switchd::test
