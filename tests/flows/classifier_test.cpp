#include "flows/classifier.h"

#include <algorithm>
#include <array>
#include <deque>
#include <set>
#include <vector>

#include "tests/flows/match_maker.h"
#include "tests/support/catch.h"

namespace switchd::test {
namespace {

Match match_in_port(PortNumber port) {
    FlowKey key;
    key.set(field::in_port, port);
    return {key, FlowMask::of({field::in_port})};
}

// A classifier with its rules.
class Rules {
public:
    ClassifierEntry* add(const Match& match, std::uint32_t priority) {
        classifier_.insert(entries_.emplace_back(match, priority));
        return &entries_.back();
    }
    void remove(ClassifierEntry* entry) { classifier_.remove(*entry); }
    // What a packet's decision looked at.
    FlowMask looked_at(const FlowKey& key, const ClassifierEntry* wanted) const {
        FlowMask mask;
        CHECK(classifier_.lookup(key, mask) == wanted);
        return mask;
    }
    FlowMask looked_at(const FlowKey& key) const {
        FlowMask mask;
        classifier_.lookup(key, mask);
        return mask;
    }

private:
    std::deque<ClassifierEntry> entries_;
    Classifier classifier_;
};

using Maker = MatchMaker;

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

TEST_CASE("the entry of the highest priority decides, the older of equals", "[flows][classifier]") {
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

TEST_CASE("a miss adds only the bits up to the stage that shows it", "[flows][classifier]") {
    Rules rules;
    const Match match = Maker{}
                            .exact(field::in_port, 1)
                            .exact(field::reg(1), 7)
                            .exact(field::eth_src, 0x020000000001)
                            .tcp()
                            .exact(field::tp_dst, 80);
    const auto* rule = rules.add(match, 10);
    const auto* rest = rules.add(Match{}, 1);
    CHECK(rules.looked_at(match.key, rule) == match.mask);

    FlowKey key = match.key;
    key.set(field::tp_dst, 81);
    CHECK(rules.looked_at(key, rest) == match.mask);
    FlowMask wanted = match.mask;
    wanted.words[field::tp_dst.word] = 0;
    key.set(field::ip_proto, 17);
    CHECK(rules.looked_at(key, rest) == wanted);
    wanted.words[field::ip_proto.word] = 0;
    key.set(field::eth_src, 0x020000000002);
    CHECK(rules.looked_at(key, rest) == wanted);
    wanted = FlowMask::of({field::in_port, field::reg(1)});
    key.set(field::reg(1), 8);
    CHECK(rules.looked_at(key, rest) == wanted);
}

TEST_CASE("an address adds the first few bits that show that no rule can match",
          "[flows][classifier]") {
    Rules rules;
    const auto* web = rules.add(
        Maker{}.tcp().prefix(field::ip_dst, ipv4_address(10, 0, 0, 0), 24).exact(field::tp_dst, 80),
        10);
    const auto* rest = rules.add(Match{}, 1);

    const Maker inside = Maker{}.prefix(field::ip_dst, ipv4_address(10, 0, 0, 2), 24);
    CHECK(rules.looked_at(Maker{inside}.tcp().exact(field::tp_dst, 80), web) ==
          FlowMask(Maker{inside}.tcp().exact(field::tp_dst, 0)));
    // Neither a port nor more of the address than needed.
    CHECK(rules.looked_at(Maker{inside}.udp().exact(field::tp_dst, 80), rest) ==
          FlowMask(Maker{inside}.udp()));
    CHECK(rules.looked_at(Maker{}.tcp().exact(field::ip_dst, ipv4_address(11, 0, 0, 2)), rest) ==
          FlowMask(Maker{}.exact(field::eth_type, 0).prefix(field::ip_dst, 0, 8)));
    CHECK(rules.looked_at(Maker{}.exact(field::eth_type, 0x0806), rest) ==
          FlowMask::of({field::eth_type}));
    // 80 is 0000'0000'0101'0000, 443 is 0000'0001'...
    CHECK(rules.looked_at(Maker{inside}.tcp().exact(field::tp_dst, 443), rest) ==
          FlowMask(Maker{inside}.tcp().prefix(field::tp_dst, 0, 8)));
    CHECK(rules.looked_at(Maker{inside}.tcp().exact(field::tp_dst, 81), rest) ==
          FlowMask(Maker{inside}.tcp().exact(field::tp_dst, 0)));
}

TEST_CASE("longer prefixes that cannot match are not asked", "[flows][classifier]") {
    Rules rules;
    std::array<const ClassifierEntry*, 4> routes{};
    const Maker ip = Maker{}.exact(field::eth_type, 0x0800);
    for (const unsigned bytes : {0U, 1U, 2U, 3U})
        routes[bytes] = rules.add(
            Maker{ip}.prefix(field::ip_dst, ipv4_address(10, 1, 2, 0), 8 * bytes), 8 * bytes);
    const auto to = [&](std::uint64_t address) { return Maker{ip}.exact(field::ip_dst, address); };
    const auto under = [&](unsigned length) {
        return FlowMask(Maker{ip}.prefix(field::ip_dst, 0, length));
    };
    CHECK(rules.looked_at(to(ipv4_address(10, 1, 2, 9)), routes[3]) == under(24));
    CHECK(rules.looked_at(to(ipv4_address(10, 1, 128, 9)), routes[2]) == under(17));
    CHECK(rules.looked_at(to(ipv4_address(10, 1, 3, 9)), routes[2]) == under(24));
    CHECK(rules.looked_at(to(ipv4_address(10, 2, 2, 9)), routes[1]) == under(15));
    CHECK(rules.looked_at(to(ipv4_address(10, 128, 2, 9)), routes[1]) == under(9));
    CHECK(rules.looked_at(to(ipv4_address(192, 1, 2, 9)), routes[0]) == under(1));
}

TEST_CASE("a trie is not believed where it reads more bits than the rules do",
          "[flows][classifier]") {
    Rules rules;
    const auto from = [](std::uint64_t address, unsigned length) {
        return Maker{}.prefix(field::ip_src, address, length);
    };
    rules.add(from(ipv4_address(20, 1, 0, 0), 16), 30);
    const auto* rest = rules.add(Match{}, 20);
    auto* host = rules.add(from(ipv4_address(10, 1, 2, 3), 32), 10);
    const FlowKey key = from(ipv4_address(10, 1, 2, 4), 32);
    CHECK(rules.looked_at(key, rest) == FlowMask(from(0, 16)));
    rules.remove(host);
    CHECK(rules.looked_at(key, rest) == FlowMask(from(0, 4)));
}

TEST_CASE("bits of an address that is not a prefix are looked at only behind its first ones",
          "[flows][classifier]") {
    Rules rules;
    rules.add(Maker{}.masked(field::ip_dst, ipv4_address(10, 0, 0, 1), 0xff0000ff), 30);
    const auto* rest = rules.add(Match{}, 20);
    CHECK(rules.looked_at(Maker{}.exact(field::ip_dst, ipv4_address(11, 0, 0, 1)), rest) ==
          FlowMask(Maker{}.prefix(field::ip_dst, 0, 8)));
    CHECK(rules.looked_at(Maker{}.exact(field::ip_dst, ipv4_address(10, 0, 0, 2)), rest) ==
          FlowMask(Maker{}.masked(field::ip_dst, 0, 0xff0000ff)));
}

TEST_CASE("of two addresses the one that adds fewer bits shows that no rule can match",
          "[flows][classifier]") {
    Rules rules;
    rules.add(Maker{}
                  .prefix(field::ip_src, ipv4_address(10, 1, 0, 0), 16)
                  .prefix(field::ip_dst, ipv4_address(10, 2, 0, 0), 16),
              10);
    const auto* rest = rules.add(Match{}, 1);
    const auto between = [](std::uint64_t source, std::uint64_t destination) {
        return Maker{}.exact(field::ip_src, source).exact(field::ip_dst, destination);
    };
    CHECK(rules.looked_at(between(ipv4_address(192, 1, 0, 0), ipv4_address(11, 2, 0, 0)), rest) ==
          FlowMask(Maker{}.prefix(field::ip_src, 0, 1)));
    CHECK(rules.looked_at(between(ipv4_address(11, 1, 0, 0), ipv4_address(10, 2, 0, 0)), rest) ==
          FlowMask(Maker{}.prefix(field::ip_src, 0, 8)));
    CHECK(rules.looked_at(between(ipv4_address(10, 1, 0, 0), ipv4_address(10, 3, 0, 0)), rest) ==
          FlowMask(Maker{}.prefix(field::ip_dst, 0, 16)));
}

TEST_CASE("prefixes of IPv6 addresses are told by their first bits, too", "[flows][classifier]") {
    Rules rules;
    const Maker ipv6 = Maker{}.exact(field::eth_type, 0x86dd);
    const std::uint64_t site = 0x20010db800000000;
    const auto* network = rules.add(Maker{ipv6}.exact(field::ipv6_dst_high, site), 10);
    const auto* host =
        rules.add(Maker{ipv6}.exact(field::ipv6_dst_high, site).exact(field::ipv6_dst_low, 1), 20);
    const auto* rest = rules.add(Match{}, 1);
    const auto to = [&](std::uint64_t high, std::uint64_t low) {
        return Maker{ipv6}.exact(field::ipv6_dst_high, high).exact(field::ipv6_dst_low, low);
    };
    CHECK(rules.looked_at(to(site, 1), host) == FlowMask(to(0, 0)));
    CHECK(rules.looked_at(to(site, std::uint64_t{1} << 63), network) ==
          FlowMask(Maker{ipv6}.exact(field::ipv6_dst_high, 0).prefix(field::ipv6_dst_low, 0, 1)));
    CHECK(rules.looked_at(to(site + 1, 1), rest) ==
          FlowMask(Maker{ipv6}.exact(field::ipv6_dst_high, 0)));
    CHECK(rules.looked_at(to(0x20010db900000000, 1), rest) ==
          FlowMask(Maker{ipv6}.prefix(field::ipv6_dst_high, 0, 32)));
}

TEST_CASE("crafted packets make as many masks as the rules allow and no more",
          "[flows][classifier]") {
    // Each value differs from the rule's in one bit or none.
    const auto near = [](const FlowField& field, std::uint64_t value) {
        std::vector<std::uint64_t> values{value};
        for (unsigned bit = 0; bit < field.bits; ++bit)
            values.push_back(value ^ std::uint64_t{1} << bit);
        return values;
    };
    const std::uint64_t address = ipv4_address(192, 0, 2, 1);
    std::set<std::array<std::uint64_t, flow_words>> masks;
    Rules rules;
    rules.add(Match{}, 1);
    const auto send_all = [&] {
        for (const auto source : near(field::ip_src, address)) {
            const Maker from = Maker{}.exact(field::ip_src, source);
            masks.insert(rules.looked_at(Maker{from}.udp()).words);
            for (const auto source_port : near(field::tp_src, 12345))
                for (const auto port : near(field::tp_dst, 80))
                    masks.insert(rules
                                     .looked_at(Maker{from}
                                                    .tcp()
                                                    .exact(field::tp_src, source_port)
                                                    .exact(field::tp_dst, port))
                                     .words);
        }
    };

    SECTION("a port") {
        rules.add(Maker{}.tcp().exact(field::tp_dst, 80), 30);
        send_all();
        CHECK(masks.size() == 16 + 1);
    }
    SECTION("an address, a port") {
        rules.add(Maker{}.exact(field::eth_type, 0x0800).exact(field::ip_src, address), 40);
        rules.add(Maker{}.tcp().exact(field::tp_dst, 80), 30);
        send_all();
        CHECK(masks.size() == 32 * 16 + 33);
    }
    SECTION("an address, two ports") {
        rules.add(Maker{}.exact(field::eth_type, 0x0800).exact(field::ip_src, address), 40);
        rules.add(Maker{}.tcp().exact(field::tp_dst, 80), 30);
        rules.add(Maker{}.tcp().exact(field::tp_src, 12345), 20);
        send_all();
        CHECK(masks.size() == 32 * 16 * 16 + 32 + 33);
    }
    SECTION("routes") {
        for (const unsigned length : {8U, 16U})
            rules.add(Maker{}
                          .exact(field::eth_type, 0x0800)
                          .prefix(field::ip_dst, ipv4_address(10, 1, 0, 0), length),
                      length);
        send_all();
        CHECK(masks.size() == 1);
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
