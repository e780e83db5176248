#include "flows/match_field.h"

#include <algorithm>
#include <array>

namespace switchd {
namespace {

constexpr std::uint32_t code(std::uint32_t oxm_class, std::uint32_t number, std::uint32_t bytes) {
    return oxm_class << 16 | number << 9 | bytes;
}
constexpr std::uint32_t of(std::uint32_t number, std::uint32_t bytes) {
    return code(0x8000, number, bytes);
}
constexpr std::uint32_t packet_register(std::uint32_t number) {
    return code(0x8001, number, 8);
}
constexpr std::uint32_t nxm_of(std::uint32_t number, std::uint32_t bytes) {
    return code(0x0000, number, bytes);
}
constexpr std::uint32_t nxm_nx(std::uint32_t number, std::uint32_t bytes) {
    return code(0x0001, number, bytes);
}

// Parts of fields that a flow key has whole.
constexpr FlowField part(const FlowField& whole, std::uint8_t shift, std::uint8_t bits) {
    return {whole.name, whole.word, static_cast<std::uint8_t>(whole.shift + shift), bits};
}
constexpr FlowField nothing{"", 0, 0, 0};
constexpr FlowField protocol = part(field::ip_proto, 0, 8);
constexpr FlowField later_fragment = part(field::ip_frag, 1, 1);
constexpr FlowField icmp_type = part(field::tp_src, 0, 8), icmp_code = part(field::tp_dst, 0, 8);

using enum FieldFormat;
using P = Prerequisite;

constexpr MatchField register_field(unsigned n, std::string_view name, std::string_view code_name) {
    return {static_cast<FieldId>(static_cast<unsigned>(FieldId::reg0) + n),
            name,
            name,
            "",
            0,
            "",
            nxm_nx(n, 4),
            code_name,
            4,
            32,
            true,
            true,
            P::none,
            hexadecimal,
            field::reg(n),
            nothing};
}
constexpr MatchField xreg_field(unsigned n, std::string_view name, std::string_view code_name) {
    return {static_cast<FieldId>(static_cast<unsigned>(FieldId::xreg0) + n),
            name,
            name,
            "",
            packet_register(n),
            code_name,
            0,
            "",
            8,
            64,
            true,
            true,
            P::none,
            hexadecimal,
            field::xreg(n),
            nothing};
}
constexpr MatchField xxreg_field(unsigned n, std::string_view name, std::string_view code_name) {
    return {static_cast<FieldId>(static_cast<unsigned>(FieldId::xxreg0) + n),
            name,
            name,
            "",
            0,
            "",
            nxm_nx(111 + n, 16),
            code_name,
            16,
            128,
            true,
            true,
            P::none,
            hexadecimal,
            field::xreg(2 * n + 1),
            field::xreg(2 * n)};
}

constexpr std::array<MatchField, static_cast<std::size_t>(FieldId::count_)> fields{{
    {FieldId::in_port, "in_port", "in_port", "", of(0, 4), "OXM_OF_IN_PORT", nxm_of(0, 2),
     "NXM_OF_IN_PORT", 4, 32, false, true, P::none, port, field::in_port, nothing},
    {FieldId::metadata, "metadata", "metadata", "", of(2, 8), "OXM_OF_METADATA", 0, "", 8, 64, true,
     true, P::none, hexadecimal, field::metadata, nothing},
    {FieldId::tun_id, "tun_id", "tun_id", "tunnel_id", of(38, 8), "OXM_OF_TUNNEL_ID", nxm_nx(16, 8),
     "NXM_NX_TUN_ID", 8, 64, true, true, P::none, hexadecimal, field::tun_id, nothing},
    register_field(0, "reg0", "NXM_NX_REG0"),
    register_field(1, "reg1", "NXM_NX_REG1"),
    register_field(2, "reg2", "NXM_NX_REG2"),
    register_field(3, "reg3", "NXM_NX_REG3"),
    register_field(4, "reg4", "NXM_NX_REG4"),
    register_field(5, "reg5", "NXM_NX_REG5"),
    register_field(6, "reg6", "NXM_NX_REG6"),
    register_field(7, "reg7", "NXM_NX_REG7"),
    register_field(8, "reg8", "NXM_NX_REG8"),
    register_field(9, "reg9", "NXM_NX_REG9"),
    register_field(10, "reg10", "NXM_NX_REG10"),
    register_field(11, "reg11", "NXM_NX_REG11"),
    register_field(12, "reg12", "NXM_NX_REG12"),
    register_field(13, "reg13", "NXM_NX_REG13"),
    register_field(14, "reg14", "NXM_NX_REG14"),
    register_field(15, "reg15", "NXM_NX_REG15"),
    xreg_field(0, "xreg0", "OXM_OF_PKT_REG0"),
    xreg_field(1, "xreg1", "OXM_OF_PKT_REG1"),
    xreg_field(2, "xreg2", "OXM_OF_PKT_REG2"),
    xreg_field(3, "xreg3", "OXM_OF_PKT_REG3"),
    xreg_field(4, "xreg4", "OXM_OF_PKT_REG4"),
    xreg_field(5, "xreg5", "OXM_OF_PKT_REG5"),
    xreg_field(6, "xreg6", "OXM_OF_PKT_REG6"),
    xreg_field(7, "xreg7", "OXM_OF_PKT_REG7"),
    xxreg_field(0, "xxreg0", "NXM_NX_XXREG0"),
    xxreg_field(1, "xxreg1", "NXM_NX_XXREG1"),
    xxreg_field(2, "xxreg2", "NXM_NX_XXREG2"),
    xxreg_field(3, "xxreg3", "NXM_NX_XXREG3"),
    {FieldId::eth_src, "dl_src", "eth_src", "", of(4, 6), "OXM_OF_ETH_SRC", nxm_of(2, 6),
     "NXM_OF_ETH_SRC", 6, 48, true, true, P::none, mac, field::eth_src, nothing},
    {FieldId::eth_dst, "dl_dst", "eth_dst", "", of(3, 6), "OXM_OF_ETH_DST", nxm_of(1, 6),
     "NXM_OF_ETH_DST", 6, 48, true, true, P::none, mac, field::eth_dst, nothing},
    {FieldId::eth_type, "dl_type", "eth_type", "", of(5, 2), "OXM_OF_ETH_TYPE", nxm_of(3, 2),
     "NXM_OF_ETH_TYPE", 2, 16, false, false, P::none, hexadecimal_padded, field::eth_type, nothing},
    {FieldId::vlan_tci, "vlan_tci", "vlan_tci", "", 0, "", nxm_of(4, 2), "NXM_OF_VLAN_TCI", 2, 16,
     true, true, P::none, hexadecimal_padded, field::vlan_tci, nothing},
    {FieldId::vlan_vid, "vlan_vid", "vlan_vid", "", of(6, 2), "OXM_OF_VLAN_VID", 0, "", 2, 13, true,
     true, P::none, decimal, field::vlan_vid, nothing},
    {FieldId::vlan_pcp, "dl_vlan_pcp", "vlan_pcp", "", of(7, 1), "OXM_OF_VLAN_PCP", 0, "", 1, 3,
     false, true, P::vlan, decimal, field::vlan_pcp, nothing},
    {FieldId::ip_proto, "nw_proto", "nw_proto", "ip_proto", of(10, 1), "OXM_OF_IP_PROTO",
     nxm_of(6, 1), "NXM_OF_IP_PROTO", 1, 8, false, false, P::ip, decimal, protocol, nothing},
    {FieldId::ip_dscp, "nw_tos", "ip_dscp", "", of(8, 1), "OXM_OF_IP_DSCP", nxm_of(5, 1),
     "NXM_OF_IP_TOS", 1, 6, false, true, P::ip, decimal, part(field::ip_tos, 2, 6), nothing, 2},
    {FieldId::ip_ecn, "nw_ecn", "nw_ecn", "ip_ecn", of(9, 1), "OXM_OF_IP_ECN", nxm_nx(28, 1),
     "NXM_NX_IP_ECN", 1, 2, false, true, P::ip, decimal, part(field::ip_tos, 0, 2), nothing},
    {FieldId::ip_ttl, "nw_ttl", "nw_ttl", "", 0, "", nxm_nx(29, 1), "NXM_NX_IP_TTL", 1, 8, false,
     true, P::ip, decimal, field::ip_ttl, nothing},
    {FieldId::ip_frag, "nw_frag", "ip_frag", "", 0, "", nxm_nx(26, 1), "NXM_NX_IP_FRAG", 1, 2, true,
     false, P::ip, fragment, part(field::ip_frag, 0, 2), nothing},
    {FieldId::ipv4_src, "nw_src", "ip_src", "", of(11, 4), "OXM_OF_IPV4_SRC", nxm_of(7, 4),
     "NXM_OF_IP_SRC", 4, 32, true, true, P::ipv4, ipv4, field::ip_src, nothing},
    {FieldId::ipv4_dst, "nw_dst", "ip_dst", "", of(12, 4), "OXM_OF_IPV4_DST", nxm_of(8, 4),
     "NXM_OF_IP_DST", 4, 32, true, true, P::ipv4, ipv4, field::ip_dst, nothing},
    {FieldId::ipv6_src, "ipv6_src", "ipv6_src", "", of(26, 16), "OXM_OF_IPV6_SRC", nxm_nx(19, 16),
     "NXM_NX_IPV6_SRC", 16, 128, true, true, P::ipv6, ipv6, field::ipv6_src_low,
     field::ipv6_src_high},
    {FieldId::ipv6_dst, "ipv6_dst", "ipv6_dst", "", of(27, 16), "OXM_OF_IPV6_DST", nxm_nx(20, 16),
     "NXM_NX_IPV6_DST", 16, 128, true, true, P::ipv6, ipv6, field::ipv6_dst_low,
     field::ipv6_dst_high},
    {FieldId::ipv6_label, "ipv6_label", "ipv6_label", "", of(28, 4), "OXM_OF_IPV6_FLABEL",
     nxm_nx(27, 4), "NXM_NX_IPV6_LABEL", 4, 20, true, true, P::ipv6, hexadecimal_padded,
     field::ipv6_label, nothing},
    {FieldId::arp_op, "arp_op", "arp_op", "nw_proto", of(21, 2), "OXM_OF_ARP_OP", nxm_of(15, 2),
     "NXM_OF_ARP_OP", 2, 16, false, true, P::arp, decimal, field::ip_proto, nothing},
    {FieldId::arp_spa, "arp_spa", "arp_spa", "nw_src", of(22, 4), "OXM_OF_ARP_SPA", nxm_of(16, 4),
     "NXM_OF_ARP_SPA", 4, 32, true, true, P::arp, ipv4, field::ip_src, nothing},
    {FieldId::arp_tpa, "arp_tpa", "arp_tpa", "nw_dst", of(23, 4), "OXM_OF_ARP_TPA", nxm_of(17, 4),
     "NXM_OF_ARP_TPA", 4, 32, true, true, P::arp, ipv4, field::ip_dst, nothing},
    {FieldId::arp_sha, "arp_sha", "arp_sha", "", of(24, 6), "OXM_OF_ARP_SHA", nxm_nx(17, 6),
     "NXM_NX_ARP_SHA", 6, 48, true, true, P::arp, mac, field::arp_sha, nothing},
    {FieldId::arp_tha, "arp_tha", "arp_tha", "", of(25, 6), "OXM_OF_ARP_THA", nxm_nx(18, 6),
     "NXM_NX_ARP_THA", 6, 48, true, true, P::arp, mac, field::arp_tha, nothing},
    {FieldId::tcp_src, "tp_src", "tcp_src", "", of(13, 2), "OXM_OF_TCP_SRC", nxm_of(9, 2),
     "NXM_OF_TCP_SRC", 2, 16, true, true, P::tcp, decimal, field::tp_src, nothing},
    {FieldId::tcp_dst, "tp_dst", "tcp_dst", "", of(14, 2), "OXM_OF_TCP_DST", nxm_of(10, 2),
     "NXM_OF_TCP_DST", 2, 16, true, true, P::tcp, decimal, field::tp_dst, nothing},
    {FieldId::tcp_flags, "tcp_flags", "tcp_flags", "", of(42, 2), "OXM_OF_TCP_FLAGS", nxm_nx(34, 2),
     "NXM_NX_TCP_FLAGS", 2, 12, true, false, P::tcp, tcp_flags, field::tcp_flags, nothing},
    {FieldId::udp_src, "tp_src", "udp_src", "", of(15, 2), "OXM_OF_UDP_SRC", nxm_of(11, 2),
     "NXM_OF_UDP_SRC", 2, 16, true, true, P::udp, decimal, field::tp_src, nothing},
    {FieldId::udp_dst, "tp_dst", "udp_dst", "", of(16, 2), "OXM_OF_UDP_DST", nxm_of(12, 2),
     "NXM_OF_UDP_DST", 2, 16, true, true, P::udp, decimal, field::tp_dst, nothing},
    {FieldId::sctp_src, "tp_src", "sctp_src", "", of(17, 2), "OXM_OF_SCTP_SRC", 0, "", 2, 16, true,
     true, P::sctp, decimal, field::tp_src, nothing},
    {FieldId::sctp_dst, "tp_dst", "sctp_dst", "", of(18, 2), "OXM_OF_SCTP_DST", 0, "", 2, 16, true,
     true, P::sctp, decimal, field::tp_dst, nothing},
    {FieldId::icmpv4_type, "icmp_type", "icmp_type", "tp_src", of(19, 1), "OXM_OF_ICMPV4_TYPE",
     nxm_of(13, 1), "NXM_OF_ICMP_TYPE", 1, 8, false, true, P::icmpv4, decimal, icmp_type, nothing},
    {FieldId::icmpv4_code, "icmp_code", "icmp_code", "tp_dst", of(20, 1), "OXM_OF_ICMPV4_CODE",
     nxm_of(14, 1), "NXM_OF_ICMP_CODE", 1, 8, false, true, P::icmpv4, decimal, icmp_code, nothing},
    {FieldId::icmpv6_type, "icmp_type", "icmpv6_type", "tp_src", of(29, 1), "OXM_OF_ICMPV6_TYPE",
     nxm_nx(21, 1), "NXM_NX_ICMPV6_TYPE", 1, 8, false, true, P::icmpv6, decimal, icmp_type,
     nothing},
    {FieldId::icmpv6_code, "icmp_code", "icmpv6_code", "tp_dst", of(30, 1), "OXM_OF_ICMPV6_CODE",
     nxm_nx(22, 1), "NXM_NX_ICMPV6_CODE", 1, 8, false, true, P::icmpv6, decimal, icmp_code,
     nothing},
    {FieldId::nd_target, "nd_target", "nd_target", "", of(31, 16), "OXM_OF_IPV6_ND_TARGET",
     nxm_nx(23, 16), "NXM_NX_ND_TARGET", 16, 128, true, true, P::nd, ipv6, field::nd_target_low,
     field::nd_target_high},
    {FieldId::nd_sll, "nd_sll", "nd_sll", "", of(32, 6), "OXM_OF_IPV6_ND_SLL", nxm_nx(24, 6),
     "NXM_NX_ND_SLL", 6, 48, true, true, P::nd_solicit, mac, field::arp_sha, nothing},
    {FieldId::nd_tll, "nd_tll", "nd_tll", "", of(33, 6), "OXM_OF_IPV6_ND_TLL", nxm_nx(25, 6),
     "NXM_NX_ND_TLL", 6, 48, true, true, P::nd_advert, mac, field::arp_tha, nothing},
}};

constexpr bool in_order() {
    for (std::size_t i = 0; i < fields.size(); ++i)
        if (fields[i].id != static_cast<FieldId>(i)) return false;
    return true;
}
static_assert(in_order());

const MatchField* find_by_code(std::uint32_t wanted, std::uint32_t MatchField::*member) {
    if (wanted == 0) return nullptr;  // a field that has no code
    const auto it = std::ranges::find(fields, wanted, member);
    return it == fields.end() ? nullptr : &*it;
}

constexpr std::uint64_t type_ipv4 = 0x0800, type_arp = 0x0806, type_rarp = 0x8035,
                        type_ipv6 = 0x86dd;

// The same rules for a match, which says what its packets are if it says it exactly, and for a
// packet, where looking has to be noted. `Look` gives the value of a field or nothing.
template <class Look>
bool holds(Prerequisite prerequisite, Look look) {
    const auto type_is = [&](std::uint64_t a, std::uint64_t b) {
        const std::optional<std::uint64_t> type = look(field::eth_type);
        return type && (*type == a || *type == b);
    };
    const auto protocol_is = [&](std::uint64_t wanted) {
        const std::optional<std::uint64_t> value = look(protocol);
        return value && *value == wanted;
    };
    // Behind the first fragment there are no ports; a match need not say that it is not there.
    const auto has_ports_of = [&](std::uint64_t wanted) {
        return type_is(type_ipv4, type_ipv6) && protocol_is(wanted) &&
               look(later_fragment) != std::uint64_t{1};
    };
    const auto nd_is = [&](std::uint64_t a, std::uint64_t b) {
        if (!type_is(type_ipv6, type_ipv6) || !protocol_is(58)) return false;
        const std::optional<std::uint64_t> type = look(icmp_type);
        if (!type || (*type != a && *type != b)) return false;
        return look(icmp_code) == std::uint64_t{0};
    };
    switch (prerequisite) {
        case P::none: return true;
        case P::vlan: {
            const std::optional<std::uint64_t> tag = look(part(field::vlan_tci, 12, 1));
            return tag && *tag == 1;
        }
        case P::ip: return type_is(type_ipv4, type_ipv6);
        case P::ipv4: return type_is(type_ipv4, type_ipv4);
        case P::ipv6: return type_is(type_ipv6, type_ipv6);
        case P::arp: return type_is(type_arp, type_rarp);
        case P::tcp: return has_ports_of(6);
        case P::udp: return has_ports_of(17);
        case P::sctp: return has_ports_of(132);
        case P::icmpv4: return type_is(type_ipv4, type_ipv4) && protocol_is(1);
        case P::icmpv6: return type_is(type_ipv6, type_ipv6) && protocol_is(58);
        case P::nd: return nd_is(135, 136);
        case P::nd_solicit: return nd_is(135, 135);
        case P::nd_advert: return nd_is(136, 136);
    }
    return false;
}

}  // namespace

const MatchField& match_field(FieldId id) {
    return fields[static_cast<std::size_t>(id)];
}

std::span<const MatchField> match_fields() {
    return fields;
}

const MatchField* field_of_oxm(std::uint32_t wanted) {
    return find_by_code(wanted, &MatchField::oxm);
}

const MatchField* field_of_nxm(std::uint32_t wanted) {
    return find_by_code(wanted, &MatchField::nxm);
}

const MatchField* field_of_name(std::string_view name) {
    const auto it =
        std::ranges::find_if(fields, [&](const MatchField& field) { return field.has_name(name); });
    return it == fields.end() ? nullptr : &*it;
}

bool satisfied(Prerequisite prerequisite, const FlowKey& key, const FlowMask& mask) {
    return holds(prerequisite, [&](const FlowField& place) -> std::optional<std::uint64_t> {
        if (mask.get(place) != place.ones()) return std::nullopt;
        return key.get(place);
    });
}

bool asks_ports_of_later_fragments(const FlowKey& key, const FlowMask& mask) {
    const std::uint64_t proto = key.get(protocol);
    return key.get(later_fragment) == 1 && (proto == 6 || proto == 17 || proto == 132) &&
           mask.words[field::tp_src.word] != 0;
}

bool present(Prerequisite prerequisite, const FlowKey& key, FlowMask& mask) {
    return holds(prerequisite, [&](const FlowField& place) -> std::optional<std::uint64_t> {
        mask.fold(place);
        return key.get(place);
    });
}

}  // namespace switchd
