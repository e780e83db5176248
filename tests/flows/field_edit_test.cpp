#include "flows/field_edit.h"

#include "flows/match_field.h"
#include "flows/segmentation.h"
#include "tests/flows/frames.h"
#include "tests/flows/large_frame.h"
#include "tests/flows/random_frame.h"
#include "tests/flows/seeds.h"
#include "tests/support/catch.h"

namespace switchd::test {
namespace {

Bytes edited(Bytes frame, const FlowKey& value, const FlowMask& mask) {
    edit_fields({frame.data(), frame.size(), 0}, value, mask);
    return frame;
}

// One field, all of it.
Bytes edited(Bytes frame, const FlowField& field, std::uint64_t to) {
    FlowKey value;
    value.set(field, to);
    return edited(std::move(frame), value, FlowMask::of({field}));
}

Bytes from_alice(const Bytes& type_and_payload) {
    return ethernet(alice, bob, type_and_payload);
}

struct RandomEdit {
    explicit RandomEdit(std::mt19937& random) {
        const auto word = [&] { return std::uint64_t{random()} << 32 | random(); };
        for (auto& bits : value.words) bits = random() % 4 == 0 ? 0 : word();
        for (auto& bits : mask.words) {
            const auto kind = random() % 4;
            bits = kind == 0 ? 0 : kind == 1 ? ~std::uint64_t{0} : word();
        }
        // Only some fields, like most actions.
        if (random() % 2 == 0)
            for (auto& bits : mask.words)
                if (random() % 2 == 0) bits = 0;
    }
    FlowKey value;
    FlowMask mask;
};

// The frame with these fields written bit by bit, its checksums as they were.
Bytes expected(Bytes frame, const std::vector<FieldPlace>& places, const RandomEdit& edit) {
    for (const FieldPlace& place : places) {
        if (place.needs > frame.size()) continue;
        // Of an operation of ARP that needs more than eight bits the key has none.
        if (place.field.name == field::ip_proto.name && edit.mask.get(place.field) != 0 &&
            frame[place.bit / 8] != std::byte{0})
            frame[place.bit / 8] = frame[place.bit / 8 + 1] = std::byte{0};
        for (unsigned i = 0; i < place.field.bits; ++i) {
            const unsigned shift = place.field.bits - 1 - i;
            if ((edit.mask.get(place.field) >> shift & 1) == 0) continue;
            const std::size_t bit = place.bit + i;
            const auto one = static_cast<std::byte>(0x80 >> bit % 8);
            frame[bit / 8] &= ~one;
            if ((edit.value.get(place.field) >> shift & 1) != 0) frame[bit / 8] |= one;
        }
    }
    return frame;
}

Bytes without(Bytes frame, const std::vector<RandomFrame::Range>& ranges) {
    for (const auto& range : ranges)
        for (std::size_t i = range.begin; i < range.end && i < frame.size(); ++i)
            frame[i] = std::byte{0};
    return frame;
}

FlowMask mask_of(const std::vector<FieldPlace>& places, std::size_t frame_bytes) {
    FlowMask mask;
    for (const FieldPlace& place : places)
        if (place.needs <= frame_bytes) mask.fold(place.field);
    return mask;
}

bool is_neighbour_discovery(const FlowKey& key) {
    const std::uint64_t type = key.get(field::tp_src);
    return key.get(field::eth_type) == 0x86dd && key.get(field::ip_proto) == 58 &&
           (type == 135 || type == 136) && key.get(field::tp_dst) == 0;
}

}  // namespace

TEST_CASE("the words of the sums that tests trust", "[flows]") {
    const auto text = std::as_bytes(std::span("123456789", 9));
    CHECK(crc32c({text.begin(), text.end()}) == 0xe3069283);
    // RFC 1071, 3.
    CHECK(internet_sum(hex("0001 f203 f4f5 f6f7")) == 0xddf2);
}

TEST_CASE(
    "an edit writes the masked bits of each field and nothing else, and sums stay as right as "
    "they were",
    "[flows][property]") {
    for (const auto seed : seeds(20000)) {
        INFO("rerun with seed " << seed);
        std::mt19937 random{seed};
        RandomFrame frame{random};
        if (random() % 4 == 0)
            frame.spoil_checksums();
        else
            for (const std::uint32_t error : frame.errors(frame.frame()))
                REQUIRE((error == 0 || error == RandomFrame::no_checksum));
        const RandomEdit edit{random};

        const Bytes after = edited(frame.frame(), edit.value, edit.mask);
        REQUIRE(without(after, frame.checksums()) ==
                without(expected(frame.frame(), frame.places(), edit), frame.checksums()));
        REQUIRE(frame.errors(after) == frame.errors(frame.frame()));
    }
}

TEST_CASE("an edited frame's key is the old one with the masked bits replaced",
          "[flows][property]") {
    for (const auto seed : seeds(5000)) {
        INFO("rerun with seed " << seed);
        std::mt19937 random{seed};
        const RandomFrame frame{random};
        const RandomEdit edit{random};

        FlowMask written = mask_of(frame.places(), frame.frame().size());
        for (std::size_t i = 0; i < flow_words; ++i) written.words[i] &= edit.mask.words[i];
        const FlowKey before = extract(frame.frame(), 1);
        FlowKey wanted = twin(written, edit.value, before);
        FlowKey after = extract(edited(frame.frame(), edit.value, edit.mask), 1);
        // A type that is written can hide or show what only neighbour discovery has.
        if (is_neighbour_discovery(before) != is_neighbour_discovery(after))
            for (const std::size_t word : {11u, 12u, 13u, 14u})
                after.words[word] = wanted.words[word];
        // An operation of ARP that needs more than eight bits shows as none.
        if (const auto type = wanted.get(field::eth_type); type == 0x0806 || type == 0x8035)
            after.set(field::ip_proto, wanted.get(field::ip_proto));
        REQUIRE(after == wanted);
    }
}

TEST_CASE("each writable field of a packet is among those that random frames have", "[flows]") {
    FlowMask written;
    for (std::uint32_t seed = 0; seed < 1000; ++seed) {
        std::mt19937 random{seed};
        const RandomFrame frame{random};
        written.unite(mask_of(frame.places(), frame.frame().size()));
    }
    written.fold(field::vlan_tci, tci_present);  // not a bit of the wire
    for (const MatchField& field : match_fields()) {
        if (!field.writable || field.place.word >= packet_words || field.id == FieldId::in_port)
            continue;
        INFO(field.name);
        FlowMask wanted;
        field.fold(wanted);
        CHECK(written.covers(wanted));
    }
}

TEST_CASE("of a frame cut off anywhere, the fields that are left are written",
          "[flows][property]") {
    for (const auto seed : seeds(200)) {
        INFO("rerun with seed " << seed);
        std::mt19937 random{seed};
        const RandomFrame frame{random};
        const RandomEdit edit{random};
        for (std::size_t left = 0; left <= frame.frame().size(); ++left) {
            INFO("cut to " << left << " bytes");
            // A buffer of its own, for the sanitizers.
            const Bytes start(frame.frame().begin(),
                              frame.frame().begin() + static_cast<std::ptrdiff_t>(left));
            const Bytes after = edited(start, edit.value, edit.mask);

            RandomEdit of_whole = edit;
            const FlowMask carried = mask_of(frame.places(), left);
            for (std::size_t i = 0; i < flow_words; ++i) of_whole.mask.words[i] &= carried.words[i];
            Bytes wanted = edited(frame.frame(), of_whole.value, of_whole.mask);
            wanted.resize(left);
            // A checksum that is cut off stays as it is.
            for (const auto& range : frame.checksums())
                for (std::size_t i = range.begin; range.end > left && i < left; ++i)
                    wanted[i] = start[i];
            REQUIRE(after == wanted);
        }
    }
}

TEST_CASE("a sum that is left to others may be made before an edit or behind it",
          "[flows][property]") {
    for (const auto seed : seeds(300)) {
        INFO("rerun with seed " << seed);
        std::mt19937 random{seed};
        const RandomEdit edit{random};
        const Large packet = large({.ipv4 = random() % 2 == 0,
                                    .tcp = random() % 2 == 0,
                                    .tags = random() % 3,
                                    .ip_options = random() % 3,
                                    .payload = random() % 100},
                                   1000);
        const auto edit_now = [&](Bytes& bytes, std::optional<std::size_t> unsummed_from) {
            edit_fields({bytes.data(), bytes.size(), 0}, edit.value, edit.mask, unsummed_from);
        };
        Bytes before = packet.frame, behind = packet.frame;
        REQUIRE(fill_checksum(before, packet.offload));
        edit_now(before, std::nullopt);
        edit_now(behind, packet.offload.checksum_start);
        REQUIRE(fill_checksum(behind, packet.offload));
        REQUIRE(plain_sum(std::span(behind).subspan(packet.transport_at),
                          packet.pseudo_sum(behind)) == 0xffff);
        // There are two zeros.
        const std::size_t checksum_at = packet.transport_at + packet.offload.checksum_offset;
        for (Bytes* bytes : {&before, &behind})
            std::fill_n(bytes->begin() + static_cast<std::ptrdiff_t>(checksum_at), 2, std::byte{});
        REQUIRE(before == behind);
    }
}

TEST_CASE("addresses are written into any frame that has them", "[flows]") {
    const Bytes payload = ipv4(17, udp(1, 2));
    CHECK(edited(from_alice(payload), field::eth_dst, carol.to_u64()) ==
          ethernet(alice, carol, payload));
    CHECK(edited(mac_bytes(bob), field::eth_dst, carol.to_u64()) == mac_bytes(carol));
    CHECK(edited(mac_bytes(bob) + mac_bytes(alice), field::eth_src, carol.to_u64()) ==
          mac_bytes(bob) + mac_bytes(carol));
    CHECK(edited(Bytes(5), field::eth_dst, carol.to_u64()) == Bytes(5));
}

TEST_CASE("VID and priority of the outer tag are written, its drop eligible indicator is not",
          "[flows]") {
    const Bytes inner = vlan_tag(9) + ipv4(17, udp(1, 2));
    for (const unsigned tpid : {0x8100u, 0x88a8u})
        for (const unsigned dei : {0x0000u, 0x1000u}) {
            const Bytes before = from_alice(vlan_tag(0x6005 | dei, tpid) + inner);
            CHECK(edited(before, field::vlan_vid, 0x1007) ==
                  from_alice(vlan_tag(0x6007 | dei, tpid) + inner));
            CHECK(edited(before, field::vlan_pcp, 5) ==
                  from_alice(vlan_tag(0xa005 | dei, tpid) + inner));
            CHECK(edited(before, field::vlan_tci, 0) == from_alice(vlan_tag(dei, tpid) + inner));
        }
    const Bytes untagged = from_alice(ipv4(17, udp(1, 2)));
    CHECK(edited(untagged, field::vlan_tci, 0x1007) == untagged);
}

// Made with scapy 2.5.0, from the Ethernet type on.
TEST_CASE("a packet becomes the one that another program makes", "[flows]") {
    FlowMask all;
    for (auto& word : all.words) word = ~std::uint64_t{0};
    const auto becomes = [&](std::string_view before, std::string_view after) {
        const Bytes wanted = from_alice(hex(after));
        CHECK(edited(from_alice(hex(before)), extract(wanted, 1), all) == wanted);
    };
    SECTION("TCP over IPv4: source address and port, TTL") {
        becomes(
            "0800 4500002d 00070000 400666c2 0a000001 0a000002 03e80050 00000001 00000000 "
            "50022000 33d00000 68656c6c6f",
            "0800 4500002d 00070000 3f06b011 c0a80109 0a000002 10e10050 00000001 00000000 "
            "50022000 6f260000 68656c6c6f");
    }
    SECTION("UDP over IPv4 with an option: destination address") {
        becomes(
            "0800 46000023 00010000 4011d1c2 0a000001 0a000002 94040000 00350035 000b1807 6f6464",
            "0800 46000023 00010000 40112eb5 0a000001 ac1000ff 94040000 00350035 000b74f9 6f6464");
    }
    SECTION("SCTP over IPv4: ports") {
        becomes(
            "0800 45000034 00010000 40846643 0a000001 0a000002 03e807d0 00001234 125a48c1 00000014 "
            "00000001 00000000 00000000 61626364",
            "0800 45000034 00010000 40846643 0a000001 0a000002 0007ffff 00001234 17cd90fb 00000014 "
            "00000001 00000000 00000000 61626364");
    }
    SECTION("SCTP over IPv6 behind hop-by-hop options: ports") {
        becomes(
            "86dd 60000000 002c0040 20010db8000000000000000000000001 "
            "20010db8000000000000000000000002 84000104 00000000 03e807d0 00001234 5145965a "
            "00000015 "
            "00000001 00000000 00000000 61626364 65000000",
            "86dd 60000000 002c0040 20010db8000000000000000000000001 "
            "20010db8000000000000000000000002 84000104 00000000 0007ffff 00001234 f7df808e "
            "00000015 "
            "00000001 00000000 00000000 61626364 65000000");
    }
    SECTION("neighbour solicitation: target and source link-layer address") {
        becomes(
            "86dd 60000000 00203aff fe800000000000000000000000000001 "
            "ff0200000000000000000001ff000002 87007a97 00000000 fe800000000000000000000000000002 "
            "0101020000000001",
            "86dd 60000000 00203aff fe800000000000000000000000000001 "
            "ff0200000000000000000001ff000002 87004ae8 00000000 20010db8000000000000000000000077 "
            "0101020000000003");
    }
    SECTION("TCP over IPv6: addresses") {
        becomes(
            "86dd 60000000 00150640 20010db8000000000000000000000001 "
            "20010db8000000000000000000000002 00010002 00000000 00000000 50022000 bc690000 78",
            "86dd 60000000 00150640 fd000000000000000000000000000005 "
            "fd000001000200030004000500060007 00010002 00000000 00000000 50022000 1dbc0000 78");
    }
    SECTION("TCP over IPv6 behind a routing header with a stop to go: addresses") {
        becomes(
            "86dd 60000000 002d2b40 20010db8000000000000000000000001 "
            "20010db8000000000000000000000002 06020001 00000000 20010db8000000000000000000000099 "
            "00010002 00000000 00000000 50022000 bbd20000 78",
            "86dd 60000000 002d2b40 fd000000000000000000000000000005 "
            "fd000000000000000000000000000006 06020001 00000000 20010db8000000000000000000000099 "
            "00010002 00000000 00000000 50022000 ec860000 78");
    }
    SECTION("ICMP: type") {
        becomes("0800 45000020 00010000 400166da 0a000001 0a000002 08001924 00050006 70696e67",
                "0800 45000020 00010000 400166da 0a000001 0a000002 00002124 00050006 70696e67");
    }
    SECTION("ICMPv6: type") {
        becomes(
            "86dd 60000000 000c3a40 20010db8000000000000000000000001 "
            "20010db8000000000000000000000002 80004568 00050006 70696e67",
            "86dd 60000000 000c3a40 20010db8000000000000000000000001 "
            "20010db8000000000000000000000002 81004468 00050006 70696e67");
    }
}

// RFC 1624, 5: where 0x5555 becomes 0x3285, a checksum of 0xdd2f becomes 0x0000 and not 0xffff.
TEST_CASE("a checksum that comes out as zero is the right one of two zeros", "[flows]") {
    const Bytes before = hex("4500 0014 0000 0000 40fd dd2f 5555 0000 0000 4769");
    const Bytes after = hex("4500 0014 0000 0000 40fd 0000 3285 0000 0000 4769");
    REQUIRE(internet_sum(before) == 0xffff);
    CHECK(edited(from_alice(hex("0800") + before), {"", 4, 48, 16}, 0x3285) ==
          from_alice(hex("0800") + after));
}

TEST_CASE("a UDP checksum of zero stays, and none becomes zero", "[flows]") {
    const auto datagram = [](unsigned port, unsigned checksum) {
        return from_alice(ipv4(17, be16_bytes(port) + hex("0002 0008") + be16_bytes(checksum)));
    };
    CHECK(edited(datagram(1, 0), field::tp_src, 7) == datagram(7, 0));
    CHECK(edited(datagram(1, 0x1234), field::tp_src, 0x1234) == datagram(0x1234, 0x0001));
    CHECK(edited(datagram(1, 0x1234), field::tp_src, 0x1235) == datagram(0x1235, 0xffff));
    CHECK(edited(datagram(1, 0x1234), field::tp_src, 0x1236) == datagram(0x1236, 0xfffe));
}

TEST_CASE("an echo reply of zeros has a checksum of ones", "[flows]") {
    const Bytes request = hex("08 00 f7ff 0000 0000 0000");
    const Bytes reply = hex("00 00 ffff 0000 0000 0000");
    CHECK(edited(from_alice(ipv4(1, request)), field::tp_src, 0) == from_alice(ipv4(1, reply)));
    CHECK(edited(from_alice(ipv4(1, reply)), field::tp_src, 8) == from_alice(ipv4(1, request)));
}

TEST_CASE("an ARP operation that the key has not is written whole", "[flows]") {
    const Bytes addresses(20);
    const Bytes arp = hex("0806 0001 0800 0604");
    CHECK(edited(from_alice(arp + hex("0102") + addresses), field::ip_proto, 4) ==
          from_alice(arp + hex("0004") + addresses));

    FlowMask one_bit;
    one_bit.words[field::ip_proto.word] = std::uint64_t{1} << field::ip_proto.shift;
    FlowKey value;
    value.set(field::ip_proto, 1);
    CHECK(edited(from_alice(arp + hex("0102") + addresses), value, one_bit) ==
          from_alice(arp + hex("0001") + addresses));
    CHECK(edited(from_alice(arp + hex("0002") + addresses), value, one_bit) ==
          from_alice(arp + hex("0003") + addresses));
}

TEST_CASE("what says what a packet is cannot be written", "[flows]") {
    FlowKey value;
    for (auto& word : value.words) word = 0x5a5a5a5a5a5a5a5a;
    const FlowMask mask =
        FlowMask::of({field::in_port, field::eth_type, field::vlan_tpid, field::inner_vlan_tpid,
                      field::inner_vlan_tci, field::ip_proto, field::ip_frag, field::tcp_flags,
                      field::metadata, field::tun_id, field::xreg(0)});
    for (const Bytes& packet :
         {ipv4(6, tcp(1, 2, 0x12)), ipv6(6, tcp(1, 2, 0x12)), vlan_tag(5) + ipv4(17, udp(1, 2)),
          vlan_tag(5) + vlan_tag(6) + ipv4(1, hex("0800 0000"))}) {
        const Bytes frame = from_alice(packet);
        CHECK(edited(frame, value, mask) == frame);
    }
}

TEST_CASE("a field of another kind of packet is left alone", "[flows]") {
    FlowKey value;
    for (auto& word : value.words) word = 0xa5a5a5a5a5a5a5a5;
    const FlowMask of_ipv6 =
        FlowMask::of({field::ipv6_src_high, field::ipv6_src_low, field::ipv6_dst_high,
                      field::ipv6_dst_low, field::ipv6_label, field::nd_target_high,
                      field::nd_target_low, field::arp_sha, field::arp_tha});
    const FlowMask of_others =
        FlowMask::of({field::ip_src, field::ip_dst, field::arp_sha, field::arp_tha});
    const Bytes four = from_alice(ipv4(6, tcp(1, 2, 0))), six = from_alice(ipv6(6, tcp(1, 2, 0)));
    CHECK(edited(four, value, of_ipv6) == four);
    CHECK(edited(six, value, of_others) == six);
    const Bytes other = from_alice(hex("88cc") + Bytes(60, std::byte{0x45}));
    CHECK(edited(other, value, of_ipv6) == other);
    CHECK(edited(other, value, of_others) == other);
}

}  // namespace switchd::test
