// The fields that a rule can match on and an action can set, each described once: its names in flow
// text, its codes on the wire in every version of OpenFlow, where it lies in a flow key, what it
// needs to be there, and how it is written.
//
// A code is class, field number and length as in an OXM or NXM header (OpenFlow 1.5.1, 7.2.3.2):
// class << 16 | field << 9 | bytes. Zero: the field has no such code.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "flows/flow_mask.h"

namespace switchd {

// A field's value or mask, right-justified; only the widest fields need more than `low`.
struct FieldValue {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    constexpr bool operator==(const FieldValue&) const = default;
    constexpr bool zero() const { return (high | low) == 0; }
};
constexpr FieldValue operator&(FieldValue a, FieldValue b) {
    return {a.high & b.high, a.low & b.low};
}
constexpr FieldValue operator|(FieldValue a, FieldValue b) {
    return {a.high | b.high, a.low | b.low};
}
constexpr FieldValue operator~(FieldValue a) {
    return {~a.high, ~a.low};
}
constexpr FieldValue shifted_left(FieldValue value, unsigned by) {
    if (by == 0) return value;
    if (by >= 64) return {by < 128 ? value.low << (by - 64) : 0, 0};
    return {value.high << by | value.low >> (64 - by), value.low << by};
}
constexpr FieldValue shifted_right(FieldValue value, unsigned by) {
    if (by == 0) return value;
    if (by >= 64) return {0, by < 128 ? value.high >> (by - 64) : 0};
    return {value.high >> by, value.low >> by | value.high << (64 - by)};
}
constexpr FieldValue lowest_bits(unsigned count) {
    return ~shifted_left(~FieldValue{}, count);
}

enum class FieldId : std::uint8_t {
    in_port,
    metadata,
    tun_id,
    reg0,
    reg1,
    reg2,
    reg3,
    reg4,
    reg5,
    reg6,
    reg7,
    reg8,
    reg9,
    reg10,
    reg11,
    reg12,
    reg13,
    reg14,
    reg15,
    xreg0,
    xreg1,
    xreg2,
    xreg3,
    xreg4,
    xreg5,
    xreg6,
    xreg7,
    xxreg0,
    xxreg1,
    xxreg2,
    xxreg3,
    eth_src,
    eth_dst,
    eth_type,
    vlan_tci,
    vlan_vid,
    vlan_pcp,
    ip_proto,
    ip_dscp,
    ip_ecn,
    ip_ttl,
    ip_frag,
    ipv4_src,
    ipv4_dst,
    ipv6_src,
    ipv6_dst,
    ipv6_label,
    arp_op,
    arp_spa,
    arp_tpa,
    arp_sha,
    arp_tha,
    tcp_src,
    tcp_dst,
    tcp_flags,
    udp_src,
    udp_dst,
    sctp_src,
    sctp_dst,
    icmpv4_type,
    icmpv4_code,
    icmpv6_type,
    icmpv6_code,
    nd_target,
    nd_sll,
    nd_tll,
    count_
};

// What a match must say, exactly, for the field to exist in its packets.
enum class Prerequisite : std::uint8_t {
    none,
    vlan,        // a tag is there
    ip,          // eth_type 0x0800 or 0x86dd
    ipv4,        // eth_type 0x0800
    ipv6,        // eth_type 0x86dd
    arp,         // eth_type 0x0806 or 0x8035
    tcp,         // ip, nw_proto 6, and not nw_frag=later
    udp,         // 17 likewise
    sctp,        // 132 likewise
    icmpv4,      // ipv4 and nw_proto 1
    icmpv6,      // ipv6 and nw_proto 58
    nd,          // icmpv6, type 135 or 136, code 0
    nd_solicit,  // icmpv6, type 135, code 0
    nd_advert,   // icmpv6, type 136, code 0
};

// How people write its value.
enum class FieldFormat : std::uint8_t {
    decimal,
    hexadecimal,
    hexadecimal_padded,  // with all its digits in a match, with those that it needs in an action
    port,                // a name or a number
    mac,
    ipv4,
    ipv6,
    fragment,   // no, yes, first, later, not_later
    tcp_flags,  // +syn-ack
};

struct MatchField {
    FieldId id;
    std::string_view name;         // as ovs-ofctl prints it in a match; several may have the same
    std::string_view action_name;  // and where an action sets it
    std::string_view alias;        // and what it takes as well; may be empty
    std::uint32_t oxm;             // OpenFlow basic class, packet registers or ONF experimenter
    std::string_view oxm_name;     // of this code; empty if there is none
    std::uint32_t nxm;             // Nicira's
    std::string_view nxm_name;
    std::uint8_t bytes;  // of a value in OXM
    std::uint8_t bits;   // that mean something
    bool maskable;
    bool writable;  // by set_field and load
    Prerequisite prerequisite;
    FieldFormat format;
    FlowField place;       // the value, or its lower 64 bits
    FlowField place_high;  // bits 64 to 127; bits == 0 if there are none
    // The value stands that much further left in NXM, and under `name` and `nxm_name` (nw_tos).
    std::uint8_t nxm_shift = 0;

    constexpr bool has_name(std::string_view text) const {
        return !text.empty() && (text == name || text == action_name || text == alias ||
                                 text == oxm_name || text == nxm_name);
    }

    // It has another layout under Nicira's code than under OpenFlow's.
    constexpr bool two_layouts() const {
        return oxm != 0 && nxm != 0 && ((oxm & 0xff) != (nxm & 0xff) || nxm_shift != 0);
    }

    FieldValue get(const FlowKey& key) const {
        return {place_high.bits != 0 ? key.get(place_high) : 0, key.get(place)};
    }
    FieldValue get(const FlowMask& mask) const {
        return {place_high.bits != 0 ? mask.get(place_high) : 0, mask.get(place)};
    }
    void set(FlowKey& key, FieldValue value) const {
        if (place_high.bits != 0) key.set(place_high, value.high);
        key.set(place, value.low);
    }
    // Folds the bits `of` the field into the mask.
    void fold(FlowMask& mask, FieldValue of) const {
        if (place_high.bits != 0) mask.fold(place_high, of.high);
        mask.fold(place, of.low);
    }
    void fold(FlowMask& mask) const { fold(mask, ones()); }
    // All bits that mean something.
    constexpr FieldValue ones() const {
        return {place_high.bits != 0 ? place_high.ones() : 0, place.ones()};
    }
};

// The description of one field; of all, in the order of FieldId.
const MatchField& match_field(FieldId id);
std::span<const MatchField> match_fields();

// By its code (an experimenter's field number stands under class 0x8000); by any of its
// names, the first in the order of FieldId of those that share one. Null if there is none.
const MatchField* field_of_oxm(std::uint32_t code);
const MatchField* field_of_nxm(std::uint32_t code);
const MatchField* field_of_name(std::string_view name);

// Whether every packet that the match takes carries what `prerequisite` asks for.
bool satisfied(Prerequisite prerequisite, const FlowKey& key, const FlowMask& mask);
// Whether the match asks for ports of fragments that have none; satisfied() tells only if the
// fragments were named before the ports.
bool asks_ports_of_later_fragments(const FlowKey& key, const FlowMask& mask);
// Whether the packet with this key carries it; what was read is folded into `mask`.
bool present(Prerequisite prerequisite, const FlowKey& key, FlowMask& mask);

}  // namespace switchd
