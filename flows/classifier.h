// Finds the rule that decides about a key: the one with the highest priority that matches, the
// older one of equals.
//
// Tuple-space search (Srinivasan, Suri, Varghese 1999): rules that look at the same bits share a
// hash table, a subtable. What a lookup had to look at goes into the caller's mask, found or not,
// so the work is in looking at little:
//   - subtables are asked in the order of their highest priority, then of their oldest entry with
//     it, and the search ends when what was found outranks what is left;
//   - a subtable is asked in stages (where the packet came from, layer 2, 3, 4) and a miss in an
//     early stage adds only the bits up to there;
//   - tries of the prefixes in use for IPv4 and IPv6 addresses tell which prefix lengths can match
//     at all, and how few bits of the address show it;
//   - a trie of the transport ports in use in a subtable does the same for its last stage.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "flows/compact_match.h"
#include "flows/keyed_hash.h"

namespace switchd {

// What the classifier knows of a rule. Its owner is the caller; it stays where it is while it is in
// a classifier.
class ClassifierEntry {
public:
    ClassifierEntry(const Match& match, std::uint32_t priority)
        : match_(match), priority_(priority) {}
    ClassifierEntry(const ClassifierEntry&) = delete;
    ClassifierEntry& operator=(const ClassifierEntry&) = delete;

    Match match() const { return match_.unpacked(); }
    const CompactMatch& compact_match() const { return match_; }
    std::uint32_t priority() const { return priority_; }
    // Larger is younger; given by the classifier.
    std::uint64_t order() const { return order_; }

private:
    friend class Classifier;

    const std::uint64_t* values() const { return match_.values(); }

    CompactMatch match_;
    ClassifierEntry* next_ = nullptr;  // the same match with the next lower priority
    std::uint64_t order_ = 0;
    std::uint32_t priority_;
};

class Classifier {
public:
    explicit Classifier(HashKey secret = HashKey{});
    ~Classifier();
    Classifier(Classifier&&) noexcept;
    Classifier& operator=(Classifier&&) noexcept;

    // There must be none with the same match and priority.
    void insert(ClassifierEntry& entry);
    void remove(ClassifierEntry& entry);

    // The one with exactly this match and priority, or null.
    ClassifierEntry* find(const Match& match, std::uint32_t priority) const;
    // Some entry of this priority matches a key that `match` does, too.
    bool overlaps(const Match& match, std::uint32_t priority) const;
    // The one that decides about `key`, or null; folds the bits that were looked at into `mask`.
    // What is in there already is as good as looked at. Keys that agree under the mask get the same
    // answer, though not always with the same mask: where several bits would show that a subtable
    // has nothing, the fewest are taken.
    ClassifierEntry* lookup(const FlowKey& key, FlowMask& mask) const;

    std::size_t size() const;
    std::size_t subtables() const;

    // Visits those that `match` holds, in no particular, but stable order; `visit` must not change
    // the classifier.
    template <class Visit>
    void for_each_within(const Match& match, Visit visit) const {
        visit_within(match, std::ref(visit));
    }
    template <class Visit>
    void for_each(Visit visit) const {
        for_each_within({}, visit);
    }

private:
    struct Subtable;
    struct Tables;

    void visit_within(const Match& match, const std::function<void(ClassifierEntry&)>& visit) const;

    std::unique_ptr<Tables> tables_;  // null: moved away
};

}  // namespace switchd
