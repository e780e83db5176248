#include "flows/classifier.h"

#include <algorithm>
#include <deque>
#include <vector>

#include "tests/support/catch.h"

namespace switchd::test {
namespace {

Match match_in_port(PortNumber port) {
    FlowKey key;
    key.set(field::in_port, port);
    return {key, FlowMask::of({field::in_port})};
}

}  // namespace

TEST_CASE("an entry gives back its match", "[flows][classifier]") {
    FlowKey key;
    FlowMask mask;
    for (std::size_t word = 0; word < flow_words; ++word) {
        key.words[word] = 0x0123456789abcdef * (word + 1);
        mask.words[word] = word % 3 == 0 ? 0 : ~std::uint64_t{0} << word;
    }
    const Match match{key, mask};
    CHECK(ClassifierEntry{match, 1}.match() == match);
    CHECK(ClassifierEntry{match, 0xffffffff}.priority() == 0xffffffff);
    CHECK(ClassifierEntry{Match{}, 1}.match() == Match{});
}

TEST_CASE("the highest priority decides, the older of equals", "[flows][classifier]") {
    Classifier classifier;
    FlowKey key;
    key.set(field::in_port, 1);
    FlowMask mask;
    CHECK_FALSE(classifier.lookup(key, mask));
    CHECK(mask == FlowMask{});

    ClassifierEntry all{Match{}, 10}, port{match_in_port(1), 10}, best{match_in_port(1), 20};
    classifier.insert(all);
    classifier.insert(port);
    CHECK(all.order() < port.order());
    CHECK(classifier.lookup(key, mask) == &all);
    classifier.insert(best);
    CHECK(classifier.lookup(key, mask) == &best);
    CHECK(classifier.size() == 3);
    CHECK(classifier.subtables() == 2);
    classifier.remove(best);
    CHECK(classifier.lookup(key, mask) == &all);
    classifier.remove(all);
    CHECK(classifier.lookup(key, mask) == &port);
    classifier.insert(all);
    CHECK(classifier.lookup(key, mask) == &port);
}

TEST_CASE("what replaces an entry has its age", "[flows][classifier]") {
    Classifier classifier;
    ClassifierEntry all{Match{}, 10}, port{match_in_port(1), 10}, instead{Match{}, 10};
    classifier.insert(all);
    classifier.insert(port);
    classifier.replace(all, instead);
    CHECK(classifier.size() == 2);
    FlowMask mask;
    CHECK(classifier.lookup(match_in_port(1).key, mask) == &instead);
    CHECK(instead.order() == all.order());
}

TEST_CASE("entries are found by exactly their match and priority", "[flows][classifier]") {
    Classifier classifier;
    std::deque<ClassifierEntry> entries;
    for (const std::uint32_t priority : {7U, 5U, 9U, 70'000U})
        classifier.insert(entries.emplace_back(match_in_port(1), priority));
    for (ClassifierEntry& entry : entries)
        CHECK(classifier.find(match_in_port(1), entry.priority()) == &entry);
    CHECK_FALSE(classifier.find(match_in_port(1), 8));
    CHECK_FALSE(classifier.find(match_in_port(2), 7));
    CHECK_FALSE(classifier.find(Match{}, 7));
    classifier.remove(entries[1]);
    CHECK_FALSE(classifier.find(match_in_port(1), 5));
    CHECK(classifier.find(match_in_port(1), 9) == &entries[2]);
}

TEST_CASE("every entry is visited once, whenever asked in the same order", "[flows][classifier]") {
    Classifier classifier;
    std::deque<ClassifierEntry> entries;
    for (PortNumber port = 0; port < 20; ++port)
        for (std::uint32_t priority = 0; priority < 3; ++priority)
            classifier.insert(entries.emplace_back(match_in_port(port), priority));
    std::vector<ClassifierEntry*> visited, again;
    classifier.for_each([&](ClassifierEntry& entry) { visited.push_back(&entry); });
    classifier.for_each([&](ClassifierEntry& entry) { again.push_back(&entry); });
    CHECK(visited == again);
    std::ranges::sort(visited, {}, [](const ClassifierEntry* entry) { return entry->order(); });
    REQUIRE(visited.size() == entries.size());
    for (std::size_t i = 0; i < entries.size(); ++i) CHECK(visited[i] == &entries[i]);
}

TEST_CASE("it is known whether some entry looks beyond layer 2", "[flows][classifier]") {
    Classifier classifier;
    ClassifierEntry port{match_in_port(1), 10};
    ClassifierEntry address{{FlowKey{}, FlowMask::of({field::ip_dst})}, 10};
    classifier.insert(port);
    CHECK_FALSE(classifier.beyond_layer_2());
    classifier.insert(address);
    CHECK(classifier.beyond_layer_2());
    classifier.remove(address);
    CHECK_FALSE(classifier.beyond_layer_2());
}

TEST_CASE("entries that cannot decide any more are not looked at", "[flows][classifier]") {
    Classifier classifier;
    ClassifierEntry port{match_in_port(1), 20};
    ClassifierEntry fine{{FlowKey{}, FlowMask::of({field::tp_dst})}, 10};
    classifier.insert(port);
    classifier.insert(fine);
    FlowMask mask;
    CHECK(classifier.lookup(match_in_port(1).key, mask) == &port);
    CHECK(mask == FlowMask::of({field::in_port}));
    CHECK(classifier.lookup(match_in_port(2).key, mask) == &fine);
    CHECK(mask == FlowMask::of({field::in_port, field::tp_dst}));

    SECTION("nor younger ones of the same priority") {
        ClassifierEntry younger{{FlowKey{}, FlowMask::of({field::eth_src})}, 20};
        classifier.insert(younger);
        mask = {};
        CHECK(classifier.lookup(match_in_port(1).key, mask) == &port);
        CHECK(mask == FlowMask::of({field::in_port}));
    }
}

TEST_CASE("a classifier can be moved", "[flows][classifier]") {
    Classifier classifier;
    ClassifierEntry port{match_in_port(1), 20};
    classifier.insert(port);
    Classifier moved = std::move(classifier);
    FlowMask mask;
    CHECK(moved.lookup(match_in_port(1).key, mask) == &port);
}

}  // namespace switchd::test
