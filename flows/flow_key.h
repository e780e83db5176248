// Every field of one frame that a rule can match on, in a fixed array of 64-bit words: what its
// headers say, and behind that what the tables themselves note about it on its way.
//
// The words stand in the order in which a decision usually needs them: where the frame came from,
// then layer 2, 3, 4. A field that the frame does not carry is zero, and so is one that lies
// (partly) beyond the end of a truncated frame: what is absent cannot be told from zero, so a
// decision that reads it must have its bits in the mask like any other. Numbers are in host order
// with the first bit on the wire most significant, so that address prefixes are contiguous masks.
//
//      63            48 47            32 31            16 15             0
//   0  in_port                           -
//   1  eth_dst                                            eth_type
//   2  eth_src                                            -
//   3  outer TPID       outer TCI        inner TPID       inner TCI
//   4  IPv4 source or ARP sender         IPv4 destination or ARP target
//   5-6 IPv6 source, 7-8 IPv6 destination
//   9  protocol or ARP operation (16), TOS (8), TTL (8), fragment (8), - (4), flow label (20)
//  10  source port      destination port TCP flags (12)   -         (ICMP type and code as ports)
//  11-12 ND target
//  13  ARP sender or ND source link-layer address         -
//  14  ARP target or ND target link-layer address         -
//  15  metadata (OpenFlow)
//  16  tunnel id
//  17-24  registers 0 .. 15, two a word, the even one in the upper half (an xreg each)
//
// Words from packet_words on are zero when a frame comes in, so no cached decision depends on them.
//
// As in OpenFlow, bit 0x1000 of a TCI means "there is a tag"; the drop eligible indicator that
// stands there on the wire is carried with the frame and never matched. A TPID whose tag is cut off
// by the end of the frame is kept with a TCI of zero, so that no such frame passes for an untagged
// one. eth_type is 0x05ff for an IEEE 802.3 frame without a SNAP header.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "flows/numbers.h"
#include "switchd/core/mac_address.h"

namespace switchd {

inline constexpr std::size_t flow_words = 25;
inline constexpr std::size_t packet_words = 15;  // the first ones: what the headers say

// A run of `bits` bits, `shift` above the least significant one of a word.
struct FlowField {
    std::string_view name;  // as ovs-ofctl has it
    std::uint8_t word;
    std::uint8_t shift;
    std::uint8_t bits;

    constexpr std::uint64_t ones() const {
        return bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
    }
    constexpr std::uint64_t word_mask() const { return ones() << shift; }
};

namespace field {
inline constexpr FlowField in_port{"in_port", 0, 32, 32};
inline constexpr FlowField eth_dst{"eth_dst", 1, 16, 48};
inline constexpr FlowField eth_type{"eth_type", 1, 0, 16};
inline constexpr FlowField eth_src{"eth_src", 2, 16, 48};
inline constexpr FlowField vlan_tpid{"vlan_tpid", 3, 48, 16};
inline constexpr FlowField vlan_tci{"vlan_tci", 3, 32, 16};
inline constexpr FlowField vlan_pcp{"vlan_pcp", 3, 45, 3};
inline constexpr FlowField vlan_vid{"vlan_vid", 3, 32, 13};  // with the bit for "there is a tag"
inline constexpr FlowField inner_vlan_tpid{"vlan_tpid1", 3, 16, 16};
inline constexpr FlowField inner_vlan_tci{"vlan_tci1", 3, 0, 16};
inline constexpr FlowField ip_src{"nw_src", 4, 32, 32};  // also arp_spa
inline constexpr FlowField ip_dst{"nw_dst", 4, 0, 32};   // also arp_tpa
inline constexpr FlowField ipv6_src_high{"ipv6_src", 5, 0, 64};
inline constexpr FlowField ipv6_src_low{"ipv6_src", 6, 0, 64};
inline constexpr FlowField ipv6_dst_high{"ipv6_dst", 7, 0, 64};
inline constexpr FlowField ipv6_dst_low{"ipv6_dst", 8, 0, 64};
inline constexpr FlowField ip_proto{"nw_proto", 9, 48, 16};  // also arp_op
inline constexpr FlowField ip_tos{"nw_tos", 9, 40, 8};
inline constexpr FlowField ip_ttl{"nw_ttl", 9, 32, 8};
inline constexpr FlowField ip_frag{"nw_frag", 9, 24, 8};  // bit 0: a fragment, bit 1: not the first
inline constexpr FlowField ipv6_label{"ipv6_label", 9, 0, 20};
inline constexpr FlowField tp_src{"tp_src", 10, 48, 16};  // also icmp_type
inline constexpr FlowField tp_dst{"tp_dst", 10, 32, 16};  // also icmp_code
inline constexpr FlowField tcp_flags{"tcp_flags", 10, 16, 12};
inline constexpr FlowField nd_target_high{"nd_target", 11, 0, 64};
inline constexpr FlowField nd_target_low{"nd_target", 12, 0, 64};
inline constexpr FlowField arp_sha{"arp_sha", 13, 16, 48};  // also nd_sll
inline constexpr FlowField arp_tha{"arp_tha", 14, 16, 48};  // also nd_tll
inline constexpr FlowField metadata{"metadata", 15, 0, 64};
inline constexpr FlowField tun_id{"tun_id", 16, 0, 64};

// Registers: 16 of 32 bits; an xreg is two of them, an xxreg four.
inline constexpr std::uint8_t xreg_word = 17;
inline constexpr FlowField xreg(unsigned n) {
    return {"xreg", static_cast<std::uint8_t>(xreg_word + n), 0, 64};
}
inline constexpr FlowField reg(unsigned n) {
    return {"reg", static_cast<std::uint8_t>(xreg_word + n / 2),
            static_cast<std::uint8_t>(n % 2 == 0 ? 32 : 0), 32};
}

// All of them, each bit of the key at most once.
inline constexpr std::array all{
    in_port,        eth_src,      eth_dst,  vlan_tpid, vlan_tci,       inner_vlan_tpid,
    inner_vlan_tci, eth_type,     ip_src,   ip_dst,    ipv6_src_high,  ipv6_src_low,
    ipv6_dst_high,  ipv6_dst_low, ip_proto, ip_tos,    ip_ttl,         ip_frag,
    ipv6_label,     tp_src,       tp_dst,   tcp_flags, nd_target_high, nd_target_low,
    arp_sha,        arp_tha,      metadata, tun_id,    xreg(0),        xreg(1),
    xreg(2),        xreg(3),      xreg(4),  xreg(5),   xreg(6),        xreg(7),
};
}  // namespace field

// The first word beyond layer 2.
inline constexpr std::size_t flow_words_l2 = 4;

inline constexpr std::uint16_t tci_present = 0x1000;
inline constexpr std::uint16_t tpid_vlan = 0x8100;      // IEEE 802.1Q
inline constexpr std::uint16_t tpid_provider = 0x88a8;  // IEEE 802.1ad: payload to a VLAN switch
inline constexpr std::uint16_t eth_type_802_3 = 0x05ff;

struct FlowKey {
    std::array<std::uint64_t, flow_words> words{};

    constexpr std::uint64_t get(const FlowField& field) const {
        return words[field.word] >> field.shift & field.ones();
    }
    // Bits of `value` above the field's width are ignored.
    constexpr void set(const FlowField& field, std::uint64_t value) {
        words[field.word] &= ~field.word_mask();
        words[field.word] |= (value & field.ones()) << field.shift;
    }

    PortNumber in_port() const { return static_cast<PortNumber>(get(field::in_port)); }
    MacAddress eth_src() const { return MacAddress::from_u64(get(field::eth_src)); }
    MacAddress eth_dst() const { return MacAddress::from_u64(get(field::eth_dst)); }

    // As the frame came in: nothing noted about it yet.
    constexpr FlowKey packet() const {
        FlowKey key;
        for (std::size_t i = 0; i < packet_words; ++i) key.words[i] = words[i];
        return key;
    }

    constexpr bool operator==(const FlowKey&) const = default;
};

// How far into a frame to look. A key of layer 2 has zeros from word flow_words_l2 on; it is
// enough, and cheaper, as long as no decision reads further.
enum class ParseDepth : std::uint8_t { layer_2, layer_4 };

// Reads `frame` once, never past its end, whatever its length and contents: a header that is cut
// off or contradicts itself ends the reading, and what was read until then stands.
FlowKey extract(std::span<const std::byte> frame, PortNumber in_port,
                ParseDepth depth = ParseDepth::layer_4) noexcept;

}  // namespace switchd
