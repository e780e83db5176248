// An index of slots by hash: open addressing with linear probing. Slots are few words that lead to
// what they stand for; hashes must be keyed, or a peer could make all slots neighbours.
//
// A Slot has a `hash`, any unsigned number, and empty(); a Slot{} is empty. At most three quarters
// of the slots are in use, and at least an eighth, so that an index that was large once does not
// stay so.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace switchd {

template <class Slot>
class HashSlots {
public:
    // The slot with this hash that satisfies `same`, or null. Valid until the next change.
    template <class Hash, class Same>
    const Slot* find(Hash hash, Same same) const {
        for (std::size_t i = hash & (slots_.size() - 1); !slots_[i].empty(); i = next(i))
            if (slots_[i].hash == hash && same(slots_[i])) return &slots_[i];
        return nullptr;
    }
    template <class Hash, class Same>
    Slot* find(Hash hash, Same same) {
        return const_cast<Slot*>(std::as_const(*this).find(hash, same));
    }

    void insert(const Slot& slot) {
        if ((size_ + 1) * 4 > slots_.size() * 3) resize(slots_.size() * 2);
        place(slot);
        ++size_;
    }
    // `slot` is one of these.
    void erase(const Slot& slot) {
        // What follows without a gap moves up as far as its hash allows.
        std::size_t gap = static_cast<std::size_t>(&slot - slots_.data());
        for (std::size_t i = next(gap); !slots_[i].empty(); i = next(i)) {
            const std::size_t mask = slots_.size() - 1;
            if (((i - slots_[i].hash) & mask) < ((i - gap) & mask)) continue;
            slots_[gap] = slots_[i];
            gap = i;
        }
        slots_[gap] = Slot{};
        --size_;
        if (slots_.size() > slots_min && size_ * 8 < slots_.size()) resize(slots_.size() / 2);
    }

    std::size_t size() const { return size_; }
    template <class Visit>
    void for_each(Visit visit) const {
        for (const Slot& slot : slots_)
            if (!slot.empty()) visit(slot);
    }
    template <class Predicate>
    bool any_of(Predicate predicate) const {
        return std::ranges::any_of(
            slots_, [&](const Slot& slot) { return !slot.empty() && predicate(slot); });
    }

private:
    static constexpr std::size_t slots_min = 2;

    std::size_t next(std::size_t i) const { return (i + 1) & (slots_.size() - 1); }
    void place(const Slot& slot) {
        std::size_t i = slot.hash & (slots_.size() - 1);
        while (!slots_[i].empty()) i = next(i);
        slots_[i] = slot;
    }
    void resize(std::size_t slots) {
        const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(slots));
        for (const Slot& slot : old)
            if (!slot.empty()) place(slot);
    }

    std::vector<Slot> slots_ = std::vector<Slot>(slots_min);  // a power of two
    std::size_t size_ = 0;
};

}  // namespace switchd
