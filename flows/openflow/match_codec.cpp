#include "flows/openflow/match_codec.h"

#include <bit>
#include <optional>

#include "flows/openflow/header.h"

namespace switchd::openflow {
namespace {

constexpr std::uint32_t class_nicira_max = 0x0001;
constexpr std::uint32_t class_experimenter = 0xffff;
constexpr std::uint32_t onf_tcp_flags = 42;
constexpr std::uint16_t match_type_standard = 0, match_type_oxm = 1;

constexpr std::uint32_t code(std::uint32_t oxm_class, std::uint32_t number, std::uint32_t bytes) {
    return oxm_class << 16 | number << 9 | bytes;
}
// No fields of a packet: a condition on the rule, and the one packet type that there is here.
constexpr std::uint32_t cookie_code = code(0x0001, 30, 8);
constexpr std::uint32_t packet_type_code = code(0x8000, 44, 4);

constexpr std::uint16_t type_ipv4 = 0x0800, type_arp = 0x0806, type_rarp = 0x8035,
                        type_ipv6 = 0x86dd;
constexpr std::uint8_t protocol_icmpv4 = 1, protocol_tcp = 6, protocol_udp = 17,
                       protocol_icmpv6 = 58, protocol_sctp = 132;
constexpr std::uint16_t vlan_id_bits = 0x0fff;

FieldValue read_value(Reader& reader, std::size_t bytes) {
    FieldValue value;
    if (bytes > 8) value.high = reader.number(bytes - 8);
    value.low = reader.number(std::min<std::size_t>(bytes, 8));
    return value;
}

void write_value(Writer& writer, FieldValue value, std::size_t bytes) {
    if (bytes > 8) writer.number(value.high, bytes - 8);
    writer.number(value.low, std::min<std::size_t>(bytes, 8));
}

// A code as it stands on the wire: `code` is that of the field without a mask.
struct EntryHeader {
    std::uint32_t code = 0;
    std::size_t bytes = 0;  // of the value
    bool masked = false;
    bool known_class = true;
    bool nicira() const { return code >> 16 <= class_nicira_max; }
};

std::expected<EntryHeader, Error> read_entry_header(Reader& reader) {
    const std::uint32_t header = reader.u32();
    EntryHeader entry;
    entry.masked = (header & 0x100) != 0;
    std::uint32_t oxm_class = header >> 16;
    const std::uint32_t number = header >> 9 & 0x7f;
    std::size_t length = header & 0xff;
    if (oxm_class == class_experimenter) {
        if (length < 4) return std::unexpected(Error::bmc_bad_len);
        length -= 4;
        entry.known_class = reader.u32() == vendor_onf && number == onf_tcp_flags;
        oxm_class = 0x8000;
    }
    if (!reader.ok()) return std::unexpected(Error::bmc_bad_len);
    if (entry.masked && length % 2 != 0) return std::unexpected(Error::bmc_bad_field);
    entry.bytes = entry.masked ? length / 2 : length;
    entry.code = code(oxm_class, number, static_cast<std::uint32_t>(entry.bytes));
    return entry;
}

const MatchField* field_of(const EntryHeader& header) {
    if (!header.known_class) return nullptr;
    return header.nicira() ? field_of_nxm(header.code) : field_of_oxm(header.code);
}

FieldValue all_ones(std::size_t bytes) {
    if (bytes >= 16) return {~std::uint64_t{0}, ~std::uint64_t{0}};
    if (bytes >= 8) return {0, ~std::uint64_t{0}};
    return {0, (std::uint64_t{1} << 8 * bytes) - 1};
}

// The value and the mask behind the header, as they stand there.
struct RawValue {
    FieldValue value;
    FieldValue mask;
};
std::expected<RawValue, Error> read_raw_value(Reader& reader, const EntryHeader& header) {
    RawValue raw;
    raw.value = read_value(reader, header.bytes);
    raw.mask = header.masked ? read_value(reader, header.bytes) : all_ones(header.bytes);
    if (!reader.ok()) return std::unexpected(Error::bmc_bad_len);
    if (!(raw.value & ~raw.mask).zero()) return std::unexpected(Error::bmc_bad_wildcards);
    return raw;
}

std::expected<FieldEntry, Error> read_entry_value(Reader& reader, const EntryHeader& header,
                                                  const MatchField& field) {
    const auto raw = read_raw_value(reader, header);
    if (!raw) return std::unexpected(raw.error());
    FieldEntry entry{&field, raw->value, raw->mask, header.nicira()};
    if (header.nicira() && field.nxm_shift != 0) {
        const std::uint64_t lost = (std::uint64_t{1} << field.nxm_shift) - 1;
        if ((entry.value.low & lost) != 0) return std::unexpected(Error::bmc_bad_value);
        entry.value.low >>= field.nxm_shift;
        entry.mask.low >>= field.nxm_shift;
    }
    const FieldValue ones = field.ones();
    if (!(entry.value & ~ones).zero()) return std::unexpected(Error::bmc_bad_value);
    entry.mask = entry.mask & ones;
    if (field.id == FieldId::in_port && !entry.mask.zero()) {
        if (header.nicira()) {
            entry.value.low = port_from_16(static_cast<std::uint16_t>(entry.value.low));
            if (entry.mask.low == 0xffff) entry.mask = ones;
        } else if (!valid_port(static_cast<PortNumber>(entry.value.low))) {
            return std::unexpected(Error::bmc_bad_value);
        }
    }
    // An operation beyond one byte is none that ARP has.
    if (field.id == FieldId::arp_op && entry.value.low > 0xff)
        return std::unexpected(Error::bmc_bad_value);
    if (!field.maskable && !entry.mask.zero() && entry.mask != ones)
        return std::unexpected(Error::bmc_bad_mask);
    return entry;
}

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
    if (*part.protocol == protocol_tcp)
        put_ports(match, part, FieldId::tcp_src, FieldId::tcp_dst);
    else if (*part.protocol == protocol_udp)
        put_ports(match, part, FieldId::udp_src, FieldId::udp_dst);
    else if (*part.protocol == protocol_sctp)
        put_ports(match, part, FieldId::sctp_src, FieldId::sctp_dst);
    else if (*part.protocol == protocol_icmpv4 && !ipv6)
        put_ports(match, part, FieldId::icmpv4_type, FieldId::icmpv4_code);
    else if (*part.protocol == protocol_icmpv6 && ipv6)
        put_ports(match, part, FieldId::icmpv6_type, FieldId::icmpv6_code);
}

void put_network(Match& match, const NetworkPart& part, bool ipv6_too) {
    if (!exact(match, FieldId::eth_type)) return;
    const std::uint64_t type = value_of(match, FieldId::eth_type);
    if (type == type_arp || type == type_rarp) {
        if (part.protocol) put(match, FieldId::arp_op, *part.protocol);
        put_addresses(match, part, FieldId::arp_spa, FieldId::arp_tpa);
    } else if (type == type_ipv4 || (type == type_ipv6 && ipv6_too)) {
        if (part.tos) put(match, FieldId::ip_dscp, *part.tos >> 2);
        if (part.protocol) put(match, FieldId::ip_proto, *part.protocol);
        if (type == type_ipv4) put_addresses(match, part, FieldId::ipv4_src, FieldId::ipv4_dst);
        put_transport(match, part, type == type_ipv6);
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
        if (eth_type == type_ipv4) {
            if (part.tos && (*part.tos & 3) != 0) return std::unexpected(Error::bmc_bad_value);
            const bool icmp = part.protocol == protocol_icmpv4;
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

std::expected<Match, Error> decode_typed_match(Reader& reader) {
    const std::uint16_t type = reader.u16();
    const std::size_t length = reader.u16();
    if (!reader.ok() || length < 4) return std::unexpected(Error::bmc_bad_len);
    if (type == match_type_standard) {
        if (length != match_1_1_bytes) return std::unexpected(Error::bmc_bad_len);
        return decode_match_1_1(reader);
    }
    if (type != match_type_oxm) return std::unexpected(Error::bmc_bad_type);
    const ByteSpan fields = reader.take(length - 4);
    reader.skip(padded_to_8(length) - length);
    if (!reader.ok()) return std::unexpected(Error::bmc_bad_len);
    return decode_match_fields(fields);
}

// How a field is written in messages of a version.
struct WrittenCode {
    std::uint32_t code = 0;
    bool experimenter = false;
    bool nicira() const { return code >> 16 <= class_nicira_max; }
    std::size_t bytes() const { return code & 0xff; }
};
WrittenCode written_code(const MatchField& field, Version version, bool prefer_oxm) {
    std::uint32_t oxm = field.oxm;
    bool experimenter = false;
    // These two became standard fields later than the others.
    if (field.id == FieldId::tun_id && version < Version::v1_3) oxm = 0;
    if (field.id == FieldId::tcp_flags) {
        if (version < Version::v1_3) oxm = 0;
        experimenter = version < Version::v1_5;
    }
    const bool use_oxm = oxm != 0 && (prefer_oxm || field.nxm == 0);
    return {use_oxm ? oxm : field.nxm, use_oxm && experimenter};
}

void write_entry_header(Writer& writer, const WrittenCode& written, bool masked) {
    const std::size_t length = written.bytes() * (masked ? 2 : 1);
    const std::uint32_t number = written.code >> 9 & 0x7f;
    const std::uint32_t mask_bit = masked ? 0x100 : 0;
    if (written.experimenter) {
        writer.u32(code(class_experimenter, number, static_cast<std::uint32_t>(length + 4)) |
                   mask_bit);
        writer.u32(vendor_onf);
        return;
    }
    writer.u32(code(written.code >> 16, number, static_cast<std::uint32_t>(length)) | mask_bit);
}

// In the order in which the fields are written; what shares its place in the key with another field
// has a prerequisite that tells them apart.
constexpr FieldId layer_2_order[]{FieldId::in_port, FieldId::eth_src, FieldId::eth_dst,
                                  FieldId::eth_type};
constexpr FieldId network_order[]{
    FieldId::ipv4_src,    FieldId::ipv4_dst,    FieldId::ipv6_src,    FieldId::ipv6_dst,
    FieldId::ip_frag,     FieldId::ip_dscp,     FieldId::ip_ecn,      FieldId::ip_ttl,
    FieldId::ipv6_label,  FieldId::ip_proto,    FieldId::arp_op,      FieldId::arp_spa,
    FieldId::arp_tpa,     FieldId::arp_sha,     FieldId::arp_tha,     FieldId::tcp_src,
    FieldId::tcp_dst,     FieldId::tcp_flags,   FieldId::udp_src,     FieldId::udp_dst,
    FieldId::sctp_src,    FieldId::sctp_dst,    FieldId::icmpv4_type, FieldId::icmpv4_code,
    FieldId::icmpv6_type, FieldId::icmpv6_code, FieldId::nd_target,   FieldId::nd_sll,
    FieldId::nd_tll,      FieldId::tun_id};

class FieldListWriter {
public:
    FieldListWriter(Writer& writer, const Match& match, Version version, bool prefer_oxm)
        : writer_(writer), match_(match), version_(version), prefer_oxm_(prefer_oxm) {}

    void write() {
        for (const FieldId id : layer_2_order) write_field(id);
        write_vlan();
        for (const FieldId id : network_order) write_field(id);
        // 1.5 has registers of its own: pairs of Nicira's.
        const bool pairs = prefer_oxm_ && version_ >= Version::v1_5;
        write_range(pairs ? FieldId::xreg0 : FieldId::reg0,
                    pairs ? FieldId::xreg7 : FieldId::reg15);
        write_field(FieldId::metadata);
    }

private:
    void write_field(FieldId id) {
        const MatchField& field = match_field(id);
        const FieldValue mask = field.get(match_.mask);
        if (mask.zero() || !prerequisite_met(field.prerequisite, match_)) return;
        write_entry(field, field.get(match_.key), mask);
    }
    void write_entry(const MatchField& field, FieldValue value, FieldValue mask) {
        encode_field_entry(writer_, {&field, value, mask, !prefer_oxm_}, version_);
    }
    void write_range(FieldId first, FieldId last) {
        for (auto id = static_cast<unsigned>(first); id <= static_cast<unsigned>(last); ++id)
            write_field(static_cast<FieldId>(id));
    }
    // OXM has the VLAN and the priority as fields of their own and needs a tag for the latter. The
    // priority of no tag need not be said; what else is odd about a tag only Nicira's field can
    // say.
    void write_vlan() {
        const std::uint64_t value = value_of(match_, FieldId::vlan_tci);
        const std::uint64_t mask = mask_of(match_, FieldId::vlan_tci);
        if (mask == 0) return;
        const std::uint64_t priority_mask = mask >> 13;
        const bool untagged = (mask & tci_present) != 0 && (value & tci_present) == 0;
        const bool tagged = (mask & tci_present) != 0 && !untagged;
        const bool separable =
            priority_mask == 0 || (priority_mask == 7 && tagged) || (untagged && value >> 13 == 0);
        if (!prefer_oxm_ || !separable) {
            write_entry(match_field(FieldId::vlan_tci), {0, value}, {0, mask});
            return;
        }
        write_entry(match_field(FieldId::vlan_vid), {0, value & 0x1fff}, {0, mask & 0x1fff});
        if (priority_mask != 0 && tagged) write_field(FieldId::vlan_pcp);
    }

    Writer& writer_;
    const Match& match_;
    Version version_;
    bool prefer_oxm_;
};

void encode_oxm_match(Writer& writer, const Match& match, Version version) {
    const std::size_t start = writer.size();
    writer.u16(match_type_oxm);
    writer.u16(0);
    encode_oxm_fields(writer, match, version);
    writer.patch_u16(start + 2, static_cast<std::uint16_t>(writer.size() - start));
    writer.pad_to_8(start);
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

std::expected<Match, Error> decode_match(Reader& reader, Version version) {
    return version == Version::v1_0 ? decode_match_1_0(reader) : decode_typed_match(reader);
}

void encode_match(Writer& writer, const Match& match, Version version) {
    if (version == Version::v1_0) return encode_match_1_0(writer, match);
    if (version == Version::v1_1) {
        std::vector<std::uint8_t> standard;
        Writer standard_writer(standard);
        encode_match_1_1(standard_writer, match);
        Reader reader(standard);
        if (decode_typed_match(reader) == match) return writer.bytes(standard);
    }
    encode_oxm_match(writer, match, version);
}

bool prerequisite_met(Prerequisite prerequisite, const Match& match) {
    if (mask_of(match, FieldId::icmpv6_code) != 0)
        return satisfied(prerequisite, match.key, match.mask);
    FlowMask mask = match.mask;
    match_field(FieldId::icmpv6_code).fold(mask);
    return satisfied(prerequisite, match.key, mask);
}

std::expected<Match, Error> decode_match_fields(ByteSpan fields, CookieMatch* cookie) {
    Match match;
    Reader reader(fields);
    bool cookie_seen = false;
    while (reader.left() != 0) {
        const auto header = read_entry_header(reader);
        if (!header) return std::unexpected(header.error());
        const bool is_cookie = cookie && header->code == cookie_code;
        if (is_cookie || (header->known_class && header->code == packet_type_code)) {
            const auto raw = read_raw_value(reader, *header);
            if (!raw) return std::unexpected(raw.error());
            if (!is_cookie) {
                if (!raw->value.zero()) return std::unexpected(Error::bmc_bad_value);
                continue;
            }
            if (cookie_seen) return std::unexpected(Error::bmc_dup_field);
            cookie_seen = true;
            *cookie = {raw->value.low, raw->mask.low};
            continue;
        }
        const MatchField* field = field_of(*header);
        if (!field) return std::unexpected(Error::bmc_bad_field);
        const auto entry = read_entry_value(reader, *header, *field);
        if (!entry) return std::unexpected(entry.error());
        if (!prerequisite_met(field->prerequisite, match))
            return std::unexpected(Error::bmc_bad_prereq);
        if (!field->get(match.mask).zero()) return std::unexpected(Error::bmc_dup_field);
        put(match, *field, entry->value, entry->mask);
        if (asks_ports_of_later_fragments(match.key, match.mask))
            return std::unexpected(Error::bmc_bad_prereq);
    }
    return match;
}

void encode_oxm_fields(Writer& writer, const Match& match, Version version) {
    FieldListWriter(writer, match, version, true).write();
}

void encode_nxm_fields(Writer& writer, const Match& match) {
    FieldListWriter(writer, match, Version::v1_0, false).write();
}

std::expected<FieldEntry, Error> decode_field_entry(Reader& reader) {
    const auto header = read_entry_header(reader);
    if (!header) return std::unexpected(header.error());
    const MatchField* field = field_of(*header);
    if (!field) return std::unexpected(Error::bmc_bad_field);
    return read_entry_value(reader, *header, *field);
}

void encode_field_entry(Writer& writer, const FieldEntry& entry, Version version) {
    const MatchField& field = *entry.field;
    const WrittenCode written = written_code(field, version, !entry.nicira);
    const bool masked = entry.mask != field.ones();
    const bool shifts = written.nicira() && field.nxm_shift != 0;
    write_entry_header(writer, written, masked);
    const auto write = [&](FieldValue value) {
        write_value(writer, shifts ? shifted_left(value, field.nxm_shift) : value, written.bytes());
    };
    write(entry.value);
    if (masked) write(entry.mask);
}

FieldHeader decode_field_header(Reader& reader) {
    const auto header = read_entry_header(reader);
    if (!header) return {};
    return {field_of(*header), header->nicira()};
}

void encode_field_header(Writer& writer, const FieldHeader& header, Version version, bool masked) {
    write_entry_header(writer, written_code(*header.field, version, !header.nicira), masked);
}

bool settable(const FieldHeader& header) {
    return header.field->writable && (header.field->id != FieldId::in_port || header.nicira);
}

std::vector<FieldHeader> known_headers() {
    std::vector<FieldHeader> headers;
    for (const MatchField& field : match_fields()) {
        headers.push_back({&field, field.oxm == 0});
        if (field.two_layouts()) headers.push_back({&field, true});
    }
    return headers;
}

}  // namespace switchd::openflow
