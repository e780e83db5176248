#include "flows/flow_key.h"

#include "flows/packet_headers.h"

namespace switchd {
namespace {

void read_nd(Rest rest, FlowKey& key) {
    key.words[11] = rest.u64(8);
    key.words[12] = rest.u64(16);
    for_each_nd_address(rest, [&](const Rest& option) {
        key.set(option.u8(0) == 1 ? field::arp_sha : field::arp_tha, option.u48(2));
    });
}

void read_transport(Rest rest, std::uint8_t protocol, FlowKey& key) {
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
        case ip::icmpv6:
            if (!rest.has(2)) return;
            key.set(field::tp_src, rest.u8(0));
            key.set(field::tp_dst, rest.u8(1));
            if (is_neighbour_discovery(protocol, rest)) read_nd(rest, key);
            return;
        default: return;
    }
}

std::uint64_t l3_word(std::uint64_t protocol, std::uint64_t tos, std::uint64_t ttl,
                      std::uint64_t fragment) {
    return protocol << 48 | tos << 40 | ttl << 32 | fragment << 24;
}

void read_ipv4(const Rest& rest, FlowKey& key) {
    if (!has_ipv4(rest)) return;
    const Transport transport = ipv4_transport(rest);
    key.words[4] = rest.u64(12);
    key.words[9] = l3_word(transport.protocol, rest.u8(1), rest.u8(8), transport.fragment);
    if (transport.readable) read_transport(transport.rest, transport.protocol, key);
}

void read_ipv6(const Rest& rest, FlowKey& key) {
    if (!has_ipv6(rest)) return;
    const std::uint32_t first = rest.u32(0);
    for (std::size_t i = 0; i < 4; ++i) key.words[5 + i] = rest.u64(8 + 8 * i);
    const Transport transport = ipv6_transport(rest);
    key.words[9] = l3_word(transport.protocol, first >> 20 & 0xff, rest.u8(7), transport.fragment) |
                   (first & 0xfffff);
    if (transport.readable) read_transport(transport.rest, transport.protocol, key);
}

void read_arp(const Rest& rest, FlowKey& key) {
    if (!has_arp(rest)) return;
    // As in Open vSwitch: an operation that needs more than eight bits is none.
    const std::uint16_t operation = rest.u16(6);
    key.set(field::ip_proto, operation <= 0xff ? operation : 0);
    key.set(field::arp_sha, rest.u48(8));
    key.set(field::arp_tha, rest.u48(18));
    key.words[4] = std::uint64_t{rest.u32(14)} << 32 | rest.u32(24);
}

}  // namespace

FlowKey extract(std::span<const std::byte> frame, PortNumber in_port, ParseDepth depth) noexcept {
    FlowKey key;
    key.words[0] = std::uint64_t{in_port} << 32;
    Rest rest{frame};
    if (!rest.has(ether::header_bytes)) {
        if (rest.has(6)) key.set(field::eth_dst, rest.u48(0));
        if (rest.has(12)) key.set(field::eth_src, rest.u48(6));
        return key;
    }
    constexpr std::uint64_t address_bits = ~std::uint64_t{0xffff};
    key.words[1] = rest.u64(0) & address_bits;
    key.words[2] = rest.u64(6) & address_bits;
    rest.skip(ether::addresses_bytes);
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
