// What the classifier costs with 100,000 rules of many tenants. Run with:
// test-flows "the cost of classifying"
//
// A tenant has rules for services on its hosts (exact, from a network, under masked ports), routes
// of a few lengths, rules for its machines' addresses, and one that denies the rest. Every rule is
// under the tenant's number in the metadata, or on its port.
#include <fmt/core.h>
#include <malloc.h>

#include <deque>
#include <random>

#include "flows/classifier.h"
#include "tests/flows/match_maker.h"
#include "tests/support/catch.h"

namespace switchd::test {
namespace {

constexpr std::size_t batch = 1000;

struct BenchRule {
    Match match;
    std::uint32_t priority;
};

std::uint64_t host(std::uint64_t tenant, std::uint64_t number) {
    return 0x0a000000 + (tenant << 10 & 0xfffc00) + number;
}

std::vector<BenchRule> rules_of_tenants(std::size_t tenants) {
    std::mt19937_64 engine{1};
    std::vector<BenchRule> rules;
    for (std::uint64_t tenant = 0; tenant < tenants; ++tenant) {
        const auto rule = [&] {
            return MatchMaker{}.exact(field::metadata, tenant).exact(field::eth_type, 0x0800);
        };
        for (std::uint64_t i = 0; i < 40; ++i)  // a service on a host
            rules.push_back({rule()
                                 .exact(field::ip_dst, host(tenant, i % 20))
                                 .exact(field::ip_proto, i % 3 == 0 ? 17 : 6)
                                 .exact(field::tp_dst, 20 + i),
                             1000});
        for (std::uint64_t i = 0; i < 20; ++i)  // a service, for one network
            rules.push_back({rule()
                                 .prefix(field::ip_src, engine(), i % 2 == 0 ? 24 : 16)
                                 .exact(field::ip_dst, host(tenant, i))
                                 .exact(field::ip_proto, 6)
                                 .exact(field::tp_dst, 8000 + i),
                             1000});
        for (std::uint64_t i = 0; i < 10; ++i)  // a range of services
            rules.push_back({rule()
                                 .prefix(field::ip_dst, host(tenant, 0), 22)
                                 .exact(field::ip_proto, 6)
                                 .masked(field::tp_dst, 0x8000, 0xffff << i),
                             900 + static_cast<std::uint32_t>(i)});
        for (unsigned i = 0; i < 15; ++i)  // routes
            rules.push_back({rule().prefix(field::ip_dst, engine(), 14 + i), 100 + 14 + i});
        for (std::uint64_t i = 0; i < 14; ++i)  // machines
            rules.push_back({MatchMaker{}
                                 .exact(field::metadata, tenant)
                                 .exact(field::eth_dst, 0x020000000000 + tenant * 256 + i),
                             50});
        rules.push_back({rule(), 1});
    }
    return rules;
}

// Of packets that some rule of its tenant is about, or nearly.
std::vector<FlowKey> keys_for(const std::vector<BenchRule>& rules) {
    std::mt19937_64 engine{2};
    std::vector<FlowKey> keys;
    for (std::size_t i = 0; i < 4096; ++i) {
        const Match& match = rules[engine() % rules.size()].match;
        FlowKey key;
        key.set(field::eth_type, 0x0800);
        key.set(field::eth_dst, 0x020000000000 + engine() % 0x40000);
        key.set(field::ip_src, engine());
        key.set(field::ip_dst, engine());
        key.set(field::ip_proto, 6);
        key.set(field::tp_src, engine());
        key.set(field::tp_dst, engine() % 100);
        key = twin(match.mask, match.key, key);
        if (i % 4 == 0) key.words[4] ^= engine() & engine() & engine();
        keys.push_back(key);
    }
    return keys;
}

struct FilledClassifier {
    explicit FilledClassifier(const std::vector<BenchRule>& rules) {
        for (const BenchRule& rule : rules)
            classifier.insert(entries.emplace_back(rule.match, rule.priority));
    }
    std::deque<ClassifierEntry> entries;
    Classifier classifier;
};

}  // namespace

TEST_CASE("the cost of classifying", "[!benchmark]") {
    const auto rules = rules_of_tenants(1000);
    const auto keys = keys_for(rules);

    const auto used_before = mallinfo2();
    FilledClassifier filled{rules};
    const auto used = mallinfo2();
    fmt::print(
        "{} rules in {} tables by mask, {} bytes each\n", rules.size(),
        filled.classifier.subtables(),
        (used.uordblks + used.hblkhd - used_before.uordblks - used_before.hblkhd) / rules.size());
    FlowMask all;
    std::size_t found = 0;
    for (const FlowKey& key : keys) found += filled.classifier.lookup(key, all) != nullptr;
    fmt::print("{} of {} keys found\n", found, keys.size());

    BENCHMARK("insert all rules") {
        return FilledClassifier{rules}.classifier.size();
    };
    BENCHMARK_ADVANCED("look 1000 keys up")(Catch::Benchmark::Chronometer meter) {
        std::size_t at = 0;
        meter.measure([&] {
            FlowMask mask;
            for (std::size_t i = 0; i < batch; ++i) {
                mask = {};
                filled.classifier.lookup(keys[at++ % keys.size()], mask);
            }
            return mask;
        });
    };
    BENCHMARK("remove and insert 1000 rules") {
        for (std::size_t i = 0; i < batch; ++i) {
            ClassifierEntry& entry = filled.entries[i * 97 % filled.entries.size()];
            filled.classifier.remove(entry);
            filled.classifier.insert(entry);
        }
    };
}

}  // namespace switchd::test
