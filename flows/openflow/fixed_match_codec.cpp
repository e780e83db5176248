#include "flows/openflow/fixed_match_codec.h"

#include <bit>
#include <optional>

#include "flows/match_field.h"
#include "flows/numbers.h"
#include "flows/openflow/match_codec.h"
#include "flows/packet_headers.h"

namespace switchd::openflow {
namespace {

// The other bits of the field stay as they are.
void put(Match& match, const MatchField& field, FieldValue value, FieldValue mask) {
    field.set(match.key, (field.get(match.key) & ~mask) | (value & mask));
    field.fold(match.mask, mask);
}
void put(Match& match, FieldId id, std::uint64_t value) {
    put(match, match_field(id), {0, value}, match_field(id).ones());
}
void put(Match& match, FieldId id, std::uint64_t value, std::uint64_t mask) {
    put(match, match_field(id), {0, value}, {0, mask});
}

bool exact(const Match& match, FieldId id) {
    const MatchField& field = match_field(id);
    return field.get(match.mask) == field.ones();
}
std::uint64_t value_of(const Match& match, FieldId id) {
    return match_field(id).get(match.key).low;
}
std::uint64_t mask_of(const Match& match, FieldId id) {
    return match_field(id).get(match.mask).low;
}

// What 1.0 and 1.1 have in common above layer 2; null: wildcarded.
struct NetworkPart {
    std::optional<std::uint8_t> tos;
    std::optional<std::uint8_t> protocol;
    std::uint32_t source = 0;
    std::uint32_t source_mask = 0;
    std::uint32_t destination = 0;
    std::uint32_t destination_mask = 0;
    std::optional<std::uint16_t> port_source;
    std::optional<std::uint16_t> port_destination;
};

void put_addresses(Match& match, const NetworkPart& part, FieldId source, FieldId destination) {
    put(match, source, part.source, part.source_mask);
    put(match, destination, part.destination, part.destination_mask);
}

void put_ports(Match& match, const NetworkPart& part, FieldId source, FieldId destination) {
    if (part.port_source) put(match, source, *part.port_source);
    if (part.port_destination) put(match, destination, *part.port_destination);
}

void put_transport(Match& match, const NetworkPart& part, bool ipv6) {
    if (!part.protocol) return;
    if (*part.protocol == ip::tcp)
        put_ports(match, part, FieldId::tcp_src, FieldId::tcp_dst);
    else if (*part.protocol == ip::udp)
        put_ports(match, part, FieldId::udp_src, FieldId::udp_dst);
    else if (*part.protocol == ip::sctp)
        put_ports(match, part, FieldId::sctp_src, FieldId::sctp_dst);
    else if (*part.protocol == ip::icmp && !ipv6)
        put_ports(match, part, FieldId::icmpv4_type, FieldId::icmpv4_code);
    else if (*part.protocol == ip::icmpv6 && ipv6)
        put_ports(match, part, FieldId::icmpv6_type, FieldId::icmpv6_code);
}

void put_network(Match& match, const NetworkPart& part, bool ipv6_too) {
    if (!exact(match, FieldId::eth_type)) return;
    const std::uint64_t type = value_of(match, FieldId::eth_type);
    if (type == ether::arp || type == ether::rarp) {
        if (part.protocol) put(match, FieldId::arp_op, *part.protocol);
        put_addresses(match, part, FieldId::arp_spa, FieldId::arp_tpa);
    } else if (type == ether::ipv4 || (type == ether::ipv6 && ipv6_too)) {
        if (part.tos) put(match, FieldId::ip_dscp, *part.tos >> 2);
        if (part.protocol) put(match, FieldId::ip_proto, *part.protocol);
        if (type == ether::ipv4) put_addresses(match, part, FieldId::ipv4_src, FieldId::ipv4_dst);
        put_transport(match, part, type == ether::ipv6);
    }
}

// The reverse: what of the match 1.0 and 1.1 can say above layer 2.
NetworkPart network_part(const Match& match) {
    NetworkPart part;
    const auto says = [&](Prerequisite prerequisite) {
        return prerequisite_met(prerequisite, match);
    };
    const auto addresses = [&](FieldId source, FieldId destination) {
        part.source = static_cast<std::uint32_t>(value_of(match, source));
        part.source_mask = static_cast<std::uint32_t>(mask_of(match, source));
        part.destination = static_cast<std::uint32_t>(value_of(match, destination));
        part.destination_mask = static_cast<std::uint32_t>(mask_of(match, destination));
    };
    const auto ports = [&](FieldId source, FieldId destination) {
        if (exact(match, source))
            part.port_source = static_cast<std::uint16_t>(value_of(match, source));
        if (exact(match, destination))
            part.port_destination = static_cast<std::uint16_t>(value_of(match, destination));
    };
    if (says(Prerequisite::arp)) {
        if (exact(match, FieldId::arp_op))
            part.protocol = static_cast<std::uint8_t>(value_of(match, FieldId::arp_op));
        addresses(FieldId::arp_spa, FieldId::arp_tpa);
    } else if (says(Prerequisite::ip)) {
        if (exact(match, FieldId::ip_dscp))
            part.tos = static_cast<std::uint8_t>(value_of(match, FieldId::ip_dscp) << 2);
        if (exact(match, FieldId::ip_proto))
            part.protocol = static_cast<std::uint8_t>(value_of(match, FieldId::ip_proto));
        if (says(Prerequisite::ipv4)) addresses(FieldId::ipv4_src, FieldId::ipv4_dst);
        if (says(Prerequisite::tcp)) ports(FieldId::tcp_src, FieldId::tcp_dst);
        if (says(Prerequisite::udp)) ports(FieldId::udp_src, FieldId::udp_dst);
        if (says(Prerequisite::sctp)) ports(FieldId::sctp_src, FieldId::sctp_dst);
        if (says(Prerequisite::icmpv4)) ports(FieldId::icmpv4_type, FieldId::icmpv4_code);
        if (says(Prerequisite::icmpv6)) ports(FieldId::icmpv6_type, FieldId::icmpv6_code);
    }
    return part;
}

// ofp10_match's and ofp11_match's wildcard bits; the lowest eight differ.
namespace wildcard_1_0 {
constexpr std::uint32_t in_port = 1 << 0, vlan = 1 << 1, eth_src = 1 << 2, eth_dst = 1 << 3,
                        eth_type = 1 << 4, protocol = 1 << 5, port_source = 1 << 6,
                        port_destination = 1 << 7, pcp = 1 << 20, tos = 1 << 21;
constexpr unsigned source_shift = 8, destination_shift = 14;
constexpr std::uint32_t address_bits = 0x3f;  // how many low bits of an address do not matter
}  // namespace wildcard_1_0
namespace wildcard_1_1 {
constexpr std::uint32_t in_port = 1 << 0, vlan = 1 << 1, pcp = 1 << 2, eth_type = 1 << 3,
                        tos = 1 << 4, protocol = 1 << 5, port_source = 1 << 6,
                        port_destination = 1 << 7, mpls_label = 1 << 8, mpls_tc = 1 << 9;
}  // namespace wildcard_1_1
constexpr std::uint16_t vlan_untagged = 0xffff, vlan_any_tag_1_1 = 0xfffe;

std::uint32_t prefix_mask(std::uint32_t low_bits) {
    return low_bits >= 32 ? 0 : ~std::uint32_t{0} << low_bits;
}
// 32, everything, for what is no prefix.
std::uint32_t low_bits_of(std::uint32_t mask) {
    const auto low = static_cast<std::uint32_t>(std::countr_zero(mask));
    return mask == prefix_mask(low) ? low : 32;
}

// What a match says about the outer tag, in the terms of 1.0 and 1.1.
struct VlanPart {
    bool untagged = false;
    bool tagged = false;  // some tag, whatever the rest
    std::optional<std::uint16_t> vid;
    std::optional<std::uint8_t> pcp;
};
VlanPart vlan_part(const Match& match) {
    VlanPart part;
    const auto value = static_cast<std::uint16_t>(value_of(match, FieldId::vlan_tci));
    const auto mask = static_cast<std::uint16_t>(mask_of(match, FieldId::vlan_tci));
    if ((mask & tci_present) == 0) return part;
    part.untagged = (value & tci_present) == 0;
    part.tagged = !part.untagged;
    if (part.untagged) return part;
    if ((mask & vlan_id_bits) == vlan_id_bits) part.vid = value & vlan_id_bits;
    if (mask >> 13 == 7) part.pcp = static_cast<std::uint8_t>(value >> 13);
    return part;
}

}  // namespace

std::expected<Match, Error> decode_match_1_0(Reader& reader) {
    namespace w = wildcard_1_0;
    Match match;
    const std::uint32_t wildcards = reader.u32();
    const auto is_wild = [&](std::uint32_t bit) { return (wildcards & bit) != 0; };
    const std::uint16_t in_port = reader.u16();
    if (!is_wild(w::in_port)) put(match, FieldId::in_port, port_from_16(in_port));
    const std::uint64_t eth_src = reader.number(6);
    if (!is_wild(w::eth_src)) put(match, FieldId::eth_src, eth_src);
    const std::uint64_t eth_dst = reader.number(6);
    if (!is_wild(w::eth_dst)) put(match, FieldId::eth_dst, eth_dst);
    const std::uint16_t vid = reader.u16();
    const std::uint8_t pcp = reader.u8() & 7;
    if (!is_wild(w::vlan) && vid == vlan_untagged) {
        put(match, FieldId::vlan_tci, 0);
    } else {
        if (!is_wild(w::vlan)) put(match, FieldId::vlan_vid, (vid & vlan_id_bits) | tci_present);
        if (!is_wild(w::pcp)) {
            put(match, FieldId::vlan_tci, tci_present, tci_present);
            put(match, FieldId::vlan_pcp, pcp);
        }
    }
    reader.skip(1);
    const std::uint16_t eth_type = reader.u16();
    if (!is_wild(w::eth_type)) put(match, FieldId::eth_type, eth_type);
    NetworkPart part;
    const std::uint8_t tos = reader.u8();
    if (!is_wild(w::tos)) part.tos = tos;
    const std::uint8_t protocol = reader.u8();
    if (!is_wild(w::protocol)) part.protocol = protocol;
    reader.skip(2);
    part.source = reader.u32();
    part.source_mask = prefix_mask(wildcards >> w::source_shift & w::address_bits);
    part.destination = reader.u32();
    part.destination_mask = prefix_mask(wildcards >> w::destination_shift & w::address_bits);
    const std::uint16_t port_source = reader.u16();
    if (!is_wild(w::port_source)) part.port_source = port_source;
    const std::uint16_t port_destination = reader.u16();
    if (!is_wild(w::port_destination)) part.port_destination = port_destination;
    if (!reader.ok()) return std::unexpected(Error::bmc_bad_len);
    put_network(match, part, true);
    return match;
}
void encode_match_1_0(Writer& writer, const Match& match) {
    namespace w = wildcard_1_0;
    const VlanPart vlan = vlan_part(match);
    const NetworkPart part = network_part(match);
    std::uint32_t wildcards = 0;
    const auto wild = [&](bool is, std::uint32_t bit) {
        if (is) wildcards |= bit;
    };
    wild(!exact(match, FieldId::in_port), w::in_port);
    wild(!exact(match, FieldId::eth_src), w::eth_src);
    wild(!exact(match, FieldId::eth_dst), w::eth_dst);
    wild(!exact(match, FieldId::eth_type), w::eth_type);
    wild(!vlan.untagged && !vlan.vid, w::vlan);
    wild(!vlan.untagged && !vlan.pcp, w::pcp);
    wild(!part.tos, w::tos);
    wild(!part.protocol, w::protocol);
    wild(!part.port_source, w::port_source);
    wild(!part.port_destination, w::port_destination);
    const std::uint32_t source_low = low_bits_of(part.source_mask);
    const std::uint32_t destination_low = low_bits_of(part.destination_mask);
    wildcards |= source_low << w::source_shift | destination_low << w::destination_shift;

    const auto if_exact = [&](FieldId id) { return exact(match, id) ? value_of(match, id) : 0; };
    writer.u32(wildcards);
    writer.u16(port_to_16(static_cast<PortNumber>(if_exact(FieldId::in_port))));
    writer.number(if_exact(FieldId::eth_src), 6);
    writer.number(if_exact(FieldId::eth_dst), 6);
    writer.u16(vlan.untagged ? vlan_untagged : vlan.vid.value_or(0));
    writer.u8(vlan.pcp.value_or(0));
    writer.u8(0);
    writer.u16(static_cast<std::uint16_t>(if_exact(FieldId::eth_type)));
    writer.u8(part.tos.value_or(0));
    writer.u8(part.protocol.value_or(0));
    writer.u16(0);
    writer.u32(part.source & prefix_mask(source_low));
    writer.u32(part.destination & prefix_mask(destination_low));
    writer.u16(part.port_source.value_or(0));
    writer.u16(part.port_destination.value_or(0));
}
std::expected<Match, Error> decode_match_1_1(Reader& reader) {
    namespace w = wildcard_1_1;
    Match match;
    const std::uint32_t in_port = reader.u32();
    const std::uint32_t wildcards = reader.u32();
    const auto is_wild = [&](std::uint32_t bit) { return (wildcards & bit) != 0; };
    for (const FieldId id : {FieldId::eth_src, FieldId::eth_dst}) {
        const std::uint64_t value = reader.number(6);
        put(match, id, value, ~reader.number(6) & match_field(id).ones().low);
    }
    const std::uint16_t vid = reader.u16();
    const std::uint8_t pcp = reader.u8();
    reader.skip(1);
    const std::uint16_t eth_type = reader.u16();
    NetworkPart part;
    const std::uint8_t tos = reader.u8();
    const std::uint8_t protocol = reader.u8();
    part.source = reader.u32();
    part.source_mask = ~reader.u32();
    part.destination = reader.u32();
    part.destination_mask = ~reader.u32();
    const std::uint16_t port_source = reader.u16();
    const std::uint16_t port_destination = reader.u16();
    reader.skip(8);  // MPLS label and traffic class
    const std::uint64_t metadata = reader.u64();
    put(match, FieldId::metadata, metadata, ~reader.u64());
    if (!reader.ok()) return std::unexpected(Error::bmc_bad_len);

    if (!is_wild(w::in_port)) {
        if (!valid_port(in_port)) return std::unexpected(Error::bmc_bad_value);
        put(match, FieldId::in_port, in_port);
    }
    if (!is_wild(w::vlan)) {
        if (vid == vlan_untagged) {
            put(match, FieldId::vlan_vid, 0);
        } else {
            if (vid == vlan_any_tag_1_1)
                put(match, FieldId::vlan_tci, tci_present, tci_present);
            else if (vid <= vlan_id_bits)
                put(match, FieldId::vlan_vid, vid | tci_present);
            else
                return std::unexpected(Error::bmc_bad_value);
            if (!is_wild(w::pcp)) {
                if (pcp > 7) return std::unexpected(Error::bmc_bad_value);
                put(match, FieldId::vlan_pcp, pcp);
            }
        }
    }
    if (!is_wild(w::eth_type)) put(match, FieldId::eth_type, eth_type);
    if (!is_wild(w::tos)) part.tos = tos;
    if (!is_wild(w::protocol)) part.protocol = protocol;
    if (!is_wild(w::port_source)) part.port_source = port_source;
    if (!is_wild(w::port_destination)) part.port_destination = port_destination;
    if (!is_wild(w::eth_type)) {
        const bool mpls = eth_type == 0x8847 || eth_type == 0x8848;
        if (mpls && !(is_wild(w::mpls_label) && is_wild(w::mpls_tc)))
            return std::unexpected(Error::bmc_bad_tag);
        if (eth_type == ether::ipv4) {
            if (part.tos && (*part.tos & 3) != 0) return std::unexpected(Error::bmc_bad_value);
            const bool icmp = part.protocol == ip::icmp;
            if (icmp &&
                (part.port_source.value_or(0) > 0xff || part.port_destination.value_or(0) > 0xff))
                return std::unexpected(Error::bmc_bad_field);
        }
    }
    put_network(match, part, false);
    return match;
}
void encode_match_1_1(Writer& writer, const Match& match) {
    namespace w = wildcard_1_1;
    const VlanPart vlan = vlan_part(match);
    const NetworkPart part = network_part(match);
    std::uint32_t wildcards = w::mpls_label | w::mpls_tc;
    const auto wild = [&](bool is, std::uint32_t bit) {
        if (is) wildcards |= bit;
    };
    wild(!exact(match, FieldId::in_port), w::in_port);
    wild(!vlan.untagged && !vlan.tagged, w::vlan);
    wild(!vlan.pcp, w::pcp);
    wild(!exact(match, FieldId::eth_type), w::eth_type);
    wild(!part.tos, w::tos);
    wild(!part.protocol, w::protocol);
    wild(!part.port_source, w::port_source);
    wild(!part.port_destination, w::port_destination);

    const auto masked = [&](FieldId id, std::size_t bytes) {
        writer.number(value_of(match, id), bytes);
        writer.number(~mask_of(match, id), bytes);
    };
    writer.u16(match_type_standard);
    writer.u16(match_1_1_bytes);
    writer.u32(static_cast<PortNumber>(value_of(match, FieldId::in_port)));
    writer.u32(wildcards);
    masked(FieldId::eth_src, 6);
    masked(FieldId::eth_dst, 6);
    if (vlan.untagged)
        writer.u16(vlan_untagged);
    else if (vlan.tagged)
        writer.u16(vlan.vid.value_or(vlan_any_tag_1_1));
    else
        writer.u16(0);
    writer.u8(vlan.pcp.value_or(0));
    writer.u8(0);
    writer.u16(static_cast<std::uint16_t>(value_of(match, FieldId::eth_type)));
    writer.u8(part.tos.value_or(0));
    writer.u8(part.protocol.value_or(0));
    writer.u32(part.source);
    writer.u32(~part.source_mask);
    writer.u32(part.destination);
    writer.u32(~part.destination_mask);
    writer.u16(part.port_source.value_or(0));
    writer.u16(part.port_destination.value_or(0));
    writer.zeros(8);
    masked(FieldId::metadata, 8);
}

}  // namespace switchd::openflow
