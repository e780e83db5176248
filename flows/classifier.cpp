#include "flows/classifier.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <compare>
#include <map>
#include <vector>

#include "flows/hash_slots.h"
#include "flows/prefix_trie.h"

namespace switchd {
namespace {

enum class Stage : std::uint8_t { origin, layer_2, layer_3, layer_4 };

constexpr Stage stage_of(std::size_t word) {
    if (word == 0 || word >= packet_words) return Stage::origin;
    if (word < flow_words_l2) return Stage::layer_2;
    return word < field::tp_src.word ? Stage::layer_3 : Stage::layer_4;
}

// What there is a trie for. Whatever else stands in the same words (ARP's addresses) counts as one
// of these.
struct AddressField {
    FlowField high;
    FlowField low;

    template <class Words>  // of a key or a mask
    PrefixBits get(const Words& words) const {
        if (high.bits == 32) return {words.get(high) << 32, 0};
        return {words.get(high), words.get(low)};
    }
    void fold(FlowMask& mask, PrefixBits bits) const {
        mask.fold(high, high.bits == 32 ? bits.high >> 32 : bits.high);
        if (high.bits != 32) mask.fold(low, bits.low);
    }
};
constexpr std::array address_fields{
    AddressField{field::ip_dst, {}},
    AddressField{field::ip_src, {}},
    AddressField{field::ipv6_dst_high, field::ipv6_dst_low},
    AddressField{field::ipv6_src_high, field::ipv6_src_low},
};
using AddressTries = std::array<PrefixTrie, address_fields.size()>;

// How many of the first bits the mask looks at. Whatever else it looks at, a packet with another
// prefix of this length is none of its.
unsigned prefix_length(const FlowMask& mask, const AddressField& address) {
    const PrefixBits bits = address.get(mask);
    const auto length = static_cast<unsigned>(std::countl_one(bits.high));
    return length == 64 ? length + static_cast<unsigned>(std::countl_one(bits.low)) : length;
}

constexpr std::uint64_t ports_bits = field::tp_src.word_mask() | field::tp_dst.word_mask();

// What the tries say about one key, asked once.
class AddressAnswers {
public:
    AddressAnswers(const AddressTries& tries, const FlowKey& key) : tries_(tries), key_(key) {}

    const PrefixTrie::Answer& operator[](std::size_t i) {
        if (!asked_[i]) answers_[i] = tries_[i].lookup(address_fields[i].get(key_));
        asked_[i] = true;
        return answers_[i];
    }

private:
    const AddressTries& tries_;
    const FlowKey& key_;
    std::array<bool, address_fields.size()> asked_{};
    std::array<PrefixTrie::Answer, address_fields.size()> answers_;
};

// Which of two that match decides: the greater one.
struct Rank {
    std::uint32_t priority;
    std::uint64_t order;

    bool operator==(const Rank&) const = default;
    std::strong_ordering operator<=>(const Rank& other) const {
        if (const auto by_priority = priority <=> other.priority; by_priority != 0)
            return by_priority;
        return other.order <=> order;
    }
};

Rank rank_of(const ClassifierEntry& entry) {
    return {entry.priority(), entry.order()};
}

// Where the hash says everything.
constexpr auto any_slot = [](const auto&) { return true; };

std::uint64_t hash_of_word(std::uint64_t value, std::size_t position, const HashKey& secret) {
    return multiply_fold(value + secret[position], secret[position + 1]);
}

}  // namespace

// The entries that look at the same bits.
struct Classifier::Subtable {
    // Entries with one match, highest priority first.
    struct Slot {
        std::uint64_t hash = 0;
        ClassifierEntry* first = nullptr;
        bool empty() const { return first == nullptr; }
    };
    // How many matches have this hash of the words up to a stage. Half a hash will do: taking one
    // for another costs bits of the mask.
    struct PartialHash {
        std::uint32_t hash = 0;
        std::uint32_t count = 0;
        bool empty() const { return count == 0; }
    };
    // Entries of one priority.
    struct Equals {
        std::size_t count = 0;
        std::uint64_t oldest = 0;  // none of them is older
    };

    Subtable(const FlowMask& mask, const HashKey& key);

    // That of the best entry, or of a better one.
    Rank rank() const {
        const auto& [priority, equals] = *priorities.begin();
        return {priority, equals.oldest};
    }

    void insert(ClassifierEntry& entry, AddressTries& tries);
    void remove(ClassifierEntry& entry, AddressTries& tries);
    const Slot* find(const FlowKey& key) const;
    const Slot* lookup(const FlowKey& key, AddressAnswers& addresses, FlowMask& folded) const;

    std::uint64_t masked_word(const FlowKey& key, std::size_t i) const {
        return key.words[indexes[i]] & bits[i];
    }
    bool matches(const ClassifierEntry& entry, const FlowKey& key) const {
        std::uint64_t differing = 0;
        for (std::size_t i = 0; i < count(); ++i)
            differing |= masked_word(key, i) ^ entry.values()[i];
        return differing == 0;
    }
    std::size_t count() const { return stage_ends.back(); }
    std::uint64_t hash_of(const ClassifierEntry& entry) const;
    Slot* find(const ClassifierEntry& entry);
    template <class Visit>
    void for_each_partial_hash(const ClassifierEntry& entry, Visit visit);
    void count_match(const ClassifierEntry& entry, AddressTries& tries);
    void discount_match(const ClassifierEntry& entry, AddressTries& tries);
    bool excluded_by_addresses(AddressAnswers& addresses, FlowMask& folded) const;
    bool excluded_by_ports(const FlowKey& key, FlowMask& folded) const;
    void fold_first(std::size_t words, FlowMask& folded) const {
        for (std::size_t i = 0; i < words; ++i) folded.words[indexes[i]] |= bits[i];
    }

    const HashKey& secret;
    // What of the mask is not zero, in the order of reading.
    std::array<std::uint64_t, flow_words> bits{};
    std::array<std::uint8_t, flow_words> indexes{};
    // Where each stage ends among these; a stage may have no words.
    std::array<std::uint8_t, 4> stage_ends{};
    // 0: the first bit is not looked at.
    std::array<std::uint8_t, address_fields.size()> prefix_lengths{};
    std::uint64_t ports_mask;   // of their word
    unsigned ports_length = 0;  // up to the last bit that is looked at

    // Of the stages before the last, if they have words and words follow.
    std::array<std::unique_ptr<HashSlots<PartialHash>>, 3> partial;
    HashSlots<Slot> slots;
    PrefixTrie ports;
    std::map<std::uint32_t, Equals, std::greater<>> priorities;
};

Classifier::Subtable::Subtable(const FlowMask& mask, const HashKey& key)
    : secret(key), ports_mask(mask.words[field::tp_src.word] & ports_bits) {
    std::uint8_t at = 0;
    for (const std::uint8_t word : reading_order) {
        if (mask.words[word] != 0) {
            bits[at] = mask.words[word];
            indexes[at++] = word;
        }
        stage_ends[static_cast<std::size_t>(stage_of(word))] = at;
    }
    for (std::size_t stage = 0; stage < partial.size(); ++stage)
        if (stage_ends[stage] != (stage == 0 ? 0 : stage_ends[stage - 1]) &&
            stage_ends[stage] != at)
            partial[stage] = std::make_unique<HashSlots<PartialHash>>();
    for (std::size_t i = 0; i < address_fields.size(); ++i)
        prefix_lengths[i] = static_cast<std::uint8_t>(prefix_length(mask, address_fields[i]));
    if (ports_mask != 0) ports_length = 64 - static_cast<unsigned>(std::countr_zero(ports_mask));
}

std::uint64_t Classifier::Subtable::hash_of(const ClassifierEntry& entry) const {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < count(); ++i) sum += hash_of_word(entry.values()[i], i, secret);
    return sum;
}

const Classifier::Subtable::Slot* Classifier::Subtable::find(const FlowKey& key) const {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < count(); ++i) sum += hash_of_word(masked_word(key, i), i, secret);
    return slots.find(sum, [&](const Slot& slot) { return matches(*slot.first, key); });
}

Classifier::Subtable::Slot* Classifier::Subtable::find(const ClassifierEntry& entry) {
    return slots.find(hash_of(entry), [&](const Slot& slot) {
        return std::equal(entry.values(), entry.values() + count(), slot.first->values());
    });
}

void Classifier::Subtable::insert(ClassifierEntry& entry, AddressTries& tries) {
    if (Slot* slot = find(entry)) {
        ClassifierEntry** at = &slot->first;
        while (*at && (*at)->priority_ > entry.priority_) at = &(*at)->next_;
        assert(!*at || (*at)->priority_ != entry.priority_);
        entry.next_ = *at;
        *at = &entry;
    } else {
        entry.next_ = nullptr;
        slots.insert({hash_of(entry), &entry});
        count_match(entry, tries);
    }
    Equals& equals = priorities[entry.priority_];
    if (equals.count++ == 0) equals.oldest = entry.order_;
}

void Classifier::Subtable::remove(ClassifierEntry& entry, AddressTries& tries) {
    Slot* slot = find(entry);
    assert(slot);
    ClassifierEntry** at = &slot->first;
    while (*at != &entry) at = &(*at)->next_;
    *at = entry.next_;
    if (!slot->first) {
        slots.erase(*slot);
        discount_match(entry, tries);
    }
    const auto equals = priorities.find(entry.priority_);
    if (--equals->second.count == 0) priorities.erase(equals);
}

template <class Visit>
void Classifier::Subtable::for_each_partial_hash(const ClassifierEntry& entry, Visit visit) {
    std::uint64_t sum = 0;
    std::size_t at = 0;
    for (std::size_t stage = 0; stage < partial.size(); ++stage) {
        for (; at < stage_ends[stage]; ++at) sum += hash_of_word(entry.values()[at], at, secret);
        if (partial[stage]) visit(*partial[stage], static_cast<std::uint32_t>(sum));
    }
}

// Notes a match that is new among the slots.
void Classifier::Subtable::count_match(const ClassifierEntry& entry, AddressTries& tries) {
    for_each_partial_hash(entry, [](HashSlots<PartialHash>& hashes, std::uint32_t hash) {
        if (PartialHash* known = hashes.find(hash, any_slot))
            ++known->count;
        else
            hashes.insert({hash, 1});
    });
    const FlowKey key = entry.match().key;
    for (std::size_t i = 0; i < tries.size(); ++i)
        if (prefix_lengths[i] != 0) tries[i].insert(address_fields[i].get(key), prefix_lengths[i]);
    if (ports_length != 0) ports.insert({key.words[field::tp_src.word] & ports_mask}, ports_length);
}

void Classifier::Subtable::discount_match(const ClassifierEntry& entry, AddressTries& tries) {
    for_each_partial_hash(entry, [](HashSlots<PartialHash>& hashes, std::uint32_t hash) {
        PartialHash* known = hashes.find(hash, any_slot);
        assert(known);
        if (known->count == 1)
            hashes.erase(*known);
        else
            --known->count;
    });
    const FlowKey key = entry.match().key;
    for (std::size_t i = 0; i < tries.size(); ++i)
        if (prefix_lengths[i] != 0) tries[i].remove(address_fields[i].get(key), prefix_lengths[i]);
    if (ports_length != 0) ports.remove({key.words[field::tp_src.word] & ports_mask}, ports_length);
}

// Whether a trie shows, with no more bits than a search would read, that nothing here matches. Of
// several that do, the one that adds the fewest bits is folded.
bool Classifier::Subtable::excluded_by_addresses(AddressAnswers& addresses,
                                                 FlowMask& folded) const {
    std::size_t best = address_fields.size();
    int best_added = 0;
    for (std::size_t i = 0; i < address_fields.size(); ++i) {
        const unsigned length = prefix_lengths[i];
        if (length == 0 || addresses[i].has(length)) continue;
        const unsigned read = addresses[i].bits_read;
        const PrefixBits shown = PrefixBits::ones(read), known = address_fields[i].get(folded);
        const int added =
            std::popcount(shown.high & ~known.high) + std::popcount(shown.low & ~known.low);
        if (read > length && added != 0) continue;
        if (best != address_fields.size() && added >= best_added) continue;
        best = i;
        best_added = added;
    }
    if (best == address_fields.size()) return false;
    address_fields[best].fold(folded, PrefixBits::ones(addresses[best].bits_read));
    return true;
}

// Whether no entry has these ports; folds the first few of their bits then, which show it.
bool Classifier::Subtable::excluded_by_ports(const FlowKey& key, FlowMask& folded) const {
    if (ports_length == 0) return false;
    const auto answer = ports.lookup({key.words[field::tp_src.word] & ports_mask});
    if (answer.has(ports_length)) return false;
    folded.words[field::tp_src.word] |= ports_mask & PrefixBits::ones(answer.bits_read).high;
    return true;
}

const Classifier::Subtable::Slot* Classifier::Subtable::lookup(const FlowKey& key,
                                                               AddressAnswers& addresses,
                                                               FlowMask& folded) const {
    std::uint64_t sum = 0;
    std::size_t at = 0;
    const auto read_up_to = [&](std::size_t end) {
        for (; at < end; ++at) sum += hash_of_word(masked_word(key, at), at, secret);
    };
    for (std::size_t stage = 0; stage < partial.size(); ++stage) {
        if (stage == static_cast<std::size_t>(Stage::layer_3) &&
            excluded_by_addresses(addresses, folded)) {
            fold_first(at, folded);
            return nullptr;
        }
        read_up_to(stage_ends[stage]);
        if (partial[stage] && !partial[stage]->find(static_cast<std::uint32_t>(sum), any_slot)) {
            fold_first(at, folded);
            return nullptr;
        }
    }
    const std::size_t before_ports = at;
    read_up_to(count());
    const Slot* slot =
        slots.find(sum, [&](const Slot& other) { return matches(*other.first, key); });
    fold_first(!slot && excluded_by_ports(key, folded) ? before_ports : at, folded);
    return slot;
}

struct Classifier::Tables {
    struct Ranked {
        Rank rank;
        Subtable* subtable;
    };

    explicit Tables(const HashKey& key) : secret(key) {}
    // Subtables refer to the secret.
    Tables(const Tables&) = delete;
    Tables& operator=(const Tables&) = delete;

    auto place_of(const Subtable& subtable) {
        return std::ranges::lower_bound(ranked, subtable.rank(), std::greater{}, &Ranked::rank);
    }
    // Changes a subtable in a way that may change its rank.
    template <class Change>
    void rerank(Subtable& subtable, Change change) {
        const Rank before = subtable.rank();
        const auto at = place_of(subtable);
        change();
        if (!subtable.priorities.empty() && subtable.rank() == before) return;
        ranked.erase(at);
        if (!subtable.priorities.empty())
            ranked.insert(place_of(subtable), {subtable.rank(), &subtable});
    }

    HashKey secret;
    AddressTries tries;
    std::map<std::array<std::uint64_t, flow_words>, Subtable> subtables;  // by mask
    std::vector<Ranked> ranked;                                           // best first
    std::size_t size = 0;
    std::uint64_t entries_ever = 0;
};

Classifier::Classifier(HashKey secret) : tables_(std::make_unique<Tables>(secret)) {}
Classifier::~Classifier() = default;
Classifier::Classifier(Classifier&&) noexcept = default;
Classifier& Classifier::operator=(Classifier&&) noexcept = default;

void Classifier::insert(ClassifierEntry& entry) {
    const FlowMask mask = entry.match().mask;
    entry.order_ = tables_->entries_ever++;
    const auto [at, made] = tables_->subtables.try_emplace(mask.words, mask, tables_->secret);
    Subtable& subtable = at->second;
    if (made) {
        subtable.insert(entry, tables_->tries);
        tables_->ranked.insert(tables_->place_of(subtable), {subtable.rank(), &subtable});
    } else {
        tables_->rerank(subtable, [&] { subtable.insert(entry, tables_->tries); });
    }
    ++tables_->size;
}

void Classifier::remove(ClassifierEntry& entry) {
    const auto at = tables_->subtables.find(entry.match().mask.words);
    assert(at != tables_->subtables.end());
    Subtable& subtable = at->second;
    tables_->rerank(subtable, [&] { subtable.remove(entry, tables_->tries); });
    if (subtable.priorities.empty()) tables_->subtables.erase(at);
    --tables_->size;
}

ClassifierEntry* Classifier::find(const Match& match, std::uint32_t priority) const {
    const auto subtable = tables_->subtables.find(match.mask.words);
    if (subtable == tables_->subtables.end()) return nullptr;
    const Subtable::Slot* slot = subtable->second.find(match.key);
    ClassifierEntry* entry = slot ? slot->first : nullptr;
    while (entry && entry->priority_ > priority) entry = entry->next_;
    return entry && entry->priority_ == priority ? entry : nullptr;
}

bool Classifier::overlaps(const Match& match, std::uint32_t priority) const {
    const CompactMatch compact{match};
    const auto in_slot = [&](const Subtable::Slot& slot) {
        for (const ClassifierEntry* entry = slot.first; entry; entry = entry->next_)
            if (entry->priority_ == priority) return entry->compact_match().overlaps(compact);
        return false;
    };
    for (const auto& [mask, subtable] : tables_->subtables) {
        if (!subtable.priorities.contains(priority)) continue;
        // Where the match looks at all that these entries do, only one of their matches can be it.
        if (match.mask.covers(FlowMask{mask})) {
            const Subtable::Slot* slot = subtable.find(match.key);
            if (slot && in_slot(*slot)) return true;
        } else if (subtable.slots.any_of(in_slot)) {
            return true;
        }
    }
    return false;
}

ClassifierEntry* Classifier::lookup(const FlowKey& key, FlowMask& mask) const {
    AddressAnswers addresses{tables_->tries, key};
    ClassifierEntry* best = nullptr;
    for (const auto& [rank, subtable] : tables_->ranked) {
        if (best && rank_of(*best) > rank) break;
        const Subtable::Slot* slot = subtable->lookup(key, addresses, mask);
        if (slot && (!best || rank_of(*slot->first) > rank_of(*best))) best = slot->first;
    }
    return best;
}

std::size_t Classifier::size() const {
    return tables_->size;
}
std::size_t Classifier::subtables() const {
    return tables_->subtables.size();
}

void Classifier::visit_within(const Match& match,
                              const std::function<void(ClassifierEntry&)>& visit) const {
    const CompactMatch compact{match};
    const auto visit_slot = [&](const Subtable::Slot& slot) {
        if (!slot.first->compact_match().within(compact)) return;
        for (ClassifierEntry* entry = slot.first; entry; entry = entry->next_) visit(*entry);
    };
    for (const auto& [mask, subtable] : tables_->subtables) {
        if (mask == match.mask.words) {
            if (const Subtable::Slot* slot = subtable.find(match.key)) visit_slot(*slot);
        } else if (FlowMask{mask}.covers(match.mask)) {
            subtable.slots.for_each(visit_slot);
        }
    }
}

}  // namespace switchd
