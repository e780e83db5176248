// The forwarding engine of one bridge: the tables, and the megaflow cache in front of them.
//
// Soundness: every frame gets exactly what the tables would give it at that moment, cached or not.
// Change the tables through tables() at any time; from the next process() on no frame sees the old
// ones.
//
// A program that process() returns stays valid until the next call of process(), whatever happens
// to the tables in between. Equal programs have equal addresses.
#pragma once

#include <array>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "flows/megaflow_cache.h"
#include "flows/pipeline.h"

namespace switchd {

class ForwardingEngine final : private CounterSource, private MegaflowObserver {
public:
    struct Settings {
        Pipeline::Settings tables{};
        MegaflowCache::Settings cache{};
        std::uint64_t hash_seed = 0;  // random bits, so that peers cannot aim at hash collisions
        // Every so many cached answers are compared with the tables' own; 0: none.
        std::uint32_t validate_every = 0;
    };
    struct Statistics {
        std::uint64_t hits = 0;         // answered by the cache as it was
        std::uint64_t revalidated = 0;  // asked the tables again after a change: the same answer
        std::uint64_t replaced = 0;     // and another answer
        std::uint64_t misses = 0;       // asked the tables, first frame of its kind
        std::uint64_t unsound = 0;      // cached answers that validation found wrong: must stay 0
    };
    // A frame as it came in, with a whole Ethernet header (14 bytes). Nothing of it is kept.
    struct Arrival {
        std::span<const std::byte> bytes;
        PortNumber in_port = 0;
        std::uint32_t segments = 1;  // that it stands for: the work for it is as much more
    };

    explicit ForwardingEngine(const Settings& settings);
    ForwardingEngine(const ForwardingEngine&) = delete;
    ForwardingEngine& operator=(const ForwardingEngine&) = delete;

    // One frame, its key extracted at least as deep as tables().parse_depth().
    const ActionProgram& process(const FlowKey& key, std::size_t frame_bytes, TimePoint now);
    // programs[i] is for arrivals[i], decided in this order. The spans have the same size. How many
    // are decided: fewer than all, at least one, when those took `work_max` (in the unit of
    // ActionProgram's, what carrying them out will take counted as well).
    std::size_t process(std::span<const Arrival> arrivals, TimePoint now,
                        std::span<const ActionProgram*> programs,
                        std::size_t work_max = std::numeric_limits<std::size_t>::max());

    Pipeline& tables() { return tables_; }
    const Pipeline& tables() const { return tables_; }
    // What `actions` do with a controller's packet, as process() gives it: learned and counted.
    const ActionProgram& carry_out(const RuleActions& actions, const FlowKey& key,
                                   std::size_t frame_bytes, TimePoint now);
    const MegaflowCache& megaflows() const { return cache_; }
    void flush_megaflows() { cache_.clear(); }
    const Statistics& statistics() const { return statistics_; }

    // Forgets stations and megaflows that nobody used for long. A bounded amount of work; call it
    // again when next_expiry() has come. None: nothing ages.
    void expire(TimePoint now);
    std::optional<TimePoint> next_expiry(TimePoint now) const;

private:
    static constexpr std::size_t batch_max = 64;

    const ActionProgram& resolve(const FlowKey& key, MegaflowCache::Probe probe,
                                 std::size_t frame_bytes, TimePoint now);
    const ActionProgram& translate(Megaflow* flow, const FlowKey& key, std::size_t frame_bytes,
                                   TimePoint now);
    bool still_holds(Megaflow& flow, TimePoint now) const;
    bool validated(const Megaflow& flow, const FlowKey& key, TimePoint now);
    void count(Megaflow& flow, std::size_t frame_bytes, TimePoint now) {
        flow.count(frame_bytes, now);
        if (flow.unsettled) return;
        flow.unsettled = true;
        unsettled_.push_back(flow.index);
    }
    void count(const Counting& counting, std::uint64_t packets, std::uint64_t bytes,
               TimePoint last);

    void settle_counters() override;
    void megaflow_ending(Megaflow& flow) override;

    Pipeline tables_;
    MegaflowCache cache_;
    Statistics statistics_;
    // Megaflows that have counted packets since the rules were last told; each once, with room for
    // all there can be.
    std::vector<std::uint32_t> unsettled_;
    std::uint32_t validate_every_;
    std::uint32_t hits_until_validation_;
    // Of the batch under way.
    std::size_t work_ = 0;
    std::array<FlowKey, batch_max> keys_;
    std::array<MegaflowCache::Probe, batch_max> probes_;
};

}  // namespace switchd
