#include "flows/flow_mask.h"

#include <random>

#include "tests/flows/frames.h"
#include "tests/flows/seeds.h"
#include "tests/support/catch.h"

namespace switchd::test {
namespace {

FlowMask random_mask(std::mt19937_64& random) {
    FlowMask mask;
    for (auto& word : mask.words) word = random() & random() & random();
    return mask;
}

}  // namespace

TEST_CASE("twins agree under the mask and keep the rest of their own", "[flows][property]") {
    for (const auto seed : seeds(100)) {
        INFO("rerun with seed " << seed);
        std::mt19937_64 random{seed};
        const FlowMask mask = random_mask(random);
        FlowKey a, b;
        for (auto& word : a.words) word = random();
        for (auto& word : b.words) word = random();
        const FlowKey other = twin(mask, a, b);
        CHECK(agree_under(mask, a, other));
        CHECK(mask.apply(a) == mask.apply(other));
        CHECK_FALSE(agree_under(mask, a, b));
        FlowMask rest;
        for (std::size_t i = 0; i < flow_words; ++i) rest.words[i] = ~mask.words[i];
        CHECK(agree_under(rest, b, other));
    }
}

TEST_CASE("a coarse mask covers the fine one and only has whole units", "[flows][property]") {
    for (const auto seed : seeds(100)) {
        INFO("rerun with seed " << seed);
        std::mt19937_64 random{seed};
        FlowMask fine;
        for (const FlowField& field : field::all)
            if (random() % 3 == 0) fine.fold(field, random());
        const FlowMask coarse = coarsened(fine);
        CHECK(coarse.covers(fine));
        CHECK(coarsened(coarse) == coarse);
    }
    FlowMask prefix;
    prefix.fold(field::ip_src, 0xfffff000);
    prefix.fold(field::tp_dst, 0x8000);
    prefix.fold(field::ipv6_dst_low, 0x0000000100000000);
    const FlowMask coarse = coarsened(prefix);
    CHECK(coarse.get(field::ip_src) == 0xffffff00);
    CHECK(coarse.get(field::tp_dst) == 0xffff);
    CHECK(coarse.get(field::ipv6_dst_low) == 0xffffffff00000000);
    CHECK(coarse.get(field::ip_dst) == 0);
}

TEST_CASE("a mask covers itself and less", "[flows]") {
    const FlowMask some = FlowMask::of({field::in_port, field::eth_dst});
    FlowMask more = some;
    more.fold(field::tp_dst, 1);
    CHECK(some.covers(some));
    CHECK(more.covers(some));
    CHECK_FALSE(some.covers(more));
    CHECK_FALSE(some.beyond_layer_2());
    CHECK(more.beyond_layer_2());
}

TEST_CASE("a mask is written as the rule that looks at the same", "[flows]") {
    const FlowKey key = extract(ethernet(alice, bob, arp(2)), 3);
    CHECK(to_text(key, FlowMask{}) == "any");
    CHECK(to_text(key, FlowMask::of({field::in_port, field::eth_type})) == "arp,in_port=3");
}

}  // namespace switchd::test
