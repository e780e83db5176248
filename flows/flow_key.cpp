#include "flows/flow_key.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace switchd {
namespace {

constexpr std::size_t ethernet_bytes = 14;
constexpr std::size_t ipv4_bytes_min = 20;
constexpr std::size_t ipv6_bytes = 40;
constexpr std::size_t arp_bytes = 28;

// Long chains are legal and nobody makes them; each costs a step, and a frame has room for
// thousands.
constexpr int ipv6_extensions_max = 8;
constexpr int nd_options_max = 8;

namespace ether {
constexpr std::uint16_t ipv4 = 0x0800, arp = 0x0806, rarp = 0x8035, ipv6 = 0x86dd;
constexpr std::uint16_t type_min = 0x0600;  // below, the field is a length (IEEE 802.3)
}  // namespace ether

namespace ip {
constexpr std::uint8_t hop_by_hop = 0, icmp = 1, tcp = 6, udp = 17, routing = 43, fragment = 44,
                       authentication = 51, icmpv6 = 58, destination_options = 60, sctp = 132,
                       udp_lite = 136;
}  // namespace ip

constexpr std::uint64_t fragment_any = 1, fragment_later = 2;

// What is left of the frame. Every read below is behind a has() for at least as much.
class Rest {
public:
    explicit Rest(std::span<const std::byte> bytes) : at_(bytes.data()), left_(bytes.size()) {}

    bool has(std::size_t bytes) const { return left_ >= bytes; }
    std::size_t size() const { return left_; }
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
        Unsigned value;
        std::memcpy(&value, at_ + offset, sizeof value);
        return std::endian::native == std::endian::little ? std::byteswap(value) : value;
    }

    const std::byte* at_;
    std::size_t left_;
};

bool is_vlan_tpid(std::uint16_t type) {
    return type == tpid_vlan || type == tpid_provider;
}

// Up to two tags in front of the Ethernet type. A tag counts if something stands behind it.
std::uint64_t take_vlan_tags(Rest& rest) {
    std::uint64_t tags = 0;
    for (int shift = 32; shift >= 0; shift -= 32) {
        const std::uint16_t tpid = rest.u16(0);
        if (!is_vlan_tpid(tpid)) break;
        tags |= std::uint64_t{tpid} << (shift + 16);
        if (!rest.has(6)) break;
        tags |= std::uint64_t{static_cast<std::uint16_t>(rest.u16(2) | tci_present)} << shift;
        rest.skip(4);
    }
    return tags;
}

// The Ethernet type, also out of an LLC/SNAP header; `rest` begins with the type or length.
std::uint16_t take_eth_type(Rest& rest) {
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

void read_nd(Rest rest, FlowKey& key) {
    if (!rest.has(24)) return;
    key.words[11] = rest.u64(8);
    key.words[12] = rest.u64(16);
    rest.skip(24);
    for (int i = 0; i < nd_options_max && rest.has(8); ++i) {
        const std::size_t bytes = std::size_t{rest.u8(1)} * 8;
        if (bytes == 0 || !rest.has(bytes)) return;
        if (bytes == 8 && rest.u8(0) == 1) key.set(field::arp_sha, rest.u48(2));
        if (bytes == 8 && rest.u8(0) == 2) key.set(field::arp_tha, rest.u48(2));
        rest.skip(bytes);
    }
}

void read_transport(Rest rest, unsigned protocol, FlowKey& key) {
    switch (protocol) {
        case ip::tcp:
            if (!rest.has(4)) return;
            key.words[10] = std::uint64_t{rest.u32(0)} << 32;
            if (rest.has(14)) key.words[10] |= std::uint64_t{rest.u16(12) & 0x0fffu} << 16;
            return;
        case ip::udp:
        case ip::udp_lite:
        case ip::sctp:
            if (rest.has(4)) key.words[10] = std::uint64_t{rest.u32(0)} << 32;
            return;
        case ip::icmp:
        case ip::icmpv6: {
            if (!rest.has(2)) return;
            const std::uint8_t type = rest.u8(0);
            key.set(field::tp_src, type);
            key.set(field::tp_dst, rest.u8(1));
            const bool neighbour = type == 135 || type == 136;
            if (protocol == ip::icmpv6 && neighbour && rest.u8(1) == 0) read_nd(rest, key);
            return;
        }
        default: return;
    }
}

std::uint64_t l3_word(std::uint64_t protocol, std::uint64_t tos, std::uint64_t ttl,
                      std::uint64_t fragment) {
    return protocol << 48 | tos << 40 | ttl << 32 | fragment << 24;
}

void read_ipv4(Rest rest, FlowKey& key) {
    if (!rest.has(ipv4_bytes_min)) return;
    const std::size_t header_bytes = std::size_t{rest.u8(0) & 0x0fu} * 4;
    if (rest.u8(0) >> 4 != 4 || header_bytes < ipv4_bytes_min) return;

    const std::uint16_t fragment_field = rest.u16(6);
    const bool later = (fragment_field & 0x1fff) != 0;
    const bool any = later || (fragment_field & 0x2000) != 0;
    const std::uint8_t protocol = rest.u8(9);
    key.words[4] = rest.u64(12);
    key.words[9] = l3_word(protocol, rest.u8(1), rest.u8(8),
                           (any ? fragment_any : 0) | (later ? fragment_later : 0));

    const std::size_t total_bytes = rest.u16(2);
    if (later || total_bytes < header_bytes || !rest.has(header_bytes)) return;
    rest.limit(total_bytes);
    rest.skip(header_bytes);
    read_transport(rest, protocol, key);
}

void read_ipv6(Rest rest, FlowKey& key) {
    if (!rest.has(ipv6_bytes) || rest.u8(0) >> 4 != 6) return;
    const std::uint32_t first = rest.u32(0);
    const std::uint16_t payload_bytes = rest.u16(4);
    const std::uint8_t hop_limit = rest.u8(7);
    std::uint8_t protocol = rest.u8(6);
    for (std::size_t i = 0; i < 4; ++i) key.words[5 + i] = rest.u64(8 + 8 * i);
    rest.skip(ipv6_bytes);
    if (payload_bytes != 0) rest.limit(payload_bytes);  // 0: a jumbogram

    std::uint64_t fragment = 0;
    bool readable = true;
    for (int i = 0; readable; ++i) {
        const bool is_fragment = protocol == ip::fragment;
        const bool is_option = protocol == ip::hop_by_hop || protocol == ip::routing ||
                               protocol == ip::destination_options ||
                               protocol == ip::authentication;
        if (!is_fragment && !is_option) break;
        if (i == ipv6_extensions_max || !rest.has(8)) {
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
            if (later || (offset_and_more & 1) != 0) fragment |= fragment_any;
            if (later) {
                fragment |= fragment_later;
                readable = false;
            }
        }
        if (!rest.has(bytes)) {
            readable = false;
            break;
        }
        protocol = rest.u8(0);
        rest.skip(bytes);
    }
    key.words[9] = l3_word(protocol, first >> 20 & 0xff, hop_limit, fragment) | (first & 0xfffff);
    if (readable) read_transport(rest, protocol, key);
}

void read_arp(const Rest& rest, FlowKey& key) {
    constexpr std::uint64_t ethernet_and_ipv4 = 0x000108000604;
    if (!rest.has(arp_bytes) || rest.u48(0) != ethernet_and_ipv4) return;
    key.set(field::ip_proto, rest.u16(6));
    key.set(field::arp_sha, rest.u48(8));
    key.set(field::arp_tha, rest.u48(18));
    key.words[4] = std::uint64_t{rest.u32(14)} << 32 | rest.u32(24);
}

}  // namespace

FlowKey extract(std::span<const std::byte> frame, PortNumber in_port, ParseDepth depth) noexcept {
    FlowKey key;
    key.words[0] = std::uint64_t{in_port} << 32;
    Rest rest{frame};
    if (!rest.has(ethernet_bytes)) {
        if (rest.has(6)) key.set(field::eth_dst, rest.u48(0));
        if (rest.has(12)) key.set(field::eth_src, rest.u48(6));
        return key;
    }
    constexpr std::uint64_t address_bits = ~std::uint64_t{0xffff};
    key.words[1] = rest.u64(0) & address_bits;
    key.words[2] = rest.u64(6) & address_bits;
    rest.skip(12);
    key.words[3] = take_vlan_tags(rest);
    const std::uint16_t type = take_eth_type(rest);
    key.words[1] |= type;
    if (depth == ParseDepth::layer_2) return key;

    switch (type) {
        case ether::ipv4: read_ipv4(rest, key); break;
        case ether::ipv6: read_ipv6(rest, key); break;
        case ether::arp:
        case ether::rarp: read_arp(rest, key); break;
        default: break;
    }
    return key;
}

}  // namespace switchd
