// How long packets wait for a table change while 100,000 megaflows are live. Run with:
// test-flows "the cost of a table change"
//
// A packet can wait for the change itself, which nothing interrupts, and for the packets of its
// batch that are decided before it: each megaflow that the change touches is decided anew by the
// first packet that it answers for.
#include <fmt/core.h>

#include <algorithm>
#include <ctime>

#include "flows/flow_text.h"
#include "flows/forwarding_engine.h"
#include "tests/flows/frames.h"
#include "tests/support/catch.h"

namespace switchd::test {
namespace {

const TimePoint now{std::chrono::hours{1}};
constexpr std::size_t ports = 8;
constexpr std::size_t stations = 340;
constexpr std::size_t batch = 32;

MacAddress station(std::size_t number) {
    return MacAddress::from_u64(0x020000000000 + number);
}

PortNumber port_of(std::size_t station) {
    return static_cast<PortNumber>(station % ports + 1);
}

// A TCP packet between every two stations.
struct Traffic {
    std::vector<Bytes> frames;
    std::vector<ForwardingEngine::Arrival> arrivals;

    Traffic() {
        for (std::size_t from = 0; from < stations; ++from)
            for (std::size_t to = 0; to < stations; ++to)
                if (port_of(from) != port_of(to))
                    frames.push_back(
                        ethernet(station(from), station(to), ipv4(6, tcp(1000, 80, 0x10))));
        std::size_t at = 0;
        for (std::size_t from = 0; from < stations; ++from)
            for (std::size_t to = 0; to < stations; ++to)
                if (port_of(from) != port_of(to)) arrivals.push_back({frames[at++], port_of(from)});
    }
};

// Of this thread, in us: what else runs on the machine is not measured.
double processor_time() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

// Of the batches, the time of the slowest one and of the one in the middle, in us.
struct Waits {
    double longest, median;
};
Waits send(ForwardingEngine& engine, const Traffic& traffic) {
    std::array<const ActionProgram*, batch> programs;
    std::vector<double> times;
    for (std::size_t at = 0; at + batch <= traffic.arrivals.size(); at += batch) {
        const double begin = processor_time();
        engine.process(std::span(traffic.arrivals).subspan(at, batch), now, programs);
        times.push_back(processor_time() - begin);
    }
    std::ranges::sort(times);
    return {times.back(), times[times.size() / 2]};
}

}  // namespace

TEST_CASE("the cost of a table change", "[!benchmark]") {
    ForwardingEngine engine{
        {.cache = {.entries_max = 131072, .entries_per_port_max = 131072}, .hash_seed = 1}};
    for (PortNumber port = 1; port <= ports; ++port) std::ignore = engine.tables().add_port(port);
    const Traffic traffic;
    send(engine, traffic);  // learns
    send(engine, traffic);
    REQUIRE(engine.megaflows().size() >= 100'000);
    fmt::print("\n{} megaflows are live; batches of {} packets, in us: median, longest\n",
               engine.megaflows().size(), batch);
    const auto show = [](std::string_view when, Waits waits) {
        fmt::print("  {:<44} {:8.1f} {:8.1f}\n", when, waits.median, waits.longest);
    };
    show("before", send(engine, traffic));

    const std::pair<const char*, const char*> changes[] = {
        {"after a rule about other packets", "priority=1,arp,actions=drop"},
        {"after a rule that touches all", "priority=2,tcp,tp_dst=23,actions=drop"},
        {"after a rule that gives all another action", "priority=3,tcp,actions=output:8"}};
    for (const auto& [when, text] : changes) {
        const auto mod = parse_flow_mod(text, FlowMod::Command::add);
        REQUIRE(mod);
        const double begin = processor_time();
        REQUIRE(engine.tables().flow_tables().apply(*mod, now));
        const double change = processor_time() - begin;
        show(when, send(engine, traffic));
        fmt::print("    and the change itself {:.1f}\n", change);
    }
}

}  // namespace switchd::test
