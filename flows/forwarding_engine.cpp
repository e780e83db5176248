#include "flows/forwarding_engine.h"

#include <algorithm>
#include <cassert>

namespace switchd {

ForwardingEngine::ForwardingEngine(const Settings& settings)
    : tables_(settings.tables, HashKey{settings.hash_seed}),
      cache_(settings.cache, HashKey{~settings.hash_seed}, this),
      validate_every_(settings.validate_every),
      hits_until_validation_(settings.validate_every) {
    unsettled_.reserve(settings.cache.entries_max + 1);
    tables_.flow_tables().set_counter_source(this);
}

const ActionProgram& ForwardingEngine::process(const FlowKey& key, std::size_t frame_bytes,
                                               TimePoint now) {
    cache_.forget_programs();
    return resolve(key, cache_.probe(key), frame_bytes, now);
}

std::size_t ForwardingEngine::process(std::span<const Arrival> arrivals, TimePoint now,
                                      std::span<const ActionProgram*> programs,
                                      std::size_t work_max) {
    assert(arrivals.size() == programs.size());
    cache_.forget_programs();
    work_ = 0;
    const ParseDepth depth = tables_.parse_depth();
    std::size_t decided = 0;
    while (decided < arrivals.size()) {
        const auto batch =
            arrivals.subspan(decided, std::min(arrivals.size() - decided, batch_max));
        for (std::size_t i = 0; i < batch.size(); ++i)
            new (&keys_[i]) FlowKey(extract(batch[i].bytes, batch[i].in_port, depth));
        for (std::size_t i = 0; i < batch.size(); ++i) probes_[i] = cache_.probe(keys_[i]);
        for (std::size_t i = 0; i < batch.size(); ++i) {
            programs[decided] = &resolve(keys_[i], probes_[i], batch[i].bytes.size(), now);
            work_ += std::size_t{programs[decided++]->work} * batch[i].segments;
            if (work_ >= work_max) [[unlikely]]
                return decided;
        }
    }
    return decided;
}

void ForwardingEngine::expire(TimePoint now) {
    tables_.expire_macs(now);
    tables_.flow_tables().expire(now);
    cache_.expire(now);
}

std::optional<TimePoint> ForwardingEngine::next_expiry(TimePoint now) const {
    const TimePoint soonest = now + std::chrono::seconds{1};
    if (cache_.size() != 0) return soonest;
    std::optional<TimePoint> next = tables_.macs().next_expiry();
    if (const auto rule = tables_.flow_tables().next_expiry())
        next = next ? std::min(*next, *rule) : *rule;
    if (!next) return std::nullopt;
    return std::max(*next, soonest);
}

const ActionProgram& ForwardingEngine::resolve(const FlowKey& key, MegaflowCache::Probe probe,
                                               std::size_t frame_bytes, TimePoint now) {
    Megaflow* const flow = cache_.find(key, probe);
    if (!flow) [[unlikely]]
        return translate(nullptr, key, frame_bytes, now);
    if (!still_holds(*flow, now) || !validated(*flow, key, now)) [[unlikely]]
        return translate(flow, key, frame_bytes, now);
    ++statistics_.hits;
    count(*flow, frame_bytes, now);
    tables_.refresh_mac(flow->source, now);
    return *flow->program;
}

bool ForwardingEngine::still_holds(Megaflow& flow, TimePoint now) const {
    if (now >= flow.holds_until) return false;
    const ChangeLog& changes = tables_.changes();
    if (flow.generation == changes.generation()) return true;
    if (!changes.remembers_since(flow.generation)) return false;
    const Match decided{flow.key(), flow.mask->mask};
    for (std::uint64_t g = flow.generation + 1; g <= changes.generation(); ++g)
        if (affects(changes.at(g), flow.reads, decided)) return false;
    flow.generation = changes.generation();
    return true;
}

// The tables are asked; `flow` is the megaflow that does not hold any more, or null.
const ActionProgram& ForwardingEngine::translate(Megaflow* flow, const FlowKey& key,
                                                 std::size_t frame_bytes, TimePoint now) {
    const Verdict verdict = tables_.lookup(key, now);
    work_ += verdict.work;
    std::uint64_t generation = tables_.changes().generation();
    const MacTable::Handle source = tables_.perform(verdict, now);
    // What the frame itself taught the tables is in the verdict already: were it looked up again,
    // it would get the same. Not so if its station pushed another one out.
    if (tables_.changes().generation() == generation + 1) ++generation;

    if (!flow) {
        ++statistics_.misses;
    } else if (*flow->program == verdict.program) {
        ++statistics_.revalidated;
    } else {
        ++statistics_.replaced;
    }
    if (!flow || !cache_.update(*flow, verdict)) {
        if (flow) cache_.erase(*flow);
        flow = cache_.insert(key, verdict, now);
        if (!flow) {
            count(verdict.counting, 1, frame_bytes, now);
            return cache_.keep(verdict.program);
        }
    }
    flow->generation = generation;
    flow->source = source;
    count(*flow, frame_bytes, now);
    return *flow->program;
}

const ActionProgram& ForwardingEngine::carry_out(const RuleActions& actions, const FlowKey& key,
                                                 std::size_t frame_bytes, TimePoint now) {
    cache_.forget_programs();
    const Verdict verdict = tables_.carry_out(actions, key, now);
    std::ignore = tables_.perform(verdict, now);
    count(verdict.counting, 1, frame_bytes, now);
    return cache_.keep(verdict.program);
}

void ForwardingEngine::count(const Counting& counting, std::uint64_t packets, std::uint64_t bytes,
                             TimePoint last) {
    FlowTables& rules = tables_.flow_tables();
    for (const RuleId id : counting.rules) rules.count(id, packets, bytes, last);
    for (const Counting::Lookup& lookup : counting.lookups)
        rules.count_lookups(lookup.table, packets, lookup.matched ? packets : 0);
}

void ForwardingEngine::settle_counters() {
    for (const std::uint32_t index : unsettled_) {
        Megaflow& flow = cache_.at_index(index);
        flow.unsettled = false;
        if (flow.mask) megaflow_ending(flow);
    }
    unsettled_.clear();
}

// What it has counted so far goes to the rules that it answered for.
void ForwardingEngine::megaflow_ending(Megaflow& flow) {
    const std::uint64_t packets = flow.packets - flow.packets_settled;
    if (packets == 0) return;
    count(flow.counting, packets, flow.bytes - flow.bytes_settled, flow.last_used);
    flow.packets_settled = flow.packets;
    flow.bytes_settled = flow.bytes;
}

bool ForwardingEngine::validated(const Megaflow& flow, const FlowKey& key, TimePoint now) {
    if (validate_every_ == 0 || --hits_until_validation_ != 0) return true;
    hits_until_validation_ = validate_every_;
    const Verdict verdict = tables_.lookup(key, now);
    if (verdict.program == *flow.program && verdict.learn == flow.learn) return true;
    ++statistics_.unsound;
    return false;
}

}  // namespace switchd
