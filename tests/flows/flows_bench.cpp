// How long the parts of a lookup and the edits of a frame take. Run with: test-flows "[!benchmark]"
//
// Each benchmark does `batch` operations a run; divide what is printed by that for one frame.
#include "flows/field_edit.h"
#include "flows/forwarding_engine.h"
#include "tests/flows/frames.h"
#include "tests/support/catch.h"

namespace switchd::test {
namespace {

constexpr std::size_t batch = 1000;
const TimePoint now{std::chrono::hours{1}};

MacAddress station(std::uint64_t number) {
    return MacAddress::from_u64(0x020000000000 + number);
}

Bytes tcp_frame(MacAddress source, MacAddress destination) {
    return ethernet(source, destination, ipv4(6, tcp(1000, 80, 0x10) + Bytes(1000)));
}

FlowKey key_of(std::uint64_t source, std::uint64_t destination) {
    return extract(tcp_frame(station(source), station(destination)), 1);
}

// Keys that no megaflow answers for, in a cache with one megaflow under each of `masks` masks: each
// find asks the front cache and all the masks' tables.
void benchmark_masks(Catch::Benchmark::Chronometer meter, std::size_t masks) {
    MegaflowCache cache{{.masks_per_port_coarse = masks}};
    const FlowKey first = key_of(1, 2);
    for (std::size_t i = 0; i < masks; ++i) {
        Verdict verdict;
        verdict.program.steps = {Drop{}};
        verdict.mask = FlowMask::of({field::in_port, field::eth_src, field::eth_dst});
        verdict.mask.fold(field::ip_dst, i);
        cache.insert(first, verdict, now);
    }
    constexpr std::size_t different = 256;  // known here, so that no division is measured
    std::vector<FlowKey> keys(different, first);
    for (std::size_t i = 0; i < different; ++i) keys[i].set(field::eth_src, 0x020000ff0000 + i);
    meter.measure([&] {
        std::uint64_t found = 0;
        for (std::size_t i = 0; i < batch; ++i) found += cache.find(keys[i % different]) != nullptr;
        return found;
    });
}

}  // namespace

TEST_CASE("what forwarding costs", "[!benchmark]") {
    BENCHMARK_ADVANCED("extract 1000 keys, TCP over IPv4, layer 4")
    (Catch::Benchmark::Chronometer meter) {
        const Bytes frame = tcp_frame(alice, bob);
        meter.measure([&] {
            std::uint64_t sum = 0;
            for (std::size_t i = 0; i < batch; ++i)
                sum += extract(frame, static_cast<PortNumber>(i)).words[10];
            return sum;
        });
    };
    BENCHMARK_ADVANCED("extract 1000 keys, TCP over IPv4, layer 2 only")
    (Catch::Benchmark::Chronometer meter) {
        const Bytes frame = tcp_frame(alice, bob);
        meter.measure([&] {
            std::uint64_t sum = 0;
            for (std::size_t i = 0; i < batch; ++i)
                sum += extract(frame, static_cast<PortNumber>(i), ParseDepth::layer_2).words[2];
            return sum;
        });
    };
    BENCHMARK_ADVANCED("find 1000 times in the front cache, 64 flows, 2 masks")
    (Catch::Benchmark::Chronometer meter) {
        MegaflowCache cache{{}};
        Verdict verdict;
        verdict.program.steps = {Drop{}};
        std::vector<FlowKey> keys;
        for (std::uint64_t i = 0; i < 64; ++i) {
            verdict.mask = FlowMask::of({field::in_port, field::eth_src, field::eth_dst,
                                         field::vlan_tpid, field::vlan_vid});
            if (i % 2 == 0) verdict.mask.fold(field::ip_dst);
            keys.push_back(key_of(i, 100 + i));
            cache.insert(keys.back(), verdict, now);
        }
        meter.measure([&] {
            std::uint64_t found = 0;
            for (std::size_t i = 0; i < batch; ++i) found += cache.find(keys[i % 64]) != nullptr;
            return found;
        });
    };
    BENCHMARK_ADVANCED("miss 1000 times with 1 mask")
    (Catch::Benchmark::Chronometer meter) {
        benchmark_masks(meter, 1);
    };
    BENCHMARK_ADVANCED("miss 1000 times with 8 masks")
    (Catch::Benchmark::Chronometer meter) {
        benchmark_masks(meter, 8);
    };
    BENCHMARK_ADVANCED("miss 1000 times with 32 masks")
    (Catch::Benchmark::Chronometer meter) {
        benchmark_masks(meter, 32);
    };
    BENCHMARK_ADVANCED("miss 1000 times with 128 masks")
    (Catch::Benchmark::Chronometer meter) {
        benchmark_masks(meter, 128);
    };

    BENCHMARK_ADVANCED("learn 1000 new stations")(Catch::Benchmark::Chronometer meter) {
        std::vector<MacTable> tables(static_cast<std::size_t>(meter.runs()), MacTable{{}});
        meter.measure([&](int run) {
            MacTable& table = tables[static_cast<std::size_t>(run)];
            for (std::size_t i = 0; i < batch; ++i) table.learn(0, station(i), 1, now);
            return table.size();
        });
    };
    BENCHMARK_ADVANCED("learn 1000 times one of 1000 known stations")
    (Catch::Benchmark::Chronometer meter) {
        MacTable table{{}};
        for (std::size_t i = 0; i < batch; ++i) table.learn(0, station(i), 1, now);
        meter.measure([&] {
            for (std::size_t i = 0; i < batch; ++i) table.learn(0, station(i), 1, now);
            return table.size();
        });
    };
    BENCHMARK_ADVANCED("process 1000 frames in batches of 50, 64 known pairs of stations")
    (Catch::Benchmark::Chronometer meter) {
        ForwardingEngine engine{{}};
        for (PortNumber port = 1; port <= 4; ++port) std::ignore = engine.tables().add_port(port);
        std::vector<Bytes> frames;
        for (std::uint64_t i = 0; i < 64; ++i) {
            engine.process(extract(tcp_frame(station(100 + i), station(i)), 2), 1000, now);
            frames.push_back(tcp_frame(station(i), station(100 + i)));
        }
        std::array<ForwardingEngine::Arrival, 50> arrivals;
        std::array<const ActionProgram*, 50> programs;
        std::size_t at = 0;
        meter.measure([&] {
            for (std::size_t i = 0; i < batch / arrivals.size(); ++i) {
                for (auto& arrival : arrivals) arrival = {frames[at++ % 64], 1};
                engine.process(arrivals, now, programs);
            }
            return programs[0];
        });
    };
    BENCHMARK_ADVANCED("process 1000 frames of stations never seen")
    (Catch::Benchmark::Chronometer meter) {
        ForwardingEngine engine{{}};
        for (PortNumber port = 1; port <= 4; ++port) std::ignore = engine.tables().add_port(port);
        std::uint64_t number = 0;
        meter.measure([&] {
            for (std::size_t i = 0; i < batch; ++i, ++number) {
                FlowKey key;
                key.set(field::in_port, 1);
                key.set(field::eth_src, station(number).to_u64());
                key.set(field::eth_dst, station(number + 1).to_u64());
                engine.process(key, 60, now);
            }
            return engine.megaflows().size();
        });
    };
}

TEST_CASE("what editing costs", "[!benchmark]") {
    constexpr std::size_t headroom = 8;
    Bytes memory = Bytes(headroom) + tcp_frame(alice, bob);
    const EditableFrame frame{memory.data() + headroom, memory.size() - headroom, headroom};
    const auto edit = [&](Catch::Benchmark::Chronometer meter, const FlowField& changing,
                          const FlowMask& mask) {
        FlowKey value;
        value.set(field::ip_ttl, 63);
        meter.measure([&] {
            for (std::size_t i = 0; i < batch; ++i) {
                value.set(changing, i);
                edit_fields(frame, value, mask);
            }
            return memory[headroom];
        });
    };
    BENCHMARK_ADVANCED("set eth_dst 1000 times")(Catch::Benchmark::Chronometer meter) {
        edit(meter, field::eth_dst, FlowMask::of({field::eth_dst}));
    };
    BENCHMARK_ADVANCED("set nw_src and TTL of TCP 1000 times")
    (Catch::Benchmark::Chronometer meter) {
        edit(meter, field::ip_src, FlowMask::of({field::ip_src, field::ip_ttl}));
    };
    BENCHMARK_ADVANCED("set a port of SCTP 1000 times")(Catch::Benchmark::Chronometer meter) {
        memory[headroom + 23] = std::byte{132};
        edit(meter, field::tp_src, FlowMask::of({field::tp_src}));
    };
    BENCHMARK_ADVANCED("push and pop a tag 1000 times")(Catch::Benchmark::Chronometer meter) {
        meter.measure([&] {
            EditableFrame edited = frame;
            for (std::size_t i = 0; i < batch; ++i)
                edited = pop_vlan(
                    push_vlan(edited, tpid_vlan, static_cast<std::uint16_t>(i)).value_or(edited));
            return edited.start;
        });
    };
}

}  // namespace switchd::test
