#include "flows/megaflow_cache.h"

#include <algorithm>
#include <cassert>

namespace switchd {
namespace {

constexpr std::uint32_t no_entry = 0xffffffff;
constexpr std::size_t buckets_min = 16;
constexpr std::uint32_t lookups_per_sort = 4096;
constexpr int eviction_samples = 8;

// What a megaflow may grow by in place: what ordinary verdicts hold.
constexpr std::size_t growth_bytes_max = 512;

std::uint32_t tag_of(std::uint64_t hash) {
    return static_cast<std::uint32_t>(hash >> 32);
}

// Behind a verdict or a megaflow, beside its program.
template <class Holder>
std::size_t bytes_behind(const Holder& holder) {
    const auto bytes = [](const auto& vector) {
        return vector.capacity() * sizeof(*vector.data());
    };
    return bytes(holder.counting.rules) + bytes(holder.counting.lookups) +
           bytes(holder.reads.mac_vlans) + bytes(holder.reads.vlans) + bytes(holder.reads.ports);
}

}  // namespace

// The megaflows of one port and mask: open addressing, linear probing, at most half full.
struct Subtable {
    struct Bucket {
        std::uint32_t tag = 0;
        std::uint32_t index = no_entry;
    };

    explicit Subtable(const CompactMask* interned) : mask(interned), buckets(buckets_min) {}

    std::size_t home(std::uint32_t tag) const { return tag & (buckets.size() - 1); }
    std::size_t after(std::size_t bucket) const { return (bucket + 1) & (buckets.size() - 1); }

    void place(Bucket bucket) {
        std::size_t b = home(bucket.tag);
        while (buckets[b].index != no_entry) b = after(b);
        buckets[b] = bucket;
    }
    void insert(Bucket bucket) {
        if (++size * 2 > buckets.size()) {
            std::vector<Bucket> old(buckets.size() * 2);
            old.swap(buckets);
            for (const Bucket& other : old)
                if (other.index != no_entry) place(other);
        }
        place(bucket);
    }
    // Closes the gap, so that no chain is interrupted.
    void erase(Bucket bucket) {
        const std::size_t last = buckets.size() - 1;
        std::size_t gap = home(bucket.tag);
        while (buckets[gap].index != bucket.index) gap = after(gap);
        for (std::size_t b = after(gap); buckets[b].index != no_entry; b = after(b)) {
            if (((b - home(buckets[b].tag)) & last) < ((b - gap) & last)) continue;
            buckets[gap] = buckets[b];
            gap = b;
        }
        buckets[gap] = {};
        --size;
    }

    const CompactMask* mask;
    std::vector<Bucket> buckets;
    std::size_t size = 0;
    std::uint64_t hits = 0;  // halved with every sort
};

struct MegaflowCache::PortFlows {
    std::vector<std::unique_ptr<Subtable>> subtables;  // most hit first
    CompactMask pertinent;                             // what any of its masks looks at
    std::vector<std::uint32_t> entries;                // its megaflows
    std::size_t bytes = 0;                             // what they hold
    std::uint32_t lookups_until_sort = lookups_per_sort;

    Subtable* find(const FlowMask& mask) const {
        for (const auto& subtable : subtables)
            if (subtable->mask->mask == mask) return subtable.get();
        return nullptr;
    }
};

FlowKey Megaflow::key() const {
    FlowKey key;
    for (std::size_t i = 0; i < mask->count; ++i) key.words[mask->indexes[i]] = masked[i];
    return key;
}

MegaflowCache::MegaflowCache(const Settings& settings, HashKey secret, MegaflowObserver* observer)
    : settings_(settings),
      secret_(secret),
      observer_(observer),
      front_(front_sets * 2),
      random_state_(secret[0] | 1) {}

MegaflowCache::~MegaflowCache() = default;

MegaflowCache::Probe MegaflowCache::probe(const FlowKey& key) const noexcept {
    const PortFlows* const port = flows_of(key.in_port());
    if (!port || port->subtables.empty()) return {0, layout_};
    const std::uint64_t hash = port->pertinent.hash(key, secret_);
    if (port->subtables.size() == 1) {
        const Subtable& only = *port->subtables.front();
        __builtin_prefetch(&only.buckets[only.home(tag_of(hash))]);
    } else {
        __builtin_prefetch(&front_[front_set(hash)]);
    }
    return {hash, layout_};
}

Megaflow* MegaflowCache::find(const FlowKey& key, Probe probe) noexcept {
    PortFlows* const port = flows_of(key.in_port());
    if (!port || port->subtables.empty()) return nullptr;
    if (probe.layout != layout_) probe = this->probe(key);

    // With one mask the port's pertinent bits are that mask, and its table is as fast as the front.
    if (port->subtables.size() == 1) {
        Megaflow* const flow = find_in(*port->subtables.front(), tag_of(probe.hash), key);
        statistics_.subtable_hits += flow != nullptr;
        return flow;
    }
    const std::size_t set = front_set(probe.hash);
    for (std::size_t slot = set; slot < set + 2; ++slot) {
        if (front_[slot].tag != tag_of(probe.hash)) continue;
        if (Megaflow& flow = at(front_[slot].index); flow.mask && flow.matches(key)) {
            ++statistics_.front_hits;
            return &flow;
        }
    }
    Megaflow* const flow = find_in_subtables(*port, key);
    if (flow) {
        ++statistics_.subtable_hits;
        front_[set + (random() & 1)] = {tag_of(probe.hash), flow->index};
    }
    return flow;
}

Megaflow* MegaflowCache::find_in(const Subtable& subtable, std::uint32_t tag,
                                 const FlowKey& key) const noexcept {
    for (std::size_t b = subtable.home(tag);; b = subtable.after(b)) {
        const auto [bucket_tag, index] = subtable.buckets[b];
        if (index == no_entry) return nullptr;
        if (bucket_tag != tag) continue;
        if (Megaflow& flow = at(index); flow.matches(key)) return &flow;
    }
}

Megaflow* MegaflowCache::find_in_subtables(PortFlows& port, const FlowKey& key) noexcept {
    if (--port.lookups_until_sort == 0) {
        port.lookups_until_sort = lookups_per_sort;
        std::ranges::sort(port.subtables,
                          [](const auto& a, const auto& b) { return a->hits > b->hits; });
        for (const auto& subtable : port.subtables) subtable->hits /= 2;
    }
    for (const auto& subtable : port.subtables) {
        ++statistics_.subtables_asked;
        const std::uint32_t tag = tag_of(subtable->mask->hash(key, secret_));
        if (Megaflow* const flow = find_in(*subtable, tag, key)) {
            ++subtable->hits;
            return flow;
        }
    }
    return nullptr;
}

Megaflow* MegaflowCache::insert(const FlowKey& key, const Verdict& verdict, TimePoint now) {
    PortFlows* const port = make_port(key.in_port());
    if (!port) return nullptr;

    FlowMask mask = verdict.mask;
    const std::size_t masks = port->subtables.size();
    if (masks >= settings_.masks_per_port_coarse && !port->find(mask)) {
        mask = coarsened(mask);
        ++statistics_.coarsened;
        if (masks >= settings_.masks_per_port_max && !port->find(mask)) {
            ++statistics_.refused;
            return nullptr;
        }
    }
    if (!make_room(*port, verdict)) {
        ++statistics_.too_large;
        return nullptr;
    }
    Subtable& subtable = subtable_for(*port, mask);
    const std::uint32_t tag = tag_of(subtable.mask->hash(key, secret_));
    if (Megaflow* const same = find_in(subtable, tag, key)) {
        give(*port, *same, verdict);
        return same;
    }
    Megaflow& flow = take_slot();
    flow.mask = subtable.mask;
    flow.subtable = &subtable;
    flow.tag = tag;
    for (std::size_t i = 0; i < flow.mask->count; ++i)
        flow.masked[i] = flow.mask->masked_word(key, i);
    flow.created = flow.last_used = now;
    give(*port, flow, verdict);

    subtable.insert({tag, flow.index});
    flow.position_in_port = static_cast<std::uint32_t>(port->entries.size());
    port->entries.push_back(flow.index);
    ++size_;
    ++statistics_.inserted;
    statistics_.size_max = std::max<std::uint64_t>(statistics_.size_max, size_);
    return &flow;
}

bool MegaflowCache::update(Megaflow& flow, const Verdict& verdict) {
    if (!flow.mask->mask.covers(verdict.mask) ||
        bytes_behind(verdict) > bytes_behind(flow) + growth_bytes_max ||
        bytes_of(verdict.program) > settings_.verdict_bytes_max)
        return false;
    give(*flows_of(flow.key().in_port()), flow, verdict);
    return true;
}

void MegaflowCache::give(PortFlows& port, Megaflow& flow, const Verdict& verdict) {
    port.bytes -= bytes_behind(flow);
    bytes_ -= bytes_behind(flow);
    if (flow.program) {
        if (observer_) observer_->megaflow_ending(flow);
        retired_.push_back(flow.program);
    }
    flow.program = programs_.intern(verdict.program);
    flow.learn = verdict.learn;
    flow.counting = verdict.counting;
    flow.reads = verdict.reads;
    flow.holds_until = verdict.holds_until;
    port.bytes += bytes_behind(flow);
    bytes_ += bytes_behind(flow);
}

// False: there is none for this verdict.
bool MegaflowCache::make_room(PortFlows& port, const Verdict& verdict) {
    const std::size_t bytes = bytes_behind(verdict);
    if (bytes + bytes_of(verdict.program) > settings_.verdict_bytes_max ||
        programs_.bytes() > settings_.bytes_max)
        return false;
    if (port.entries.size() >= std::max<std::size_t>(settings_.entries_per_port_max, 1))
        evict_from(port);
    if (size_ >= std::max<std::size_t>(settings_.entries_max, 1)) evict_from(fullest_port());
    while (port.bytes != 0 && port.bytes + bytes > settings_.bytes_per_port_max) evict_from(port);
    while (bytes_ != 0 && bytes_ + bytes > settings_.bytes_max) evict_from(heaviest_port());
    return true;
}

void MegaflowCache::erase(Megaflow& flow) {
    if (observer_) observer_->megaflow_ending(flow);
    PortFlows& port = *flows_of(flow.key().in_port());
    Subtable& subtable = *flow.subtable;
    subtable.erase({flow.tag, flow.index});
    if (subtable.size == 0) drop_subtable(port, subtable);

    const std::uint32_t last = port.entries.back();
    port.entries[flow.position_in_port] = last;
    at(last).position_in_port = flow.position_in_port;
    port.entries.pop_back();

    retired_.push_back(flow.program);
    port.bytes -= bytes_behind(flow);
    bytes_ -= bytes_behind(flow);
    const std::uint32_t index = flow.index;
    const bool unsettled = flow.unsettled;
    flow = Megaflow{};
    flow.index = index;
    flow.unsettled = unsettled;
    free_.push_back(index);
    --size_;
}

void MegaflowCache::clear() {
    for (std::uint32_t i = 0; i < slots_used_; ++i)
        if (Megaflow& flow = at(i); flow.mask) erase(flow);
}

const ActionProgram& MegaflowCache::keep(const ActionProgram& program) {
    retired_.push_back(programs_.intern(program));
    return *retired_.back();
}

void MegaflowCache::forget_programs() {
    for (const ActionProgram* program : retired_) programs_.release(program);
    retired_.clear();
}

void MegaflowCache::expire(TimePoint now) {
    const std::size_t steps = std::min<std::size_t>(entries_per_step, slots_used_);
    for (std::size_t i = 0; i < steps; ++i) {
        if (++expire_hand_ >= slots_used_) expire_hand_ = 0;
        Megaflow& flow = at(expire_hand_);
        if (!flow.mask || now - flow.last_used < settings_.idle_drop) continue;
        if (now - flow.last_used < settings_.idle && !flow.program->drops()) continue;
        erase(flow);
        ++statistics_.expired;
    }
}

std::size_t MegaflowCache::masks_of_port(PortNumber port) const {
    const PortFlows* const flows = flows_of(port);
    return flows ? flows->subtables.size() : 0;
}

MegaflowCache::PortFlows* MegaflowCache::make_port(PortNumber port) {
    if (!may_be_port(port)) return nullptr;
    const std::size_t slot = port_slot(port);
    if (slot >= ports_.size()) ports_.resize(slot + 1);
    if (!ports_[slot]) {
        ports_[slot] = std::make_unique<PortFlows>();
        ports_in_use_.push_back(ports_[slot].get());
    }
    return ports_[slot].get();
}

Subtable& MegaflowCache::subtable_for(PortFlows& port, const FlowMask& mask) {
    if (Subtable* const subtable = port.find(mask)) return *subtable;
    port.subtables.push_back(std::make_unique<Subtable>(masks_.intern(mask)));
    lay_out(port);
    return *port.subtables.back();
}

void MegaflowCache::drop_subtable(PortFlows& port, Subtable& subtable) {
    masks_.release(subtable.mask);
    std::erase_if(port.subtables, [&](const auto& other) { return other.get() == &subtable; });
    lay_out(port);
}

void MegaflowCache::lay_out(PortFlows& port) {
    FlowMask pertinent;
    for (const auto& subtable : port.subtables) pertinent.unite(subtable->mask->mask);
    port.pertinent = CompactMask{pertinent};
    ++layout_;
}

Megaflow& MegaflowCache::take_slot() {
    if (!free_.empty()) {
        const std::uint32_t index = free_.back();
        free_.pop_back();
        return at(index);
    }
    if (slots_used_ == chunks_.size() * chunk_entries)
        chunks_.push_back(std::make_unique<Megaflow[]>(chunk_entries));
    Megaflow& flow = at(slots_used_);
    flow.index = slots_used_++;
    return flow;
}

void MegaflowCache::evict_from(PortFlows& port) {
    Megaflow* coldest = nullptr;
    for (int i = 0; i < eviction_samples; ++i) {
        Megaflow& flow = at(port.entries[random() % port.entries.size()]);
        if (!coldest || flow.last_used < coldest->last_used) coldest = &flow;
    }
    erase(*coldest);
    ++statistics_.evicted;
}

MegaflowCache::PortFlows& MegaflowCache::fullest_port() {
    return **std::ranges::max_element(ports_in_use_, {},
                                      [](const PortFlows* port) { return port->entries.size(); });
}

MegaflowCache::PortFlows& MegaflowCache::heaviest_port() {
    return **std::ranges::max_element(ports_in_use_, {}, &PortFlows::bytes);
}

// xorshift64 (Marsaglia 2003): only has to be hard to follow from outside.
std::uint32_t MegaflowCache::random() noexcept {
    random_state_ ^= random_state_ << 13;
    random_state_ ^= random_state_ >> 7;
    random_state_ ^= random_state_ << 17;
    return tag_of(random_state_);
}

}  // namespace switchd
