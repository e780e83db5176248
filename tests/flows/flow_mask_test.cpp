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

std::string text(const Bytes& content, std::initializer_list<FlowField> fields) {
    return to_text(extract(ethernet(alice, bob, content), 3), FlowMask::of(fields));
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

TEST_CASE("matches are written as ovs-ofctl writes them", "[flows]") {
    using namespace field;
    const Bytes tcp_packet = ipv4(6, tcp(1000, 80, 2));
    CHECK(text(tcp_packet, {}) == "any");
    CHECK(text(tcp_packet, {in_port, eth_src, eth_dst}) ==
          "in_port=3,eth_src=02:00:00:00:00:01,eth_dst=02:00:00:00:00:02");
    CHECK(text(tcp_packet, {eth_type, ip_src, ip_proto, tp_dst}) ==
          "eth_type=0x800,nw_src=10.0.0.1,nw_proto=6,tcp_dst=80");
    CHECK(text(arp(2), {eth_type, ip_src, ip_proto, arp_sha}) ==
          "eth_type=0x806,arp_spa=10.0.0.1,arp_op=2,arp_sha=02:00:00:00:00:01");
    CHECK(text(ipv6(6, tcp(1, 2, 3)), {eth_type, ipv6_src_high, ipv6_src_low}) ==
          "eth_type=0x86dd,ipv6_src=2001:db8::1");

    FlowMask prefix;
    prefix.fold(ip_src, 0xffffff00);
    CHECK(to_text(extract(ethernet(alice, bob, tcp_packet), 1), prefix) == "nw_src=10.0.0.0/24");
}

TEST_CASE("VLAN matches tell untagged from tagged", "[flows]") {
    using namespace field;
    const Bytes tagged = vlan_tag(0x6005) + ipv4(17, udp(1, 2));
    CHECK(text(tagged, {vlan_tpid, vlan_vid}) == "vlan_vid=5");
    CHECK(text(tagged, {vlan_tpid, vlan_tci}) == "vlan_vid=5,vlan_pcp=3");
    CHECK(text(ipv4(17, udp(1, 2)), {vlan_tpid, vlan_vid}) == "vlan_tci=0x0000/0x1fff");
    CHECK(text(vlan_tag(5, 0x88a8) + tagged, {vlan_tpid, vlan_vid}) ==
          "vlan_vid=5,vlan_tpid=0x88a8");
}

}  // namespace switchd::test
