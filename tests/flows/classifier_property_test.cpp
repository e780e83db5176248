// A classifier beside a search through all rules.
#include <algorithm>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "flows/classifier.h"
#include "tests/flows/seeds.h"
#include "tests/support/catch.h"

namespace switchd::test {
namespace {

// Matches and keys with few values a field, so that rules often overlap and often nearly match.
class RandomMatches {
public:
    explicit RandomMatches(std::uint32_t seed) : engine_(seed) {
        // Each seed has its own few fields and prefix lengths.
        for (const FlowField& field : field::all)
            if (chance(30)) fields_.push_back(field);
        for (const FlowField& field : {field::ip_src, field::ip_dst, field::tp_src, field::tp_dst,
                                       field::ip_proto, field::eth_type})
            if (chance(60)) fields_.push_back(field);
        ipv6_ = chance(40);
        ports_masked_ = chance(40);
        arbitrary_ = chance(30);
        base_ = engine_();
        for (std::uint64_t i = 1 + below(6); i != 0; --i) usual_masks_.push_back(new_mask());
    }

    std::uint64_t below(std::uint64_t limit) { return engine_() % limit; }
    bool chance(unsigned percent) { return below(100) < percent; }

    FlowKey key() {
        FlowKey key;
        for (const FlowField& field : fields_) key.set(field, value(field));
        if (ipv6_)
            for (const FlowField& field : {field::ipv6_src_high, field::ipv6_src_low,
                                           field::ipv6_dst_high, field::ipv6_dst_low})
                key.set(field, value(field));
        if (chance(10))
            for (auto& word : key.words) word ^= engine_() & engine_() & engine_();
        return key;
    }
    FlowMask mask() { return chance(75) ? usual_masks_[below(usual_masks_.size())] : new_mask(); }
    Match match() { return {key(), mask()}; }

private:
    FlowMask new_mask() {
        FlowMask mask;
        for (const FlowField& field : fields_) {
            if (chance(50)) continue;
            if (field.word == field::ip_src.word)
                mask.fold(field, prefix(length(32), 32));
            else if (field.word == field::tp_src.word && ports_masked_)
                mask.fold(field, prefix(length(field.bits), field.bits));
            else
                mask.fold(field);
            if (arbitrary_ && chance(20)) mask.words[field.word] &= engine_() | engine_();
        }
        if (ipv6_ && chance(60)) {
            const bool source = chance(50);
            const unsigned bits = length(128);
            mask.fold(source ? field::ipv6_src_high : field::ipv6_dst_high,
                      prefix(std::min(bits, 64U), 64));
            mask.fold(source ? field::ipv6_src_low : field::ipv6_dst_low,
                      prefix(bits - std::min(bits, 64U), 64));
        }
        return mask;
    }
    static std::uint64_t prefix(unsigned length, unsigned bits) {
        return length == 0 ? 0 : ~std::uint64_t{0} << (bits - length);
    }
    // 1 to `bits`, mostly one of few.
    unsigned length(unsigned bits) {
        if (chance(20)) return 1 + static_cast<unsigned>(below(bits));
        return std::max(1U, bits * (1 + static_cast<unsigned>(below(4))) / 4);
    }
    // One of the values that differ from the field's own in none, one or two bits.
    std::uint64_t value(const FlowField& field) {
        std::uint64_t value = base_ * (field.word + 1U);
        while (chance(40)) value ^= std::uint64_t{1} << below(chance(50) ? field.bits : 2);
        return value;
    }

    std::mt19937_64 engine_;
    std::vector<FlowField> fields_;
    std::vector<FlowMask> usual_masks_;
    bool ipv6_, ports_masked_, arbitrary_;
    std::uint64_t base_;
};

using Entries = std::vector<std::unique_ptr<ClassifierEntry>>;

ClassifierEntry* search(const Entries& entries, const FlowKey& key) {
    ClassifierEntry* best = nullptr;
    for (const auto& entry : entries) {
        if (!entry->match().matches(key)) continue;
        if (!best || entry->priority() > best->priority() ||
            (entry->priority() == best->priority() && entry->order() < best->order()))
            best = entry.get();
    }
    return best;
}

}  // namespace

TEST_CASE("a classifier decides as a search through all rules would, and its masks are sound",
          "[flows][classifier][property]") {
    for (const auto seed : seeds(200)) {
        INFO("rerun with seed " << seed);
        RandomMatches random{seed};
        Classifier classifier{HashKey{seed}};
        Entries entries;
        const std::uint64_t priorities = 1 + random.below(5);
        const unsigned growth = 40 + static_cast<unsigned>(random.below(50));
        for (int step = 0; step < 120; ++step) {
            const std::size_t at = random.below(std::max<std::size_t>(entries.size(), 1));
            if (entries.empty() || random.chance(growth)) {
                const Match match =
                    random.chance(20) && !entries.empty() ? entries[at]->match() : random.match();
                auto entry = std::make_unique<ClassifierEntry>(
                    match, static_cast<std::uint32_t>(random.below(priorities)));
                const auto same = std::ranges::find_if(entries, [&](const auto& other) {
                    return other->priority() == entry->priority() && other->match() == match;
                });
                REQUIRE(classifier.find(match, entry->priority()) ==
                        (same == entries.end() ? nullptr : same->get()));
                if (same == entries.end()) {
                    classifier.insert(*entry);
                    entries.push_back(std::move(entry));
                }
            } else {
                classifier.remove(*entries[at]);
                std::swap(entries[at], entries.back());
                entries.pop_back();
            }
            REQUIRE(classifier.size() == entries.size());

            for (int i = 0; i < 6; ++i) {
                FlowKey key = random.key();
                if (!entries.empty() && random.chance(70)) {  // one that some rule matches
                    const Match match = entries[random.below(entries.size())]->match();
                    key = twin(match.mask, match.key, key);
                }
                ClassifierEntry* const wanted = search(entries, key);
                FlowMask mask;
                REQUIRE(classifier.lookup(key, mask) == wanted);
                for (int j = 0; j < 6; ++j) {
                    FlowKey other = random.key();
                    if (!entries.empty() && j % 2 == 0)
                        other = entries[random.below(entries.size())]->match().key;
                    REQUIRE(search(entries, twin(mask, key, other)) == wanted);
                }
                // What was looked at before does not matter.
                FlowMask before = random.mask();
                REQUIRE(classifier.lookup(key, before) == wanted);
                REQUIRE(search(entries, twin(before, key, random.key())) == wanted);
            }
        }
        std::size_t visited = 0;
        classifier.for_each([&](ClassifierEntry&) { ++visited; });
        REQUIRE(visited == entries.size());
    }
}

TEST_CASE("entries that were removed leave no trace in masks", "[flows][classifier][property]") {
    for (const auto seed : seeds(100)) {
        INFO("rerun with seed " << seed);
        RandomMatches random{seed};
        Classifier classifier{HashKey{seed}};
        Entries entries;
        const auto insert = [&] {
            const Match match = random.match();
            const auto priority = static_cast<std::uint32_t>(random.below(4));
            if (classifier.find(match, priority)) return;
            entries.push_back(std::make_unique<ClassifierEntry>(match, priority));
            classifier.insert(*entries.back());
        };
        for (std::uint64_t i = random.below(40); i != 0; --i) insert();
        std::vector<std::pair<FlowKey, FlowMask>> masks(50);
        for (auto& [key, mask] : masks) {
            key = random.key();
            classifier.lookup(key, mask);
        }
        const std::size_t stay = entries.size(), subtables = classifier.subtables();
        for (int i = 0; i < 200; ++i) insert();
        while (entries.size() > stay) {
            std::swap(entries[stay + random.below(entries.size() - stay)], entries.back());
            classifier.remove(*entries.back());
            entries.pop_back();
        }
        REQUIRE(classifier.subtables() == subtables);
        for (const auto& [key, wanted] : masks) {
            FlowMask mask;
            classifier.lookup(key, mask);
            REQUIRE(mask == wanted);
        }
    }
}

}  // namespace switchd::test
