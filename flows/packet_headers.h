// Where the headers of a frame begin: the one way of walking it that reading keys and editing
// fields share, so that what a key says is also what an edit writes.
//
// Nothing here reads past the end, whatever the frame's length and contents. A walk ends at a
// header that is cut off or contradicts itself, and never takes more than a few steps.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "flows/flow_key.h"
#include "switchd/core/bytes.h"

namespace switchd {

namespace ether {
inline constexpr std::uint16_t ipv4 = 0x0800, arp = 0x0806, rarp = 0x8035, ipv6 = 0x86dd;
inline constexpr std::uint16_t type_min = 0x0600;  // below, the field is a length (IEEE 802.3)
inline constexpr std::size_t addresses_bytes = 12;
inline constexpr std::size_t header_bytes = 14;
}  // namespace ether

namespace ip {
inline constexpr std::uint8_t hop_by_hop = 0, icmp = 1, tcp = 6, udp = 17, routing = 43,
                              fragment = 44, authentication = 51, icmpv6 = 58,
                              destination_options = 60, sctp = 132, udp_lite = 136;
inline constexpr std::size_t v4_bytes_min = 20;
inline constexpr std::size_t v6_bytes = 40;
// Bits of field::ip_frag.
inline constexpr std::uint8_t fragment_any = 1, fragment_later = 2;
}  // namespace ip

// What is left of the frame. Every read is behind a has() for at least as much.
class Rest {
public:
    explicit Rest(std::span<const std::byte> bytes) : at_(bytes.data()), left_(bytes.size()) {}

    bool has(std::size_t bytes) const { return left_ >= bytes; }
    std::size_t size() const { return left_; }
    const std::byte* at() const { return at_; }
    void skip(std::size_t bytes) {
        at_ += bytes;
        left_ -= bytes;
    }
    // What a length field says that follows; padding behind it is none of the packet.
    void limit(std::size_t bytes) { left_ = std::min(left_, bytes); }

    std::uint8_t u8(std::size_t offset) const { return std::to_integer<std::uint8_t>(at_[offset]); }
    std::uint16_t u16(std::size_t offset) const { return load<std::uint16_t>(offset); }
    std::uint32_t u32(std::size_t offset) const { return load<std::uint32_t>(offset); }
    std::uint64_t u64(std::size_t offset) const { return load<std::uint64_t>(offset); }
    std::uint64_t u48(std::size_t offset) const {
        return std::uint64_t{u16(offset)} << 32 | u32(offset + 2);
    }

private:
    template <class Unsigned>
    Unsigned load(std::size_t offset) const {
        return load_big_endian<Unsigned>(at_ + offset);
    }

    const std::byte* at_;
    std::size_t left_;
};

// Up to two VLAN tags in front of the Ethernet type, as word 3 of a flow key has them. A tag counts
// if something stands behind it. `rest` begins with the first type and has it.
inline std::uint64_t take_vlan_tags(Rest& rest) {
    std::uint64_t tags = 0;
    for (int shift = 32; shift >= 0; shift -= 32) {
        const std::uint16_t tpid = rest.u16(0);
        if (tpid != tpid_vlan && tpid != tpid_provider) break;
        tags |= std::uint64_t{tpid} << (shift + 16);
        if (!rest.has(6)) break;
        tags |= std::uint64_t{static_cast<std::uint16_t>(rest.u16(2) | tci_present)} << shift;
        rest.skip(4);
    }
    return tags;
}

// The Ethernet type, also out of an LLC/SNAP header; `rest` begins with the type or length and has
// it.
inline std::uint16_t take_eth_type(Rest& rest) {
    const std::uint16_t type = rest.u16(0);
    rest.skip(2);
    if (type >= ether::type_min) return type;
    constexpr std::uint64_t snap =
        0xaaaa03000000;  // with organization zero: an Ethernet type follows
    if (!rest.has(8) || rest.u48(0) != snap || rest.u16(6) < ether::type_min) return eth_type_802_3;
    const std::uint16_t inner = rest.u16(6);
    rest.skip(8);
    return inner;
}

// What an IP packet carries.
struct Transport {
    Rest rest;                  // of the packet, at the transport header if that is readable
    std::uint8_t protocol = 0;  // of the last header reached
    std::uint8_t fragment = 0;  // as in field::ip_frag
    bool readable = false;      // all headers in front of it are whole, and it is in this packet
    bool routed_elsewhere = false;  // IPv6: the destination is a stop on the way to another one
    std::uint16_t bytes = 0;  // what the IP header says, with all that is cut off; 0: not said
};

// The header itself is there and is one of IPv4, as far as one can tell from its first 20 bytes.
inline bool has_ipv4(const Rest& rest) {
    return rest.has(ip::v4_bytes_min) && rest.u8(0) >> 4 == 4 &&
           (rest.u8(0) & 0x0fu) * 4 >= ip::v4_bytes_min;
}

// For a packet with has_ipv4().
inline Transport ipv4_transport(Rest rest) {
    const std::size_t header_bytes = std::size_t{rest.u8(0) & 0x0fu} * 4;
    const std::uint16_t fragment_field = rest.u16(6);
    const bool later = (fragment_field & 0x1fff) != 0;
    const bool any = later || (fragment_field & 0x2000) != 0;
    const std::uint8_t protocol = rest.u8(9);
    const auto fragment =
        static_cast<std::uint8_t>((any ? ip::fragment_any : 0) | (later ? ip::fragment_later : 0));
    const std::size_t total_bytes = rest.u16(2);
    const bool readable = !later && total_bytes >= header_bytes && rest.has(header_bytes);
    if (!readable) return {rest, protocol, fragment};
    rest.limit(total_bytes);
    rest.skip(header_bytes);
    return {.rest = rest,
            .protocol = protocol,
            .fragment = fragment,
            .readable = true,
            .bytes = static_cast<std::uint16_t>(total_bytes - header_bytes)};
}

inline bool has_ipv6(const Rest& rest) {
    return rest.has(ip::v6_bytes) && rest.u8(0) >> 4 == 6;
}

// For a packet with has_ipv6(): behind its extension headers.
inline Transport ipv6_transport(Rest rest) {
    // Long chains are legal and nobody makes them; each costs a step, and a frame has room for
    // thousands.
    constexpr int extensions_max = 8;

    std::uint8_t protocol = rest.u8(6);
    const std::uint16_t payload_bytes = rest.u16(4);
    rest.skip(ip::v6_bytes);
    const std::byte* const payload = rest.at();
    if (payload_bytes != 0) rest.limit(payload_bytes);  // 0: a jumbogram

    std::uint8_t fragment = 0;
    bool readable = true, routed_elsewhere = false;
    for (int i = 0; readable; ++i) {
        const bool is_fragment = protocol == ip::fragment;
        const bool is_option = protocol == ip::hop_by_hop || protocol == ip::routing ||
                               protocol == ip::destination_options ||
                               protocol == ip::authentication;
        if (!is_fragment && !is_option) break;
        if (i == extensions_max || !rest.has(8)) {
            readable = false;
            break;
        }
        std::size_t bytes = 8;
        if (protocol == ip::authentication)
            bytes = (std::size_t{rest.u8(1)} + 2) * 4;
        else if (is_option)
            bytes = (std::size_t{rest.u8(1)} + 1) * 8;
        if (is_fragment) {
            const std::uint16_t offset_and_more = rest.u16(2);
            const bool later = (offset_and_more & 0xfff8) != 0;
            if (later || (offset_and_more & 1) != 0) fragment |= ip::fragment_any;
            if (later) {
                // Its protocol is that of fragments, unlike in IPv4: so does Open vSwitch have it.
                fragment |= ip::fragment_later;
                readable = false;
                break;
            }
        }
        if (protocol == ip::routing && rest.u8(3) != 0) routed_elsewhere = true;
        if (!rest.has(bytes)) {
            readable = false;
            break;
        }
        protocol = rest.u8(0);
        rest.skip(bytes);
    }
    const auto bytes = payload_bytes == 0 ? 0 : payload_bytes - (rest.at() - payload);
    return {rest,     protocol,         fragment,
            readable, routed_elsewhere, static_cast<std::uint16_t>(bytes)};
}

// Neighbour discovery, with the target in bytes 8 to 23 and options from byte 24 on.
inline bool is_neighbour_discovery(std::uint8_t protocol, const Rest& icmp) {
    return protocol == ip::icmpv6 && icmp.has(24) && (icmp.u8(0) == 135 || icmp.u8(0) == 136) &&
           icmp.u8(1) == 0;
}

// Calls `found(option)` for each option of neighbour discovery that holds one link-layer address:
// its type is option.u8(0), the address its bytes 2 to 7.
template <class Found>
void for_each_nd_address(Rest rest, Found found) {
    constexpr int options_max = 8;
    rest.skip(24);
    for (int i = 0; i < options_max && rest.has(8); ++i) {
        const std::size_t bytes = std::size_t{rest.u8(1)} * 8;
        if (bytes == 0 || !rest.has(bytes)) return;
        if (bytes == 8 && (rest.u8(0) == 1 || rest.u8(0) == 2)) found(rest);
        rest.skip(bytes);
    }
}

// Ethernet and IPv4 addresses, whole.
inline bool has_arp(const Rest& rest) {
    constexpr std::uint64_t ethernet_and_ipv4 = 0x000108000604;
    return rest.has(28) && rest.u48(0) == ethernet_and_ipv4;
}

}  // namespace switchd
