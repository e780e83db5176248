#include "flows/mac_table.h"

#include <algorithm>
#include <cassert>

namespace switchd {
namespace {

// A list is in the order of last_heard to within this, so that a busy station is not moved to the
// end of its list with every frame.
constexpr Duration list_granularity = std::chrono::seconds{1};

constexpr std::size_t buckets_min = 64;

constexpr auto anything = [](const auto&) { return true; };

auto in_vlan(VlanId vlan) {
    return [vlan](const auto& slot) { return slot.key >> 48 == vlan; };
}

}  // namespace

MacTable::MacTable(const Settings& settings, HashKey key, MacTableObserver* observer)
    : settings_(settings), hash_key_(key), observer_(observer), buckets_(buckets_min, none) {}

std::optional<MacTable::Handle> MacTable::learn(VlanId vlan, MacAddress mac, PortNumber port,
                                                TimePoint now) {
    if (mac.is_group()) return std::nullopt;
    Index index = find_slot(key_of(vlan, mac));
    if (index == none) {
        make_room_for(port);
        index = insert(key_of(vlan, mac), port, false, now);
        ++statistics_.learned;
        if (observer_) observer_->mac_learned(entry(slots_[index]));
    } else if (const Slot& slot = slots_[index]; slot.port == port) {
        refresh({index, slot.version}, now);
    } else {
        if (now < movable_from(entry(slot))) return std::nullopt;
        ++statistics_.moved;
        change(index, port, false, now);
    }
    return Handle{index, slots_[index].version};
}

std::expected<void, MacError> MacTable::set_static(VlanId vlan, MacAddress mac, PortNumber port,
                                                   TimePoint now) {
    if (mac.is_group()) return std::unexpected(MacError::group_address);
    Index index = find_slot(key_of(vlan, mac));
    const bool already = index != none && slots_[index].is_static;
    if (!already && static_size_ >= static_entries_max())
        return std::unexpected(MacError::table_full);
    if (index == none) {
        make_room_for(port);
        index = insert(key_of(vlan, mac), port, true, now);
        if (observer_) observer_->mac_learned(entry(slots_[index]));
    } else if (!already || slots_[index].port != port) {
        change(index, port, true, now);
    }
    return {};
}

bool MacTable::remove_static(VlanId vlan, MacAddress mac) {
    const Index index = find_slot(key_of(vlan, mac));
    if (index == none || !slots_[index].is_static) return false;
    release(index);
    return true;
}

std::optional<MacEntry> MacTable::find(VlanId vlan, MacAddress mac) const {
    const Index index = find_slot(key_of(vlan, mac));
    if (index == none) return std::nullopt;
    return entry(slots_[index]);
}

void MacTable::move_to_end(Index index, TimePoint now) {
    unlink(index);
    append(index, now);
}

void MacTable::refresh(Handle handle, TimePoint now) noexcept {
    if (handle.index >= slots_.size()) return;
    Slot& slot = slots_[handle.index];
    if (slot.version != handle.version) return;
    slot.last_heard = now;
    if (now - slot.queued >= list_granularity) move_to_end(handle.index, now);
}

bool MacTable::forget(VlanId vlan, MacAddress mac) {
    const Index index = find_slot(key_of(vlan, mac));
    if (index == none || slots_[index].is_static) return false;
    release(index);
    return true;
}

template <class Predicate>
void MacTable::release_if(const PortList* list, Predicate predicate) {
    for (Index index = list ? list->oldest : none; index != none;) {
        const Index next = slots_[index].newer;
        if (predicate(slots_[index])) release(index);
        index = next;
    }
}

void MacTable::forget_port(PortNumber port) {
    release_if(find_list(learned_lists_, port), anything);
}

void MacTable::forget_vlan(VlanId vlan) {
    for (const PortList& list : learned_lists_) release_if(&list, in_vlan(vlan));
}

void MacTable::forget_port_vlan(PortNumber port, VlanId vlan) {
    release_if(find_list(learned_lists_, port), in_vlan(vlan));
}

void MacTable::forget_all() {
    for (const PortList& list : learned_lists_) release_if(&list, anything);
}

void MacTable::remove_port(PortNumber port) {
    forget_port(port);
    release_if(find_list(static_lists_, port), anything);
}

void MacTable::remove_vlan(VlanId vlan) {
    forget_vlan(vlan);
    for (const PortList& list : static_lists_) release_if(&list, in_vlan(vlan));
}

void MacTable::expire(TimePoint now) {
    for (const PortList& list : learned_lists_) {
        for (Index index = list.oldest; index != none;) {
            const Slot& slot = slots_[index];
            if (now - slot.queued < settings_.idle) break;  // so were all behind it
            const Index next = slot.newer;
            if (now - slot.last_heard >= settings_.idle) {
                ++statistics_.expired;
                release(index);
            }
            index = next;
        }
    }
}

std::optional<TimePoint> MacTable::next_expiry() const {
    std::optional<TimePoint> next;
    for (const PortList& list : learned_lists_) {
        if (list.oldest == none) continue;
        const TimePoint due = slots_[list.oldest].queued + settings_.idle;
        if (!next || due < *next) next = due;
    }
    return next;
}

std::size_t MacTable::size_of_port(PortNumber port) const {
    std::size_t size = 0;
    for (const Lists* lists : {&learned_lists_, &static_lists_})
        if (const PortList* list = find_list(*lists, port)) size += list->size;
    return size;
}

std::vector<MacEntry> MacTable::entries() const {
    std::vector<MacEntry> all;
    all.reserve(size_);
    for (const Slot& slot : slots_)
        if (slot.used) all.push_back(entry(slot));
    std::ranges::sort(all, {}, [](const MacEntry& e) { return key_of(e.vlan, e.mac); });
    return all;
}

void MacTable::configure(const Settings& settings) {
    settings_ = settings;
    while (learned() > learned_max()) evict(nullptr);
}

MacEntry MacTable::entry(const Slot& slot) const {
    return {static_cast<VlanId>(slot.key >> 48), MacAddress::from_u64(slot.key), slot.port,
            slot.last_heard, slot.is_static};
}

// The end of the life of whoever names this entry with its present port.
void MacTable::kill_handles(Slot& slot) {
    if (++slot.version == 0) slot.version = 1;
}

std::size_t MacTable::bucket_of(std::uint64_t key) const {
    return hash_word(key, hash_key_) & (buckets_.size() - 1);
}

MacTable::Index MacTable::find_slot(std::uint64_t key) const {
    for (std::size_t b = bucket_of(key);; b = (b + 1) & (buckets_.size() - 1)) {
        const Index index = buckets_[b];
        if (index == none || slots_[index].key == key) return index;
    }
}

void MacTable::place(Index index) {
    std::size_t b = bucket_of(slots_[index].key);
    while (buckets_[b] != none) b = (b + 1) & (buckets_.size() - 1);
    buckets_[b] = index;
}

void MacTable::insert_bucket(Index index) {
    if ((size_ + 1) * 2 > buckets_.size()) {
        std::vector<Index> old(buckets_.size() * 2, none);
        old.swap(buckets_);
        for (const Index other : old)
            if (other != none) place(other);
    }
    place(index);
}

// Closes the gap: whatever was pushed past it moves back, so that no chain is interrupted.
void MacTable::erase_bucket(Index index) {
    const std::size_t last = buckets_.size() - 1;
    std::size_t gap = bucket_of(slots_[index].key);
    while (buckets_[gap] != index) gap = (gap + 1) & last;
    for (std::size_t b = (gap + 1) & last; buckets_[b] != none; b = (b + 1) & last) {
        const std::size_t home = bucket_of(slots_[buckets_[b]].key);
        if (((b - home) & last) < ((b - gap) & last)) continue;
        buckets_[gap] = buckets_[b];
        gap = b;
    }
    buckets_[gap] = none;
}

const MacTable::PortList* MacTable::find_list(const Lists& lists, PortNumber port) {
    const auto at = std::ranges::lower_bound(lists, port, {}, &PortList::port);
    return at != lists.end() && at->port == port ? &*at : nullptr;
}

MacTable::PortList& MacTable::list_of(const Slot& slot) {
    Lists& lists = slot.is_static ? static_lists_ : learned_lists_;
    const auto at = std::ranges::lower_bound(lists, slot.port, {}, &PortList::port);
    if (at != lists.end() && at->port == slot.port) return *at;
    return *lists.insert(at, PortList{.port = slot.port});
}

// The key must be in no slot.
MacTable::Index MacTable::insert(std::uint64_t key, PortNumber port, bool is_static,
                                 TimePoint now) {
    if (free_.empty()) {
        free_.push_back(static_cast<Index>(slots_.size()));
        slots_.emplace_back();
    }
    const Index index = free_.back();
    free_.pop_back();
    Slot& slot = slots_[index];
    slot.key = key;
    slot.port = port;
    slot.used = true;
    slot.is_static = is_static;
    slot.last_heard = now;
    append(index, now);
    insert_bucket(index);
    ++size_;
    if (is_static) ++static_size_;
    return index;
}

// To another port, or from learned to static.
void MacTable::change(Index index, PortNumber port, bool is_static, TimePoint now) {
    Slot& slot = slots_[index];
    const PortNumber from = slot.port;
    unlink(index);
    kill_handles(slot);
    if (is_static && !slot.is_static) ++static_size_;
    slot.is_static = is_static;
    slot.port = port;
    slot.last_heard = now;
    append(index, now);
    if (observer_) observer_->mac_moved(entry(slot), from);
}

void MacTable::append(Index index, TimePoint now) {
    Slot& slot = slots_[index];
    PortList& list = list_of(slot);
    slot.queued = now;
    slot.newer = none;
    slot.older = list.newest;
    (list.newest == none ? list.oldest : slots_[list.newest].newer) = index;
    list.newest = index;
    ++list.size;
}

void MacTable::unlink(Index index) {
    const Slot& slot = slots_[index];
    PortList& list = list_of(slot);
    (slot.older == none ? list.oldest : slots_[slot.older].newer) = slot.newer;
    (slot.newer == none ? list.newest : slots_[slot.newer].older) = slot.older;
    --list.size;
}

void MacTable::release(Index index) {
    Slot& slot = slots_[index];
    const MacEntry gone = entry(slot);
    erase_bucket(index);
    unlink(index);
    kill_handles(slot);
    slot.used = false;
    free_.push_back(index);
    --size_;
    if (slot.is_static) --static_size_;
    if (observer_) observer_->mac_forgotten(gone);
}

// One station at least can be learned, so that learning is never refused.
std::size_t MacTable::learned_max() const {
    return settings_.entries_max > static_size_ ? settings_.entries_max - static_size_ : 1;
}

void MacTable::make_room_for(PortNumber port) {
    while (learned() >= learned_max()) evict(find_list(learned_lists_, port));
}

// From the port that has most; from `preferred` if no other has more.
void MacTable::evict(const PortList* preferred) {
    const PortList* fullest = preferred;
    for (const PortList& list : learned_lists_)
        if (!fullest || list.size > fullest->size) fullest = &list;
    assert(fullest && fullest->oldest != none);
    ++statistics_.evicted;
    release(fullest->oldest);
}

}  // namespace switchd
