#include "flows/flow_key.h"

#include <random>

#include "tests/flows/frames.h"
#include "tests/flows/seeds.h"
#include "tests/support/catch.h"

namespace switchd::test {
namespace {

struct Named {
    const char* name;
    Bytes frame;
};

std::vector<Named> corpus() {
    const Bytes ns_option = hex("01 01 020000000001") + hex("02 01 020000000002");
    const Bytes ns = hex("87 00 0000 00000000 20010db8 00000000 00000000 00000002") + ns_option;
    const auto frame = [](const Bytes& content) { return ethernet(alice, bob, content); };
    return {
        {"tcp", frame(ipv4(6, tcp(1000, 80, 0x12)))},
        {"udp", frame(ipv4(17, udp(1000, 53)))},
        {"sctp", frame(ipv4(132, udp(1000, 53)))},
        {"icmp", frame(ipv4(1, hex("0800 0000 00010001")))},
        {"first fragment", frame(ipv4(17, udp(1000, 53), 0x2000))},
        {"later fragment", frame(ipv4(17, udp(1000, 53), 0x0010))},
        {"arp", frame(arp(1))},
        {"vlan", frame(vlan_tag(0x6005) + ipv4(6, tcp(1000, 80, 2)))},
        {"qinq", frame(vlan_tag(5, 0x88a8) + vlan_tag(6) + ipv4(6, tcp(1000, 80, 2)))},
        {"three tags", frame(vlan_tag(5) + vlan_tag(6) + vlan_tag(7) + ipv4(17, udp(1, 2)))},
        {"snap", frame(hex("0026 aaaa03 000000") + ipv4(17, udp(1000, 53)))},
        {"802.3", frame(hex("0027 424203 0000020200"))},
        {"ipv6 tcp", frame(ipv6(6, tcp(1000, 80, 2)))},
        {"ipv6 options", frame(ipv6(0, hex("3c00 000000000000 1100 000000000000") + udp(1, 2)))},
        {"ipv6 fragment", frame(ipv6(44, hex("1100 0001 00000001") + udp(1, 2)))},
        {"ipv6 later fragment", frame(ipv6(44, hex("1100 0010 00000001") + udp(1, 2)))},
        {"ipv6 authentication", frame(ipv6(51, hex("1101 000000000000 00000000") + udp(1, 2)))},
        {"neighbour solicitation", frame(ipv6(58, ns))},
    };
}

FlowKey key_of(const char* name) {
    for (const auto& [named, frame] : corpus())
        if (std::string_view{named} == name) return extract(frame, 7);
    FAIL("no frame " << name);
    return {};
}

// On the heap in exactly the size needed, so that a sanitizer sees a read past the end.
FlowKey extract_exactly(std::span<const std::byte> frame, ParseDepth depth = ParseDepth::layer_4) {
    const auto copy = std::make_unique<std::byte[]>(frame.size());
    std::ranges::copy(frame, copy.get());
    return extract({copy.get(), frame.size()}, 7, depth);
}

}  // namespace

TEST_CASE("every bit of a key belongs to at most one field", "[flows]") {
    FlowKey seen;
    for (const FlowField& field : field::all) {
        INFO(field.name);
        CHECK(seen.get(field) == 0);
        CHECK(field.shift + field.bits <= 64);
        seen.set(field, ~std::uint64_t{0});
        CHECK(seen.get(field) == field.ones());
    }
}

TEST_CASE("a TCP segment over IPv4 gives all its fields", "[flows]") {
    const FlowKey key = key_of("tcp");
    CHECK(key.in_port() == 7);
    CHECK(key.eth_src() == alice);
    CHECK(key.eth_dst() == bob);
    CHECK(key.get(field::eth_type) == 0x0800);
    CHECK(key.get(field::vlan_tpid) == 0);
    CHECK(key.get(field::vlan_tci) == 0);
    CHECK(key.get(field::ip_src) == 0x0a000001);
    CHECK(key.get(field::ip_dst) == 0x0a000002);
    CHECK(key.get(field::ip_proto) == 6);
    CHECK(key.get(field::ip_tos) == 0x12);
    CHECK(key.get(field::ip_ttl) == 64);
    CHECK(key.get(field::ip_frag) == 0);
    CHECK(key.get(field::tp_src) == 1000);
    CHECK(key.get(field::tp_dst) == 80);
    CHECK(key.get(field::tcp_flags) == 0x12);
}

TEST_CASE("UDP, SCTP and ICMP give ports, or type and code", "[flows]") {
    CHECK(key_of("udp").get(field::tp_dst) == 53);
    CHECK(key_of("udp").get(field::tcp_flags) == 0);
    CHECK(key_of("sctp").get(field::tp_src) == 1000);
    CHECK(key_of("icmp").get(field::tp_src) == 8);
    CHECK(key_of("icmp").get(field::tp_dst) == 0);
}

TEST_CASE("only the first fragment has ports", "[flows]") {
    CHECK(key_of("first fragment").get(field::ip_frag) == 1);
    CHECK(key_of("first fragment").get(field::tp_dst) == 53);
    CHECK(key_of("later fragment").get(field::ip_frag) == 3);
    CHECK(key_of("later fragment").get(field::tp_dst) == 0);
    CHECK(key_of("ipv6 fragment").get(field::ip_frag) == 1);
    CHECK(key_of("ipv6 fragment").get(field::tp_dst) == 2);
    CHECK(key_of("ipv6 later fragment").get(field::ip_frag) == 3);
    CHECK(key_of("ipv6 later fragment").get(field::ip_proto) == 44);
    CHECK(key_of("ipv6 later fragment").get(field::tp_dst) == 0);
}

TEST_CASE("ARP gives operation and all four addresses", "[flows]") {
    const FlowKey key = key_of("arp");
    CHECK(key.get(field::ip_proto) == 1);
    CHECK(key.get(field::ip_src) == 0x0a000001);
    CHECK(key.get(field::ip_dst) == 0x0a000002);
    CHECK(key.get(field::arp_sha) == alice.to_u64());
    CHECK(key.get(field::arp_tha) == bob.to_u64());
    CHECK(extract(ethernet(alice, bob, arp(0xff)), 1).get(field::ip_proto) == 0xff);
    CHECK(extract(ethernet(alice, bob, arp(0x0101)), 1).get(field::ip_proto) == 0);
}

TEST_CASE("a tag shows as present whatever its drop eligible bit", "[flows]") {
    const FlowKey key = key_of("vlan");
    CHECK(key.get(field::vlan_tpid) == 0x8100);
    CHECK(key.get(field::vlan_tci) == 0x7005);
    CHECK(key.get(field::vlan_vid) == 0x1005);
    CHECK(key.get(field::vlan_pcp) == 3);
    CHECK(key.get(field::eth_type) == 0x0800);
    CHECK(key.get(field::tp_dst) == 80);
    CHECK(extract(ethernet(alice, bob, vlan_tag(0x7005) + ipv4(6, tcp(1000, 80, 2))), 7) == key);
}

TEST_CASE("two tags are read, a third is the Ethernet type", "[flows]") {
    const FlowKey two = key_of("qinq");
    CHECK(two.get(field::vlan_tpid) == 0x88a8);
    CHECK(two.get(field::vlan_tci) == 0x1005);
    CHECK(two.get(field::inner_vlan_tpid) == 0x8100);
    CHECK(two.get(field::inner_vlan_tci) == 0x1006);
    CHECK(two.get(field::eth_type) == 0x0800);
    const FlowKey three = key_of("three tags");
    CHECK(three.get(field::eth_type) == 0x8100);
    CHECK(three.get(field::ip_proto) == 0);
}

TEST_CASE("a tag that the end of the frame cuts off keeps its TPID and is not present", "[flows]") {
    const Bytes frame = ethernet(alice, bob, vlan_tag(5) + be16_bytes(0x0800));
    REQUIRE(frame.size() == 18);
    CHECK(extract(frame, 1).get(field::vlan_tci) == 0x1005);
    for (std::size_t size = 14; size < 18; ++size) {
        INFO("size " << size);
        const FlowKey key = extract(std::span(frame).first(size), 1);
        CHECK(key.get(field::vlan_tpid) == 0x8100);
        CHECK(key.get(field::vlan_tci) == 0);
    }
}

TEST_CASE("802.3 frames have the type of their SNAP header, or 0x05ff", "[flows]") {
    CHECK(key_of("snap").get(field::eth_type) == 0x0800);
    CHECK(key_of("snap").get(field::tp_dst) == 53);
    CHECK(key_of("802.3").get(field::eth_type) == 0x05ff);
}

TEST_CASE("IPv6 gives addresses, label and what follows its extension headers", "[flows]") {
    const FlowKey key = key_of("ipv6 tcp");
    CHECK(key.get(field::ipv6_src_high) == 0x20010db800000000);
    CHECK(key.get(field::ipv6_src_low) == 1);
    CHECK(key.get(field::ipv6_dst_low) == 2);
    CHECK(key.get(field::ipv6_label) == 0x12345);
    CHECK(key.get(field::ip_tos) == 0x12);
    CHECK(key.get(field::ip_ttl) == 63);
    CHECK(key.get(field::ip_proto) == 6);
    CHECK(key.get(field::tp_dst) == 80);
    CHECK(key_of("ipv6 options").get(field::ip_proto) == 17);
    CHECK(key_of("ipv6 options").get(field::tp_dst) == 2);
    CHECK(key_of("ipv6 authentication").get(field::tp_dst) == 2);
}

TEST_CASE("a neighbour solicitation gives target and link-layer addresses", "[flows]") {
    const FlowKey key = key_of("neighbour solicitation");
    CHECK(key.get(field::tp_src) == 135);
    CHECK(key.get(field::nd_target_high) == 0x20010db800000000);
    CHECK(key.get(field::nd_target_low) == 2);
    CHECK(key.get(field::arp_sha) == alice.to_u64());
    CHECK(key.get(field::arp_tha) == bob.to_u64());
}

TEST_CASE("an IPv6 frame made of extension headers is read to a bounded depth", "[flows]") {
    Bytes chain;
    for (int i = 0; i < 1000; ++i) chain = chain + hex("0000 000000000000");
    const FlowKey key = extract(ethernet(alice, bob, ipv6(0, chain + udp(1, 2))), 1);
    CHECK(key.get(field::ip_proto) == 0);
    CHECK(key.get(field::tp_dst) == 0);
}

TEST_CASE("padding behind an IPv4 packet is not taken for its transport header", "[flows]") {
    const Bytes padded = ethernet(alice, bob, ipv4(6, {})) + tcp(1000, 80, 2);
    CHECK(extract(padded, 1).get(field::ip_proto) == 6);
    CHECK(extract(padded, 1).get(field::tp_dst) == 0);
}

TEST_CASE("IPv4 headers that contradict themselves give no more than the Ethernet type",
          "[flows]") {
    Bytes frame = ethernet(alice, bob, ipv4(6, tcp(1000, 80, 2)));
    for (const unsigned version_and_length : {0x55u, 0x44u, 0x00u}) {
        frame[14] = static_cast<std::byte>(version_and_length);
        const FlowKey key = extract(frame, 1);
        CHECK(key.get(field::eth_type) == 0x0800);
        CHECK(key.get(field::ip_dst) == 0);
        CHECK(key.get(field::tp_dst) == 0);
    }
    frame[14] = std::byte{0x4f};  // 60 bytes of header, and the frame has 40
    CHECK(extract(frame, 1).get(field::ip_dst) == 0x0a000002);
    CHECK(extract(frame, 1).get(field::tp_dst) == 0);
}

TEST_CASE("every truncation of every frame is read within its bounds, and says nothing new",
          "[flows]") {
    for (const auto& [name, frame] : corpus()) {
        const FlowKey whole = extract_exactly(frame);
        for (std::size_t size = 0; size < frame.size(); ++size) {
            INFO(name << ", " << size << " bytes");
            const FlowKey cut = extract_exactly(std::span(frame).first(size));
            CHECK(cut.in_port() == 7);
            if (size < 6) CHECK(cut.eth_dst() == MacAddress{});
            if (size >= 6) CHECK(cut.eth_dst() == bob);
            if (size >= 12) CHECK(cut.eth_src() == alice);
            for (const FlowField& field : field::all) {
                // Where a header is missing, the one before it is the last that is known.
                if (field.word <= field::ip_proto.word && field.name != field::ip_src.name &&
                    field.name != field::ip_dst.name)
                    continue;
                INFO(field.name);
                const std::uint64_t value = cut.get(field);
                CHECK((value == 0 || value == whole.get(field)));
            }
        }
    }
}

TEST_CASE("a key of layer 2 is the whole key without the higher layers", "[flows]") {
    for (const auto& [name, frame] : corpus()) {
        INFO(name);
        FlowKey whole = extract_exactly(frame);
        for (std::size_t i = flow_words_l2; i < flow_words; ++i) whole.words[i] = 0;
        CHECK(extract_exactly(frame, ParseDepth::layer_2) == whole);
    }
}

TEST_CASE("random and damaged bytes give a key that depends on nothing else", "[flows][property]") {
    for (const auto seed : seeds(50)) {
        INFO("rerun with seed " << seed);
        std::mt19937 random{seed};
        for (const auto& [name, frame] : corpus()) {
            for (int i = 0; i < 40; ++i) {
                Bytes damaged = frame;
                if (random() % 4 == 0)
                    for (auto& byte : damaged) byte = static_cast<std::byte>(random());
                for (unsigned k = random() % 8; k > 0; --k)
                    damaged[random() % damaged.size()] = static_cast<std::byte>(random());
                damaged.resize(random() % (damaged.size() + 1));
                const FlowKey key = extract_exactly(damaged);
                REQUIRE(extract_exactly(damaged) == key);
                Bytes longer = damaged;
                longer.resize(longer.size() + 100, std::byte{0xee});
                REQUIRE(extract({longer.data(), damaged.size()}, 7) == key);
            }
        }
    }
}

}  // namespace switchd::test
