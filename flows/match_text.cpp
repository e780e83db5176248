#include "flows/match_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace switchd {
namespace {

struct Protocol {
    std::string_view name;
    std::uint16_t eth_type;
    std::optional<std::uint8_t> ip_proto;
};
// The first that fits is what a match is printed with, so those that say more stand first.
constexpr Protocol protocols[] = {
    {"icmp", 0x0800, 1},           {"tcp", 0x0800, 6},
    {"udp", 0x0800, 17},           {"sctp", 0x0800, 132},
    {"icmp6", 0x86dd, 58},         {"tcp6", 0x86dd, 6},
    {"udp6", 0x86dd, 17},          {"sctp6", 0x86dd, 132},
    {"ip", 0x0800, std::nullopt},  {"ipv6", 0x86dd, std::nullopt},
    {"arp", 0x0806, std::nullopt}, {"rarp", 0x8035, std::nullopt},
    {"ip4", 0x0800, std::nullopt}, {"ipv4", 0x0800, std::nullopt},
    {"ip6", 0x86dd, std::nullopt},
};
constexpr std::string_view packet_type_name = "packet_type";  // (0,0), Ethernet, is the only one
constexpr std::string_view any_ethernet = "eth";              // there are no other frames

const Protocol* protocol_of_name(std::string_view name) {
    const auto it = std::ranges::find(protocols, name, &Protocol::name);
    return it == std::end(protocols) ? nullptr : it;
}

// A VLAN ID without the bit that means "there is a tag", or "no tag".
constexpr std::string_view vlan_id_name = "dl_vlan";
constexpr std::uint64_t no_vlan = 0xffff;

// The order of printing. Parts of a TCI and the wide registers are printed with what they are part
// of.
constexpr FieldId printing_order[] = {
    FieldId::reg0,        FieldId::reg1,        FieldId::reg2,        FieldId::reg3,
    FieldId::reg4,        FieldId::reg5,        FieldId::reg6,        FieldId::reg7,
    FieldId::reg8,        FieldId::reg9,        FieldId::reg10,       FieldId::reg11,
    FieldId::reg12,       FieldId::reg13,       FieldId::reg14,       FieldId::reg15,
    FieldId::tun_id,      FieldId::metadata,    FieldId::in_port,     FieldId::vlan_tci,
    FieldId::eth_src,     FieldId::eth_dst,     FieldId::eth_type,    FieldId::ipv4_src,
    FieldId::ipv4_dst,    FieldId::ipv6_src,    FieldId::ipv6_dst,    FieldId::ipv6_label,
    FieldId::arp_spa,     FieldId::arp_tpa,     FieldId::ip_proto,    FieldId::arp_op,
    FieldId::arp_sha,     FieldId::arp_tha,     FieldId::ip_dscp,     FieldId::ip_ecn,
    FieldId::ip_ttl,      FieldId::ip_frag,     FieldId::tcp_src,     FieldId::tcp_dst,
    FieldId::udp_src,     FieldId::udp_dst,     FieldId::sctp_src,    FieldId::sctp_dst,
    FieldId::tcp_flags,   FieldId::icmpv4_type, FieldId::icmpv4_code, FieldId::icmpv6_type,
    FieldId::icmpv6_code, FieldId::nd_target,   FieldId::nd_sll,      FieldId::nd_tll,
};

class MatchPrinter {
public:
    MatchPrinter(const FlowKey& key, const FlowMask& mask) : key_(key), mask_(mask), left_(mask) {}

    std::string print() {
        add_protocol();
        for (const FieldId id : printing_order) {
            const MatchField& field = match_field(id);
            if (id == FieldId::vlan_tci) {
                add_vlan();
                add_inner_vlan();
            } else if (satisfied(field.prerequisite, key_, mask_)) {
                add(field);
            }
        }
        // Only a mask that a decision left behind has fields without saying of which packets.
        for (const FieldId id : printing_order) add(match_field(id));
        for (const FlowField& field : field::all) add(field);
        return std::move(text_);
    }

private:
    std::string& begin(std::string_view name) {
        if (!text_.empty()) text_ += ',';
        return text_ += name;
    }
    void drop(const FlowField& place) { left_.words[place.word] &= ~place.word_mask(); }

    void add_protocol() {
        const MatchField& type = match_field(FieldId::eth_type);
        const MatchField& proto = match_field(FieldId::ip_proto);
        if (mask_.get(type.place) != type.place.ones()) return;
        const bool with_proto = mask_.get(proto.place) == proto.place.ones();
        for (const Protocol& protocol : protocols) {
            if (key_.get(type.place) != protocol.eth_type) continue;
            if (protocol.ip_proto &&
                (!with_proto || key_.get(proto.place) != std::uint64_t{*protocol.ip_proto}))
                continue;
            begin(protocol.name);
            drop(type.place);
            if (protocol.ip_proto) printed(proto.place);
            return;
        }
    }

    // The key has a few fields in wider places than packets have them: the bits above are zero.
    void printed(const FlowField& place) {
        drop(place);
        if (mask_.get(place) != place.ones()) return;
        for (const FlowField& whole :
             {field::ip_proto, field::ip_frag, field::tp_src, field::tp_dst})
            if (whole.word == place.word && whole.shift == place.shift &&
                key_.get(whole) == key_.get(place))
                drop(whole);
    }

    void add(const MatchField& field) {
        const FieldValue bits = field.get(left_);
        if (bits.zero()) return;
        begin(field.name) += '=';
        text_ += match_value_text(field, {field.get(key_) & bits, bits});
        printed(field.place);
        if (field.place_high.bits != 0) drop(field.place_high);
    }
    // What no rule can match on.
    void add(const FlowField& place) {
        const std::uint64_t bits = left_.get(place);
        if (bits == 0) return;
        begin(place.name) += fmt::format("={:#x}", key_.get(place) & bits);
        if (bits != place.ones()) text_ += fmt::format("/{:#x}", bits);
    }

    void add_vlan() {
        const MatchField& tci_field = match_field(FieldId::vlan_tci);
        const std::uint64_t bits = mask_.get(field::vlan_tci);
        if (bits == 0) return;
        const std::uint64_t tci = key_.get(field::vlan_tci) & bits;
        const std::uint64_t id_bits = bits & 0xfff, priority_bits = bits >> 13;
        const bool tagged = (tci & tci_present) != 0;
        if (tagged && (id_bits == 0 || id_bits == 0xfff) &&
            (priority_bits == 0 || priority_bits == 7) && (id_bits | priority_bits) != 0) {
            if (id_bits != 0) begin(vlan_id_name) += fmt::format("={}", tci & 0xfff);
            if (priority_bits != 0)
                begin(match_field(FieldId::vlan_pcp).name) += fmt::format("={}", tci >> 13);
        } else {
            begin(tci_field.name) += '=' + match_value_text(tci_field, {{0, tci}, {0, bits}});
        }
        drop(tci_field.place);
        // The ordinary TPID goes without saying.
        const std::uint64_t ordinary = tagged ? tpid_vlan : 0;
        if (mask_.get(field::vlan_tpid) == field::vlan_tpid.ones() &&
            key_.get(field::vlan_tpid) == ordinary)
            drop(field::vlan_tpid);
    }

    // Known as a whole; else it is left to be shown bit by bit.
    void add_inner_vlan() {
        const FlowField& place = field::inner_vlan_tci;
        if (mask_.get(place) != place.ones()) return;
        const std::uint64_t tci = key_.get(place);
        if ((tci & tci_present) != 0) {
            begin(vlan_id_name) += fmt::format("1={}", tci & 0xfff);
            begin(match_field(FieldId::vlan_pcp).name) += fmt::format("1={}", tci >> 13);
        } else {
            begin(place.name) += fmt::format("={:#06x}", tci);
        }
        drop(place);
    }

    const FlowKey& key_;
    const FlowMask& mask_;
    FlowMask left_;  // not printed yet
    std::string text_;
};

}  // namespace

std::string_view packets_of(Prerequisite prerequisite) {
    switch (prerequisite) {
        case Prerequisite::none: return "eth";
        case Prerequisite::vlan: return "a VLAN tag (dl_vlan or vlan_tci)";
        case Prerequisite::ip: return "ip or ipv6";
        case Prerequisite::ipv4: return "ip";
        case Prerequisite::ipv6: return "ipv6";
        case Prerequisite::arp: return "arp or rarp";
        case Prerequisite::tcp: return "tcp or tcp6";
        case Prerequisite::udp: return "udp or udp6";
        case Prerequisite::sctp: return "sctp or sctp6";
        case Prerequisite::icmpv4: return "icmp";
        case Prerequisite::icmpv6: return "icmp6";
        case Prerequisite::nd: return "icmp6 with icmp_type 135 or 136 and icmp_code 0";
        case Prerequisite::nd_solicit: return "icmp6 with icmp_type 135 and icmp_code 0";
        case Prerequisite::nd_advert: return "icmp6 with icmp_type 136 and icmp_code 0";
    }
    return {};
}

bool MatchReader::knows(const TextPart& part) const {
    return part.name == any_ethernet || part.name == vlan_id_name ||
           part.name == packet_type_name || protocol_of_name(part.name) != nullptr ||
           field_of_name(part.name) != nullptr;
}

bool MatchReader::merge(std::string_view at, const MatchField& field, const MaskedValue& value) {
    const FieldValue old_mask = field.get(mask_), old_value = field.get(key_);
    const FieldValue both = old_mask & value.mask;
    if (!((old_value & both) == (value.value & both))) {
        reader_.fail(at,
                     fmt::format("{} contradicts what the match says about {} already", quoted(at),
                                 field.name),
                     "one value");
        return false;
    }
    field.fold(mask_, value.mask);
    field.set(key_, old_value | value.value);
    return true;
}

bool MatchReader::add_vlan(const TextPart& part) {
    const auto text = reader_.value_of(part, "a VLAN ID from 0 to 4095, or 0xffff for no tag");
    if (!text) return false;
    const auto id = reader_.number(*text, part.name, no_vlan);
    if (!id) return false;
    if (*id > 0xfff && *id != no_vlan) {
        reader_.fail(*text, fmt::format("{} is no VLAN ID", *id),
                     "a number from 0 to 4095, or 0xffff for no tag");
        return false;
    }
    if (*id == no_vlan) return merge(part.name, match_field(FieldId::vlan_tci), {{}, {0, 0xffff}});
    const MatchField& field = match_field(FieldId::vlan_vid);
    return merge(part.name, field, {{0, *id | tci_present}, field.ones()});
}

std::string unknown_field_text(std::string_view name) {
    const bool to_come = name.starts_with("ct_") || name.starts_with("mpls") || name == "conj_id";
    return to_come ? fmt::format("{} is not supported yet", name)
                   : fmt::format("there is no field {}", quoted(name));
}

bool MatchReader::add(const TextPart& part) {
    if (part.name == any_ethernet) return reader_.bare(part);
    if (part.name == vlan_id_name) return add_vlan(part);
    if (const Protocol* protocol = protocol_of_name(part.name)) {
        const auto say = [&](FieldId id, std::uint64_t value) {
            const MatchField& field = match_field(id);
            return merge(part.name, field, {{0, value}, field.ones()});
        };
        return reader_.bare(part) && say(FieldId::eth_type, protocol->eth_type) &&
               (!protocol->ip_proto || say(FieldId::ip_proto, *protocol->ip_proto));
    }
    if (part.name == packet_type_name) {
        const auto text = reader_.value_of(part, "\"=\" and (0,0)");
        if (text && *text != "(0,0)")
            reader_.fail(*text, "the switch has Ethernet packets only", "(0,0)");
        return text == "(0,0)";
    }
    if (!field_of_name(part.name)) {
        reader_.fail(part.name, unknown_field_text(part.name),
                     "a field such as in_port, dl_dst, nw_src, tp_dst or reg0");
        return false;
    }
    const auto text = reader_.value_of(part, "\"=\" and a value");
    if (!text) return false;
    if (*text != "*") pending_.push_back(part);
    return true;
}

MatchReader::Resolution MatchReader::resolve(const TextPart& part) {
    for (const MatchField& field : match_fields()) {
        if (!field.has_name(part.name)) continue;
        const bool needs_tag = field.prerequisite == Prerequisite::vlan;
        if (!needs_tag && !satisfied(field.prerequisite, key_, mask_)) continue;
        const auto value = read_field_value(reader_, field, part.name, part.value, ports_);
        if (!value) return Resolution::failed;
        // Who asks for a priority asks for a tag.
        if (needs_tag &&
            !merge(part.name, match_field(FieldId::vlan_tci), {{0, tci_present}, {0, tci_present}}))
            return Resolution::failed;
        if (!merge(part.name, field, *value)) return Resolution::failed;
        if (!asks_ports_of_later_fragments(key_, mask_)) return Resolution::done;
        reader_.fail(part.name, "later fragments have no ports", "a match without ports");
        return Resolution::failed;
    }
    return Resolution::later;
}

std::optional<Match> MatchReader::finish() {
    // A field's packets are named by other fields, these by others again, and that is all there is:
    // type, protocol, ICMP type and code, neighbour discovery.
    for (int round = 0; round < 4 && !pending_.empty(); ++round) {
        std::vector<TextPart> rest;
        for (const TextPart& part : pending_) {
            const Resolution resolution = resolve(part);
            if (resolution == Resolution::failed) return std::nullopt;
            if (resolution == Resolution::later) rest.push_back(part);
        }
        pending_ = std::move(rest);
    }
    if (reader_.error()) return std::nullopt;
    if (pending_.empty()) return Match(key_, mask_);

    const std::string_view name = pending_.front().name;
    if ((key_.get(field::ip_frag) & 2) != 0)
        return reader_.fail(name, fmt::format("later fragments have no {}", name),
                            "a match without it");
    std::string packets;
    for (const MatchField& field : match_fields()) {
        if (!field.has_name(name)) continue;
        if (!packets.empty()) packets += ", ";
        packets += packets_of(field.prerequisite);
    }
    return reader_.fail(name, fmt::format("the match does not name packets that have {}", name),
                        packets + " as well");
}

std::expected<Match, TextError> parse_match(std::string_view text, const PortResolver& ports) {
    TextReader reader(text);
    MatchReader match(reader, ports);
    std::string_view rest = text;
    while (const auto part = reader.next(rest))
        if (!match.add(*part)) break;
    const auto result = match.finish();
    if (!result) return std::unexpected(*reader.error());
    return *result;
}

std::string match_text(const FlowKey& key, const FlowMask& mask) {
    return MatchPrinter(key, mask).print();
}

std::string match_text(const Match& match) {
    return match_text(match.key, match.mask);
}

std::string packet_text(const FlowKey& key) {
    FlowMask mask;
    FlowMask read;  // by present(), which tells nobody here
    // Behind the network header of a later fragment is no other.
    const bool later_fragment = (key.get(field::ip_frag) & 2) != 0;
    for (const MatchField& field : match_fields()) {
        // Registers that nobody has written go without saying, and wide ones are several of them.
        const bool noted = field.place.word >= packet_words;
        const bool wide = field.id >= FieldId::xreg0 && field.id <= FieldId::xxreg3;
        if (wide || (noted && field.get(key).zero())) continue;
        if (later_fragment && field.prerequisite >= Prerequisite::tcp) continue;
        if (present(field.prerequisite, key, read)) field.fold(mask);
    }
    if ((key.get(field::vlan_tci) & tci_present) != 0) mask.fold(field::inner_vlan_tci);
    return match_text(key, mask);
}

std::string megaflow_text(const FlowKey& key, const FlowMask& mask) {
    const std::string text = match_text(key, mask);
    return "recirc_id=0,eth" + (text.empty() ? text : ',' + text);
}

}  // namespace switchd
