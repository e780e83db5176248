// Remembers verdicts of the tables, so that most frames never reach them.
//
// A megaflow holds a verdict and the mask that came with it, and answers for every key that agrees
// with the one it was made from under that mask. It is sound because the mask is (see flow_mask.h),
// and only while its generation is the tables': the cache finds megaflows and knows nothing of
// their validity; who asks compares `generation` and `holds_until` before he uses one
// (forwarding_engine.h does). All megaflows that hold agree wherever they overlap, so the first one
// found is the right one.
//
// Finding: each ingress port has a list of subtables, one hash table per distinct mask, most hit
// first. Asking them one by one is cheap while they are few; in front of them stands a small
// two-way signature cache, indexed by a hash of the bits that any of the port's masks looks at. A
// front slot holds no key: what it points to is verified like any other find, so it can be wrong
// but never lie.
//
// What a station can fill is bounded, and the damage stays on its own port: so many megaflows per
// port (the coldest of a few is given up for a new one), and so many masks: past
// masks_per_port_coarse new masks are rounded up to a few widths, past masks_per_port_max frames
// are not cached any more. What the tables can make of one frame is bounded as well: a verdict that
// read thousands of rules has tens of kilobytes, so those that are too large are not cached, and
// all together hold so many bytes and no more. A hit allocates nothing.
#pragma once

#include <memory>
#include <vector>

#include "flows/compact_mask.h"
#include "flows/mac_table.h"
#include "flows/program_set.h"
#include "flows/verdict.h"

namespace switchd {

struct Subtable;

struct alignas(64) Megaflow {
    // What every hit reads and writes is in the first two cache lines.
    const CompactMask* mask = nullptr;  // null: this slot is free
    std::uint64_t generation = 0;       // of the tables when it was last known to hold
    TimePoint holds_until;
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
    TimePoint last_used;
    MacTable::Handle source;  // refreshed by each hit
    const ActionProgram* program = nullptr;
    std::array<std::uint64_t, packet_words> masked{};  // the key's words, in the mask's order

    Reads reads;
    std::optional<Learn> learn;
    Counting counting;
    std::uint64_t packets_settled = 0;  // of `packets` and `bytes`, what `counting` knows of
    std::uint64_t bytes_settled = 0;
    bool unsettled = false;  // somebody has it in a list of those that count more
    TimePoint created;
    Subtable* subtable = nullptr;
    std::uint32_t index = 0;             // its own
    std::uint32_t tag = 0;               // in the subtable
    std::uint32_t position_in_port = 0;  // in the list of its port's megaflows

    bool matches(const FlowKey& key) const {
        std::uint64_t differing = 0;
        for (std::size_t i = 0; i < mask->count; ++i)
            differing |= mask->masked_word(key, i) ^ masked[i];
        return differing == 0;
    }
    void count(std::size_t frame_bytes, TimePoint now) {
        ++packets;
        bytes += frame_bytes;
        last_used = now;
    }
    FlowKey key() const;  // zero where the mask is
    std::string match_text() const { return to_text(key(), mask->mask); }
    std::string actions_text() const { return to_text(*program); }
};

// Told before a megaflow goes, or before it answers for other rules than so far.
class MegaflowObserver {
public:
    virtual ~MegaflowObserver() = default;
    virtual void megaflow_ending(Megaflow& flow) = 0;
};

class MegaflowCache {
public:
    struct Settings {
        std::size_t entries_max = 65536;  // 20 MiB when full, beside bytes_max
        // Four ports can fill the cache, one cannot.
        std::size_t entries_per_port_max = 16384;
        std::size_t masks_per_port_coarse = 32;
        std::size_t masks_per_port_max = 256;
        // Of what megaflows refer to: the rules that they count for; programs by themselves.
        std::size_t bytes_max = 64 << 20;
        std::size_t bytes_per_port_max = 16 << 20;
        std::size_t verdict_bytes_max = 64 << 10;
        Duration idle = std::chrono::seconds{10};
        Duration idle_drop = std::chrono::seconds{3};  // scans leave these behind
    };
    struct Statistics {
        std::uint64_t front_hits = 0;
        std::uint64_t subtable_hits = 0;
        std::uint64_t subtables_asked = 0;
        std::uint64_t inserted = 0;
        std::uint64_t size_max = 0;   // the most that there were at a time
        std::uint64_t evicted = 0;    // given up for a new one
        std::uint64_t expired = 0;    // unused for long
        std::uint64_t coarsened = 0;  // masks rounded up
        std::uint64_t refused = 0;    // not cached: the port has too many masks
        std::uint64_t too_large = 0;  // not cached: the verdict holds too much
    };
    // The first half of find(), so that a batch can have many memory accesses under way.
    struct Probe {
        std::uint64_t hash = 0;
        std::uint64_t layout = 0;  // of the masks, when the hash was made
    };

    // The observer, if any, must live as long as the cache is used.
    explicit MegaflowCache(const Settings& settings, HashKey secret = HashKey{},
                           MegaflowObserver* observer = nullptr);
    ~MegaflowCache();
    MegaflowCache(const MegaflowCache&) = delete;
    MegaflowCache& operator=(const MegaflowCache&) = delete;

    Probe probe(const FlowKey& key) const noexcept;
    // The megaflow that answers for `key`, or null. Valid until the next insert, erase or expire.
    Megaflow* find(const FlowKey& key, Probe probe) noexcept;
    Megaflow* find(const FlowKey& key) noexcept { return find(key, probe(key)); }

    // Remembers the verdict about `key`; its generation and source are for the caller to set. Null
    // if the port has too many masks, or the verdict is too large.
    Megaflow* insert(const FlowKey& key, const Verdict& verdict, TimePoint now);
    // Gives a megaflow a new verdict about one of its keys, if it can take that: its mask must
    // cover the verdict's, and it must not hold much more than before.
    bool update(Megaflow& flow, const Verdict& verdict);
    void erase(Megaflow& flow);
    void clear();

    // Programs of erased and updated megaflows, and kept ones, live until forget_programs().
    const ActionProgram& keep(const ActionProgram& program);
    void forget_programs();

    // Erases megaflows unused for the idle time, among the next entries_per_step.
    void expire(TimePoint now);

    std::size_t size() const { return size_; }
    std::size_t masks() const { return masks_.size(); }
    // What megaflows and their programs hold beside themselves.
    std::size_t bytes() const { return bytes_ + programs_.bytes(); }
    std::size_t masks_of_port(PortNumber port) const;
    const Statistics& statistics() const { return statistics_; }
    const Settings& settings() const { return settings_; }

    Megaflow& at_index(std::uint32_t index) { return at(index); }
    // For who walks through them in several goes: each is in one of so many slots, or it is null.
    std::uint32_t slots() const { return slots_used_; }
    const Megaflow* in_slot(std::uint32_t index) const {
        const Megaflow& flow = at(index);
        return flow.mask ? &flow : nullptr;
    }
    // In no particular, but stable order. `visit` takes a const Megaflow&.
    template <class Visit>
    void for_each(Visit visit) const {
        for (std::uint32_t i = 0; i < slots_used_; ++i)
            if (const Megaflow* flow = in_slot(i)) visit(*flow);
    }

private:
    static constexpr std::size_t chunk_entries = 256;
    static constexpr std::size_t front_sets = 4096;  // two slots each, 64 KiB in all: half of an L2
    static constexpr std::size_t entries_per_step = 4096;

    struct FrontSlot {
        std::uint32_t tag = 0;
        std::uint32_t index = 0;
    };
    struct PortFlows;

    Megaflow& at(std::uint32_t index) const {
        return chunks_[index / chunk_entries][index % chunk_entries];
    }
    // The first of the two slots for this hash.
    static std::size_t front_set(std::uint64_t hash) { return hash % front_sets * 2; }
    PortFlows* flows_of(PortNumber port) const noexcept {
        const std::size_t slot = port_slot(port);
        return slot < ports_.size() ? ports_[slot].get() : nullptr;
    }
    Megaflow* find_in_subtables(PortFlows& port, const FlowKey& key) noexcept;
    Megaflow* find_in(const Subtable& subtable, std::uint32_t tag,
                      const FlowKey& key) const noexcept;
    PortFlows* make_port(PortNumber port);
    Subtable& subtable_for(PortFlows& port, const FlowMask& mask);
    void drop_subtable(PortFlows& port, Subtable& subtable);
    void lay_out(PortFlows& port);
    Megaflow& take_slot();
    bool make_room(PortFlows& port, const Verdict& verdict);
    void give(PortFlows& port, Megaflow& flow, const Verdict& verdict);
    void evict_from(PortFlows& port);
    PortFlows& fullest_port();
    PortFlows& heaviest_port();
    std::uint32_t random() noexcept;

    Settings settings_;
    HashKey secret_;
    MegaflowObserver* observer_;
    MaskSet masks_;
    std::vector<std::unique_ptr<Megaflow[]>> chunks_;
    std::vector<std::uint32_t> free_;
    std::uint32_t slots_used_ = 0;  // slots below this were used at least once
    std::size_t size_ = 0;
    std::size_t bytes_ = 0;                          // of all ports
    std::vector<std::unique_ptr<PortFlows>> ports_;  // by the ingress port's port_slot()
    std::vector<PortFlows*> ports_in_use_;
    std::vector<FrontSlot> front_;
    std::uint64_t layout_ = 0;
    ProgramSet programs_;
    std::vector<const ActionProgram*> retired_;  // to be released
    std::uint32_t expire_hand_ = 0;
    std::uint64_t random_state_;
    Statistics statistics_;
};

}  // namespace switchd
