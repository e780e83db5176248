// Which port a station was last heard on, per VLAN: what makes a switch a learning one.
//
// Bounded: a full table gives up the longest unheard entry of the port that has most of them, so a
// station that invents addresses pushes out its own. Ages only change through learn() and
// refresh(); an entry lives until somebody says forget or expire(), so that between two calls the
// table is a pure function of what it was told.
//
// A static entry was set by somebody who knows where the station is. It stays there, whatever is
// heard, until it is removed, or its port or VLAN. Static entries take their room from the learned
// ones, at most half of it.
//
// A Handle names one entry as long as it stays with its port: it dies when the entry is forgotten
// or moves. Refreshing through a dead handle does nothing, hence a late refresh never undoes a
// move.
#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <vector>

#include "flows/keyed_hash.h"
#include "flows/numbers.h"
#include "switchd/core/clock.h"
#include "switchd/core/mac_address.h"

namespace switchd {

struct MacEntry {
    VlanId vlan = 0;
    MacAddress mac;
    PortNumber port = 0;
    TimePoint last_heard;
    bool is_static = false;

    bool operator==(const MacEntry&) const = default;
};

enum class MacError { group_address, table_full, no_port };

class MacTableObserver {
public:
    virtual ~MacTableObserver() = default;
    // The table is in the middle of a change: it may be read, not changed.
    virtual void mac_learned(const MacEntry& entry) = 0;  // or set
    // A learned entry that becomes static where it is has moved from its own port.
    virtual void mac_moved(const MacEntry& entry, PortNumber from) = 0;
    virtual void mac_forgotten(const MacEntry& entry) = 0;
};

class MacTable {
public:
    struct Settings {
        // 1.5 MiB when full. A rack of machines has a few thousand stations; beyond this it is an
        // attack.
        std::size_t entries_max = 32768;
        Duration idle = std::chrono::seconds{300};  // IEEE 802.1Q 8.8.3; vde_switch has 100 s
        // How long an entry must have been unheard of before another port may take it. vde_switch:
        // 3 s.
        Duration min_persistence{0};
    };
    struct Handle {
        std::uint32_t index = 0;
        std::uint32_t version = 0;  // 0: of no entry
        bool operator==(const Handle&) const = default;
    };

    // The observer, if any, must live as long as the table.
    explicit MacTable(const Settings& settings, HashKey key = HashKey{},
                      MacTableObserver* observer = nullptr);

    // A frame from this station came in on `port`. Makes, refreshes or moves the entry. No handle
    // when `mac` is a group address, and when the entry is static or too young to leave its other
    // port.
    std::optional<Handle> learn(VlanId vlan, MacAddress mac, PortNumber port, TimePoint now);
    std::optional<MacEntry> find(VlanId vlan, MacAddress mac) const;
    // Marks the entry as heard at `now`, if the handle is alive.
    void refresh(Handle handle, TimePoint now) noexcept;
    // When an entry may move to another port.
    TimePoint movable_from(const MacEntry& entry) const {
        return entry.is_static ? TimePoint::max() : entry.last_heard + settings_.min_persistence;
    }

    // Makes the entry of this station static, on `port`. Errors: group_address, table_full.
    std::expected<void, MacError> set_static(VlanId vlan, MacAddress mac, PortNumber port,
                                             TimePoint now);
    // False: there is no static entry of it.
    bool remove_static(VlanId vlan, MacAddress mac);
    // The port or VLAN goes, and with it all that is known of it.
    void remove_port(PortNumber port);
    void remove_vlan(VlanId vlan);

    // What was learned; static entries stay.
    bool forget(VlanId vlan, MacAddress mac);
    void forget_port(PortNumber port);
    void forget_vlan(VlanId vlan);
    void forget_port_vlan(PortNumber port, VlanId vlan);
    void forget_all();
    // Forgets what was not heard for the idle time.
    void expire(TimePoint now);
    // No entry is due before that. None: nothing that was learned is in the table.
    std::optional<TimePoint> next_expiry() const;

    std::size_t size() const { return size_; }
    std::size_t size_of_port(PortNumber port) const;
    std::size_t static_entries() const { return static_size_; }
    std::size_t static_entries_max() const { return settings_.entries_max / 2; }
    // All entries, ascending by VLAN and address.
    std::vector<MacEntry> entries() const;

    // Since the start, or since they were cleared.
    struct Statistics {
        std::uint64_t learned = 0;
        std::uint64_t moved = 0;
        std::uint64_t expired = 0;
        std::uint64_t evicted = 0;  // for want of room
    };
    const Statistics& statistics() const { return statistics_; }
    void clear_statistics() { statistics_ = {}; }

    const Settings& settings() const { return settings_; }
    // A smaller entries_max gives up entries at once, in the order of a full table.
    void configure(const Settings& settings);

private:
    static constexpr std::uint32_t none = 0xffffffff;
    using Index = std::uint32_t;

    struct Slot {
        std::uint64_t key = 0;  // vlan << 48 | mac
        TimePoint last_heard;
        TimePoint queued;  // last_heard when it was last put at its list's end
        PortNumber port = 0;
        std::uint32_t version = 1;  // the handle's; changes when the handle must die
        Index older = none, newer = none;
        bool used = false;
        bool is_static = false;
    };
    // The static or the learned entries of one port, longest unheard first to within
    // list_granularity.
    struct PortList {
        PortNumber port = 0;
        Index oldest = none, newest = none;
        std::size_t size = 0;
    };
    // Ascending by port; a list stays when it becomes empty.
    using Lists = std::vector<PortList>;

    static std::uint64_t key_of(VlanId vlan, MacAddress mac) {
        return std::uint64_t{vlan} << 48 | mac.to_u64();
    }
    MacEntry entry(const Slot& slot) const;
    Index find_slot(std::uint64_t key) const;
    static void kill_handles(Slot& slot);
    std::size_t bucket_of(std::uint64_t key) const;
    void place(Index index);
    void insert_bucket(Index index);
    void erase_bucket(Index index);
    PortList& list_of(const Slot& slot);
    static const PortList* find_list(const Lists& lists, PortNumber port);
    Index insert(std::uint64_t key, PortNumber port, bool is_static, TimePoint now);
    void change(Index index, PortNumber port, bool is_static, TimePoint now);
    void append(Index index, TimePoint now);
    void unlink(Index index);
    void move_to_end(Index index, TimePoint now);
    void release(Index index);
    std::size_t learned() const { return size_ - static_size_; }
    std::size_t learned_max() const;
    void make_room_for(PortNumber port);
    void evict(const PortList* preferred);
    template <class Predicate>
    void release_if(const PortList* list, Predicate predicate);

    Settings settings_;
    Statistics statistics_;
    HashKey hash_key_;
    MacTableObserver* observer_;
    std::vector<Slot> slots_;
    std::vector<Index> free_;
    std::vector<Index> buckets_;  // open addressing, linear probing, at most half full
    Lists learned_lists_, static_lists_;
    std::size_t size_ = 0;  // of the learned and the static ones
    std::size_t static_size_ = 0;
};

}  // namespace switchd
