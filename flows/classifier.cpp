#include "flows/classifier.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <map>
#include <vector>

#include "flows/hash_slots.h"

namespace switchd {
namespace {

// The order in which a lookup reads the words of a key: what the tables noted about the packet
// stands behind the headers in the key, but is known first.
constexpr std::array<std::uint8_t, flow_words> reading_order = [] {
    std::array<std::uint8_t, flow_words> order{};
    std::uint8_t at = 1;
    for (std::uint8_t word = packet_words; word < flow_words; ++word) order[at++] = word;
    for (std::uint8_t word = 1; word < packet_words; ++word) order[at++] = word;
    return order;
}();

std::uint64_t hash_of_word(std::uint64_t value, std::size_t position, const HashKey& secret) {
    return multiply_fold(value + secret[position], secret[position + 1]);
}

}  // namespace

ClassifierEntry::ClassifierEntry(const Match& match, std::uint32_t priority) : priority_(priority) {
    for (unsigned i = 0; i < flow_words; ++i)
        if (match.mask.words[reading_order[i]] != 0) word_set_ |= 1U << i;
    const auto count = static_cast<unsigned>(std::popcount(word_set_));
    if (count == 0) return;
    words_ = std::make_unique_for_overwrite<std::uint64_t[]>(2 * std::size_t{count});
    std::size_t at = 0;
    for (std::uint32_t left = word_set_; left != 0; left &= left - 1, ++at) {
        const std::size_t word = reading_order[static_cast<std::size_t>(std::countr_zero(left))];
        words_[at] = match.key.words[word];
        words_[count + at] = match.mask.words[word];
    }
}

Match ClassifierEntry::match() const {
    Match match;
    const auto count = static_cast<unsigned>(std::popcount(word_set_));
    std::size_t at = 0;
    for (std::uint32_t left = word_set_; left != 0; left &= left - 1, ++at) {
        const std::size_t word = reading_order[static_cast<std::size_t>(std::countr_zero(left))];
        match.key.words[word] = words_[at];
        match.mask.words[word] = words_[count + at];
    }
    return match;
}

// The entries that look at the same bits.
struct Classifier::Subtable {
    // Entries with one match, highest priority first.
    struct Slot {
        std::uint64_t hash = 0;
        ClassifierEntry* first = nullptr;
        bool empty() const { return first == nullptr; }
    };
    // Entries of one priority.
    struct Equals {
        std::size_t count = 0;
        std::uint64_t oldest = 0;  // none of them is older
    };

    Subtable(const FlowMask& full, const HashKey& key) : mask(full), secret(key) {
        for (const std::uint8_t word : reading_order) {
            if (full.words[word] == 0) continue;
            bits[count] = full.words[word];
            indexes[count++] = word;
        }
    }

    // Their best entry is that of a smaller rank.
    std::pair<std::uint32_t, std::uint64_t> rank() const {
        const auto& [priority, equals] = *priorities.begin();
        return {~priority, equals.oldest};
    }

    std::uint64_t hash_of(const FlowKey& key) const {
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i < count; ++i)
            sum += hash_of_word(key.words[indexes[i]] & bits[i], i, secret);
        return sum;
    }
    std::uint64_t hash_of(const ClassifierEntry& entry) const {
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i < count; ++i) sum += hash_of_word(entry.words_[i], i, secret);
        return sum;
    }
    bool matches(const ClassifierEntry& entry, const FlowKey& key) const {
        std::uint64_t differing = 0;
        for (std::size_t i = 0; i < count; ++i)
            differing |= (key.words[indexes[i]] & bits[i]) ^ entry.words_[i];
        return differing == 0;
    }
    const Slot* find(const FlowKey& key) const {
        return slots.find(hash_of(key),
                          [&](const Slot& slot) { return matches(*slot.first, key); });
    }
    Slot* find(const ClassifierEntry& entry) {
        return slots.find(hash_of(entry), [&](const Slot& slot) {
            return std::equal(entry.words_.get(), entry.words_.get() + count,
                              slot.first->words_.get());
        });
    }

    void link(ClassifierEntry& entry) {
        Slot* slot = find(entry);
        if (!slot) {
            entry.next_ = nullptr;
            slots.insert({hash_of(entry), &entry});
            return;
        }
        ClassifierEntry** at = &slot->first;
        while (*at && (*at)->priority_ > entry.priority_) at = &(*at)->next_;
        assert(!*at || (*at)->priority_ != entry.priority_);
        entry.next_ = *at;
        *at = &entry;
    }
    // What leads to the entry leads to `other` then.
    void relink(ClassifierEntry& entry, ClassifierEntry* other) {
        Slot* slot = find(entry);
        assert(slot);
        ClassifierEntry** at = &slot->first;
        while (*at != &entry) at = &(*at)->next_;
        *at = other;
        entry.next_ = nullptr;
        if (!slot->first) slots.erase(*slot);
    }

    FlowMask mask;
    const HashKey& secret;
    // What of the mask is not zero, in the order of reading.
    std::array<std::uint64_t, flow_words> bits{};
    std::array<std::uint8_t, flow_words> indexes{};
    std::uint8_t count = 0;

    HashSlots<Slot> slots;
    std::map<std::uint32_t, Equals, std::greater<>> priorities;
};

struct Classifier::Tables {
    explicit Tables(const HashKey& key) : secret(key) {}
    Tables(const Tables&) = delete;
    Tables& operator=(const Tables&) = delete;

    Subtable& subtable_of(const ClassifierEntry& entry) {
        const auto at = subtables.find(entry.match().mask.words);
        assert(at != subtables.end());
        return at->second;
    }
    auto place_of(const Subtable& subtable) {
        return std::ranges::lower_bound(ranked, subtable.rank(), {},
                                        [](const Subtable* other) { return other->rank(); });
    }

    HashKey secret;
    std::map<std::array<std::uint64_t, flow_words>, Subtable> subtables;  // by mask
    std::vector<Subtable*> ranked;
    std::size_t size = 0;
    std::size_t subtables_beyond_layer_2 = 0;
    std::uint64_t entries_ever = 0;
};

Classifier::Classifier(HashKey secret) : tables_(std::make_unique<Tables>(secret)) {}
Classifier::~Classifier() = default;
Classifier::Classifier(Classifier&&) noexcept = default;
Classifier& Classifier::operator=(Classifier&&) noexcept = default;

void Classifier::insert(ClassifierEntry& entry) {
    const FlowMask mask = entry.match().mask;
    const auto [at, made] = tables_->subtables.try_emplace(mask.words, mask, tables_->secret);
    Subtable& subtable = at->second;
    entry.order_ = tables_->entries_ever++;
    if (made)
        tables_->subtables_beyond_layer_2 += mask.beyond_layer_2();
    else
        tables_->ranked.erase(tables_->place_of(subtable));
    subtable.link(entry);
    Subtable::Equals& equals = subtable.priorities[entry.priority_];
    if (equals.count++ == 0) equals.oldest = entry.order_;
    tables_->ranked.insert(tables_->place_of(subtable), &subtable);
    ++tables_->size;
}

void Classifier::replace(ClassifierEntry& old, ClassifierEntry& entry) {
    assert(old.priority_ == entry.priority_ && old.match() == entry.match());
    entry.order_ = old.order_;
    entry.next_ = old.next_;
    tables_->subtable_of(old).relink(old, &entry);
}

void Classifier::remove(ClassifierEntry& entry) {
    Subtable& subtable = tables_->subtable_of(entry);
    tables_->ranked.erase(tables_->place_of(subtable));
    subtable.relink(entry, entry.next_);
    const auto equals = subtable.priorities.find(entry.priority_);
    if (--equals->second.count == 0) subtable.priorities.erase(equals);
    --tables_->size;
    if (!subtable.priorities.empty()) {
        tables_->ranked.insert(tables_->place_of(subtable), &subtable);
    } else {
        tables_->subtables_beyond_layer_2 -= subtable.mask.beyond_layer_2();
        tables_->subtables.erase(FlowMask{subtable.mask}.words);
    }
}

ClassifierEntry* Classifier::find(const Match& match, std::uint32_t priority) const {
    const auto subtable = tables_->subtables.find(match.mask.words);
    if (subtable == tables_->subtables.end()) return nullptr;
    const Subtable::Slot* slot = subtable->second.find(match.key);
    ClassifierEntry* entry = slot ? slot->first : nullptr;
    while (entry && entry->priority_ > priority) entry = entry->next_;
    return entry && entry->priority_ == priority ? entry : nullptr;
}

ClassifierEntry* Classifier::lookup(const FlowKey& key, FlowMask& mask) const {
    ClassifierEntry* best = nullptr;
    for (const Subtable* subtable : tables_->ranked) {
        if (best && std::pair{~best->priority_, best->order_} < subtable->rank()) break;
        mask.unite(subtable->mask);
        const Subtable::Slot* slot = subtable->find(key);
        if (!slot) continue;
        ClassifierEntry* found = slot->first;
        if (!best ||
            std::pair{~found->priority_, found->order_} < std::pair{~best->priority_, best->order_})
            best = found;
    }
    return best;
}

std::size_t Classifier::size() const {
    return tables_->size;
}
std::size_t Classifier::subtables() const {
    return tables_->subtables.size();
}
bool Classifier::beyond_layer_2() const {
    return tables_->subtables_beyond_layer_2 != 0;
}

void Classifier::for_each_entry(const std::function<void(ClassifierEntry&)>& visit) const {
    for (const auto& [mask, subtable] : tables_->subtables)
        subtable.slots.for_each([&](const Subtable::Slot& slot) {
            for (ClassifierEntry* entry = slot.first; entry; entry = entry->next_) visit(*entry);
        });
}

}  // namespace switchd
