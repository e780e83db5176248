#include "flows/match_field.h"

#include <random>

#include "tests/flows/frames.h"
#include "tests/flows/seeds.h"
#include "tests/support/catch.h"

namespace switchd::test {
namespace {

// What ovs-fields(7) of Open vSwitch 3.1 says about the fields, registers aside. "m": maskable,
// "w": writable.
struct Recorded {
    std::string_view name;
    std::string_view oxm_name;
    std::uint32_t oxm;
    std::string_view nxm_name;
    std::uint32_t nxm;
    unsigned bytes;
    unsigned bits;
    std::string_view abilities;
};
constexpr Recorded recorded[] = {
    {"tun_id", "OXM_OF_TUNNEL_ID", 0x80004c08, "NXM_NX_TUN_ID", 0x00012008, 8, 64, "mw"},
    {"in_port", "OXM_OF_IN_PORT", 0x80000004, "NXM_OF_IN_PORT", 0x00000002, 4, 32, "-w"},
    {"metadata", "OXM_OF_METADATA", 0x80000408, "", 0x00000000, 8, 64, "mw"},
    {"eth_src", "OXM_OF_ETH_SRC", 0x80000806, "NXM_OF_ETH_SRC", 0x00000406, 6, 48, "mw"},
    {"eth_dst", "OXM_OF_ETH_DST", 0x80000606, "NXM_OF_ETH_DST", 0x00000206, 6, 48, "mw"},
    {"eth_type", "OXM_OF_ETH_TYPE", 0x80000a02, "NXM_OF_ETH_TYPE", 0x00000602, 2, 16, "--"},
    {"vlan_vid", "OXM_OF_VLAN_VID", 0x80000c02, "", 0x00000000, 2, 13, "mw"},
    {"vlan_pcp", "OXM_OF_VLAN_PCP", 0x80000e01, "", 0x00000000, 1, 3, "-w"},
    {"vlan_tci", "", 0x00000000, "NXM_OF_VLAN_TCI", 0x00000802, 2, 16, "mw"},
    {"ip_src", "OXM_OF_IPV4_SRC", 0x80001604, "NXM_OF_IP_SRC", 0x00000e04, 4, 32, "mw"},
    {"ip_dst", "OXM_OF_IPV4_DST", 0x80001804, "NXM_OF_IP_DST", 0x00001004, 4, 32, "mw"},
    {"ipv6_src", "OXM_OF_IPV6_SRC", 0x80003410, "NXM_NX_IPV6_SRC", 0x00012610, 16, 128, "mw"},
    {"ipv6_dst", "OXM_OF_IPV6_DST", 0x80003610, "NXM_NX_IPV6_DST", 0x00012810, 16, 128, "mw"},
    {"ipv6_label", "OXM_OF_IPV6_FLABEL", 0x80003804, "NXM_NX_IPV6_LABEL", 0x00013604, 4, 20, "mw"},
    {"nw_proto", "OXM_OF_IP_PROTO", 0x80001401, "NXM_OF_IP_PROTO", 0x00000c01, 1, 8, "--"},
    {"nw_ttl", "", 0x00000000, "NXM_NX_IP_TTL", 0x00013a01, 1, 8, "-w"},
    {"ip_frag", "", 0x00000000, "NXM_NX_IP_FRAG", 0x00013401, 1, 2, "m-"},
    {"ip_dscp", "OXM_OF_IP_DSCP", 0x80001001, "NXM_OF_IP_TOS", 0x00000a01, 1, 6, "-w"},
    {"nw_ecn", "OXM_OF_IP_ECN", 0x80001201, "NXM_NX_IP_ECN", 0x00013801, 1, 2, "-w"},
    {"arp_op", "OXM_OF_ARP_OP", 0x80002a02, "NXM_OF_ARP_OP", 0x00001e02, 2, 16, "-w"},
    {"arp_spa", "OXM_OF_ARP_SPA", 0x80002c04, "NXM_OF_ARP_SPA", 0x00002004, 4, 32, "mw"},
    {"arp_tpa", "OXM_OF_ARP_TPA", 0x80002e04, "NXM_OF_ARP_TPA", 0x00002204, 4, 32, "mw"},
    {"arp_sha", "OXM_OF_ARP_SHA", 0x80003006, "NXM_NX_ARP_SHA", 0x00012206, 6, 48, "mw"},
    {"arp_tha", "OXM_OF_ARP_THA", 0x80003206, "NXM_NX_ARP_THA", 0x00012406, 6, 48, "mw"},
    {"tcp_src", "OXM_OF_TCP_SRC", 0x80001a02, "NXM_OF_TCP_SRC", 0x00001202, 2, 16, "mw"},
    {"tcp_dst", "OXM_OF_TCP_DST", 0x80001c02, "NXM_OF_TCP_DST", 0x00001402, 2, 16, "mw"},
    {"tcp_flags", "OXM_OF_TCP_FLAGS", 0x80005402, "NXM_NX_TCP_FLAGS", 0x00014402, 2, 12, "m-"},
    {"udp_src", "OXM_OF_UDP_SRC", 0x80001e02, "NXM_OF_UDP_SRC", 0x00001602, 2, 16, "mw"},
    {"udp_dst", "OXM_OF_UDP_DST", 0x80002002, "NXM_OF_UDP_DST", 0x00001802, 2, 16, "mw"},
    {"sctp_src", "OXM_OF_SCTP_SRC", 0x80002202, "", 0x00000000, 2, 16, "mw"},
    {"sctp_dst", "OXM_OF_SCTP_DST", 0x80002402, "", 0x00000000, 2, 16, "mw"},
    {"icmp_type", "OXM_OF_ICMPV4_TYPE", 0x80002601, "NXM_OF_ICMP_TYPE", 0x00001a01, 1, 8, "-w"},
    {"icmp_code", "OXM_OF_ICMPV4_CODE", 0x80002801, "NXM_OF_ICMP_CODE", 0x00001c01, 1, 8, "-w"},
    {"icmpv6_type", "OXM_OF_ICMPV6_TYPE", 0x80003a01, "NXM_NX_ICMPV6_TYPE", 0x00012a01, 1, 8, "-w"},
    {"icmpv6_code", "OXM_OF_ICMPV6_CODE", 0x80003c01, "NXM_NX_ICMPV6_CODE", 0x00012c01, 1, 8, "-w"},
    {"nd_target", "OXM_OF_IPV6_ND_TARGET", 0x80003e10, "NXM_NX_ND_TARGET", 0x00012e10, 16, 128,
     "mw"},
    {"nd_sll", "OXM_OF_IPV6_ND_SLL", 0x80004006, "NXM_NX_ND_SLL", 0x00013006, 6, 48, "mw"},
    {"nd_tll", "OXM_OF_IPV6_ND_TLL", 0x80004206, "NXM_NX_ND_TLL", 0x00013206, 6, 48, "mw"},
};

FlowKey key_of(const Bytes& content) {
    return extract(ethernet(alice, bob, content), 1);
}

bool is_satisfied(Prerequisite prerequisite, const FlowKey& key) {
    FlowMask all;
    for (const FlowField& field : field::all) all.fold(field);
    return satisfied(prerequisite, key, all);
}

}  // namespace

TEST_CASE("fields have the names, codes, widths and abilities that ovs-fields(7) tells",
          "[flows]") {
    for (const Recorded& record : recorded) {
        INFO(record.name);
        const MatchField* field = field_of_name(record.name);
        REQUIRE(field);
        CHECK(field->action_name == record.name);
        CHECK(field->oxm == record.oxm);
        CHECK(field->oxm_name == record.oxm_name);
        CHECK(field->nxm == record.nxm);
        CHECK(field->nxm_name == record.nxm_name);
        CHECK(field->bytes == record.bytes);
        CHECK(field->bits == record.bits);
        CHECK(field->maskable == (record.abilities[0] == 'm'));
        CHECK(field->writable == (record.abilities[1] == 'w'));
    }
    // Three kinds of registers besides.
    CHECK(match_fields().size() == std::size(recorded) + 16 + 8 + 4);
    CHECK(field_of_name("reg15")->nxm == 0x00011e04);
    CHECK(field_of_name("xreg7")->oxm == 0x80010e08);
    CHECK(field_of_name("xxreg3")->nxm == 0x0001e410);
}

TEST_CASE("a field is found by each of its names and codes", "[flows]") {
    for (const MatchField& field : match_fields()) {
        INFO(field.action_name);
        CHECK(&match_field(field.id) == &field);
        CHECK(field_of_name(field.action_name) == &field);
        if (field.oxm != 0) CHECK(field_of_oxm(field.oxm) == &field);
        if (field.nxm != 0) CHECK(field_of_nxm(field.nxm) == &field);
        if (!field.oxm_name.empty()) CHECK(field_of_name(field.oxm_name) == &field);
        if (!field.nxm_name.empty()) CHECK(field_of_name(field.nxm_name) == &field);
        CHECK((field.oxm == 0) == field.oxm_name.empty());
        CHECK((field.nxm == 0) == field.nxm_name.empty());
        REQUIRE(field_of_name(field.name));
        CHECK(field_of_name(field.name)->place.word == field.place.word);
    }
    CHECK(field_of_name("tunnel_id") == &match_field(FieldId::tun_id));
    CHECK(field_of_name("tp_src") == &match_field(FieldId::tcp_src));
    CHECK_FALSE(field_of_name(""));
    CHECK_FALSE(field_of_name("nw_sr"));
    CHECK_FALSE(field_of_oxm(0));
    CHECK_FALSE(field_of_nxm(0xffffffff));
}

TEST_CASE("a field is as wide as its place and reads back what was set", "[flows][property]") {
    for (const auto seed : seeds(20)) {
        INFO("rerun with seed " << seed);
        std::mt19937_64 random{seed};
        for (const MatchField& field : match_fields()) {
            INFO(field.action_name);
            CHECK(field.place.bits + field.place_high.bits == field.bits);
            CHECK(field.bits <= field.bytes * 8);
            const FieldValue value = FieldValue{random(), random()} & field.ones();
            FlowKey key;
            field.set(key, value);
            CHECK(field.get(key) == value);
            FlowMask mask;
            field.fold(mask);
            CHECK(mask.apply(key) == key);
            field.set(key, {});
            CHECK(key == FlowKey{});
        }
    }
}

TEST_CASE("the parts of wide registers are the narrow ones", "[flows]") {
    FlowKey key;
    match_field(FieldId::xxreg1).set(key, {0x0000000100000002, 0x0000000300000004});
    CHECK(match_field(FieldId::reg4).get(key) == FieldValue{0, 1});
    CHECK(match_field(FieldId::reg7).get(key) == FieldValue{0, 4});
    CHECK(match_field(FieldId::xreg2).get(key) == FieldValue{0, 0x0000000100000002});
    CHECK(match_field(FieldId::xreg3).get(key) == FieldValue{0, 0x0000000300000004});
}

TEST_CASE("prerequisites hold for the packets that they describe", "[flows]") {
    using P = Prerequisite;
    const FlowKey tcp4 = key_of(ipv4(6, tcp(1, 2, 2))), udp6 = key_of(ipv6(17, udp(1, 2)));
    const FlowKey request = key_of(arp(1)), tagged = key_of(vlan_tag(5) + arp(1));
    CHECK(is_satisfied(P::none, FlowKey{}));
    CHECK(is_satisfied(P::ip, tcp4));
    CHECK(is_satisfied(P::ipv4, tcp4));
    CHECK(is_satisfied(P::tcp, tcp4));
    CHECK_FALSE(is_satisfied(P::udp, tcp4));
    CHECK_FALSE(is_satisfied(P::ipv6, tcp4));
    CHECK_FALSE(is_satisfied(P::vlan, tcp4));
    CHECK(is_satisfied(P::ip, udp6));
    CHECK(is_satisfied(P::ipv6, udp6));
    CHECK(is_satisfied(P::udp, udp6));
    CHECK_FALSE(is_satisfied(P::icmpv6, udp6));
    CHECK(is_satisfied(P::arp, request));
    CHECK_FALSE(is_satisfied(P::ip, request));
    CHECK(is_satisfied(P::vlan, tagged));

    FlowKey first = tcp4, later = tcp4;
    first.set(field::ip_frag, 1);
    later.set(field::ip_frag, 3);
    CHECK(is_satisfied(P::tcp, first));
    CHECK(is_satisfied(P::ip, later));
    CHECK_FALSE(is_satisfied(P::tcp, later));

    FlowKey solicit = key_of(ipv6(58, Bytes{}));
    match_field(FieldId::icmpv6_type).set(solicit, {0, 135});
    CHECK(is_satisfied(P::nd, solicit));
    CHECK(is_satisfied(P::nd_solicit, solicit));
    CHECK_FALSE(is_satisfied(P::nd_advert, solicit));
    match_field(FieldId::icmpv6_code).set(solicit, {0, 1});
    CHECK_FALSE(is_satisfied(P::nd, solicit));
}

TEST_CASE("a match satisfies only what it says exactly", "[flows]") {
    FlowKey key;
    FlowMask mask;
    match_field(FieldId::eth_type).set(key, {0, 0x0800});
    mask.fold(field::eth_type, 0xfffe);
    CHECK_FALSE(satisfied(Prerequisite::ipv4, key, mask));
    mask.fold(field::eth_type);
    CHECK(satisfied(Prerequisite::ipv4, key, mask));
    CHECK_FALSE(satisfied(Prerequisite::tcp, key, mask));
}

TEST_CASE("a match that asks for ports of later fragments is seen in any order", "[flows]") {
    FlowKey key = key_of(ipv4(17, udp(1, 2)));
    FlowMask mask = FlowMask::of({field::eth_type, field::ip_proto, field::tp_src});
    CHECK_FALSE(asks_ports_of_later_fragments(key, mask));
    key.set(field::ip_frag, 3);
    CHECK(asks_ports_of_later_fragments(key, mask));
    CHECK_FALSE(asks_ports_of_later_fragments(key, FlowMask::of({field::ip_proto})));
    key.set(field::ip_proto, 1);
    CHECK_FALSE(asks_ports_of_later_fragments(key, mask));
}

TEST_CASE("looking whether a packet has a field is noted in the mask", "[flows]") {
    FlowMask mask;
    CHECK_FALSE(present(Prerequisite::tcp, key_of(arp(1)), mask));
    CHECK(mask == FlowMask::of({field::eth_type}));
    CHECK(present(Prerequisite::tcp, key_of(ipv4(6, tcp(1, 2, 2))), mask));
    CHECK(mask.get(field::ip_proto) == 0xff);
}

}  // namespace switchd::test
