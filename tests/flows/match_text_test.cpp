#include "flows/match_text.h"

#include <random>

#include "tests/flows/frames.h"
#include "tests/flows/random_rules.h"
#include "tests/flows/seeds.h"
#include "tests/support/catch.h"

namespace switchd::test {
namespace {

std::string text(const Bytes& content, std::initializer_list<FlowField> fields) {
    return match_text(extract(ethernet(alice, bob, content), 3), FlowMask::of(fields));
}

}  // namespace

TEST_CASE("a match that was printed reads back as the same", "[flows][property]") {
    for (const auto seed : seeds(300)) {
        INFO("rerun with seed " << seed);
        std::mt19937_64 random{seed};
        const Match match = random_match(random);
        const std::string printed = match_text(match);
        INFO(printed);
        const auto again = parse_match(printed);
        if (!again) FAIL(explained(printed, again.error()));
        CHECK(*again == match);
    }
}

TEST_CASE("a printed mask leaves out no bit that a packet can have", "[flows][property]") {
    for (const auto seed : seeds(100)) {
        INFO("rerun with seed " << seed);
        std::mt19937_64 random{seed};
        // One bit of one field more is another text.
        FlowMask mask;
        for (const FlowField& field : field::all)
            if (random() % 3 == 0) mask.fold(field, random());
        const FlowKey key = extract(ethernet(alice, bob, ipv4(6, tcp(1, 2, 2))), 3);
        const FlowField& field = field::all[random() % field::all.size()];
        FlowMask more = mask;
        const std::uint64_t bit = random() % field.bits;
        more.fold(field, std::uint64_t{1} << bit);
        if (more == mask) continue;
        // "no" fragment is said of one bit of the two as of both: later ones have both.
        if (field.name == field::ip_frag.name) continue;
        // The packet is TCP's; only ARP has operations of more than eight bits.
        if (field.name == field::ip_proto.name && bit >= 8) continue;
        CHECK(match_text(key, mask) != match_text(key, more));
    }
}

TEST_CASE("what a decision looked at is written like a match", "[flows]") {
    using namespace field;
    const Bytes tcp_packet = ipv4(6, tcp(1000, 80, 2));
    CHECK(text(tcp_packet, {}) == "");
    CHECK(text(tcp_packet, {in_port, eth_src, eth_dst}) ==
          "in_port=3,dl_src=02:00:00:00:00:01,dl_dst=02:00:00:00:00:02");
    CHECK(text(tcp_packet, {eth_type, ip_src, ip_proto, tp_dst}) ==
          "tcp,nw_src=10.0.0.1,tp_dst=80");
    CHECK(text(arp(2), {eth_type, ip_src, ip_proto, arp_sha}) ==
          "arp,arp_spa=10.0.0.1,arp_op=2,arp_sha=02:00:00:00:00:01");
    CHECK(text(ipv6(6, tcp(1, 2, 3)), {eth_type, ipv6_src_high, ipv6_src_low}) ==
          "ipv6,ipv6_src=2001:db8::1");
    CHECK(text(ipv4(1, bytes({8, 0})), {eth_type, ip_proto, tp_src}) == "icmp,icmp_type=8");
    // Of packets that the mask does not name.
    CHECK(text(tcp_packet, {ip_proto, tp_dst, ip_src}) == "nw_src=10.0.0.1,nw_proto=6,tp_dst=80");
    FlowMask prefix;
    prefix.fold(ip_src, 0xffffff00);
    CHECK(match_text(extract(ethernet(alice, bob, tcp_packet), 1), prefix) == "nw_src=10.0.0.0/24");
}

TEST_CASE("a printed VLAN tells untagged from tagged", "[flows]") {
    using namespace field;
    const Bytes tagged = vlan_tag(0x6005) + ipv4(17, udp(1, 2));
    CHECK(text(tagged, {vlan_tpid, vlan_vid}) == "dl_vlan=5");
    CHECK(text(tagged, {vlan_tpid, vlan_tci}) == "dl_vlan=5,dl_vlan_pcp=3");
    CHECK(text(ipv4(17, udp(1, 2)), {vlan_tpid, vlan_vid}) == "vlan_tci=0x0000/0x1fff");
    CHECK(text(ipv4(17, udp(1, 2)), {vlan_tci}) == "vlan_tci=0x0000");
    CHECK(text(tagged, {vlan_tpid}) == "vlan_tpid=0x8100");
    CHECK(text(vlan_tag(5, 0x88a8) + tagged, {vlan_tpid, vlan_vid}) ==
          "dl_vlan=5,vlan_tpid=0x88a8");
}

TEST_CASE("a megaflow is written as ofproto/trace writes it", "[flows]") {
    const FlowKey key = extract(ethernet(alice, bob, ipv4(6, tcp(1, 2, 2))), 1);
    FlowMask mask =
        FlowMask::of({field::in_port, field::eth_type, field::ip_proto, field::ip_frag});
    mask.fold(field::ip_dst, 0xff000000);
    CHECK(megaflow_text(key, mask) == "recirc_id=0,eth,tcp,in_port=1,nw_dst=10.0.0.0/8,nw_frag=no");
    CHECK(megaflow_text(key, FlowMask{}) == "recirc_id=0,eth");
}

TEST_CASE("a packet is written without a header that it does not have", "[flows]") {
    const FlowKey first = parse_match("tcp,nw_frag=first,tp_dst=80")->key;
    CHECK_THAT(packet_text(first), Catch::EndsWith("nw_frag=first,tp_src=0,tp_dst=80,tcp_flags=0"));
    const FlowKey later = parse_match("tcp,nw_frag=later")->key;
    CHECK_THAT(packet_text(later), Catch::EndsWith("nw_frag=later"));
}

TEST_CASE("the parts of a match may stand in any order", "[flows]") {
    const auto sorted = parse_match("tcp,dl_vlan=5,dl_vlan_pcp=3,nw_dst=10.0.0.0/8,tp_dst=80");
    const auto mixed = parse_match("tp_dst=80 dl_vlan_pcp=3, nw_dst=10.9.9.9/8,dl_vlan=5,tcp");
    REQUIRE(sorted);
    REQUIRE(mixed);
    CHECK(*sorted == *mixed);
    const auto solicit = parse_match(
        "nd_sll=02:00:00:00:00:01,icmp_code=0,icmp_type=135,nw_proto=58,dl_type=0x86dd");
    REQUIRE(solicit);
    CHECK(match_text(*solicit) == "icmp6,icmp_type=135,icmp_code=0,nd_sll=02:00:00:00:00:01");
}

TEST_CASE("a contradiction and a field without its packets are told", "[flows]") {
    const auto position = [](std::string_view line) -> std::size_t {
        const auto match = parse_match(line);
        return match ? line.size() : match.error().position;
    };
    CHECK(position("in_port=1,in_port=1") == 19);
    CHECK(position("in_port=1,in_port=2") == 10);
    CHECK(position("reg0=0x1/0xf,reg0=0x10/0xf0") == 27);
    CHECK(position("reg0=0x1/0xf,xreg0=0x200000000") == 13);
    CHECK(position("tcp,udp") == 4);
    CHECK(position("in_port=1,tcp_dst=1") == 10);
    CHECK(parse_match("ip,tp_dst=80").error().expected.find("tcp or tcp6") != std::string::npos);
    CHECK(packets_of(Prerequisite::tcp) == "tcp or tcp6");
}

}  // namespace switchd::test
