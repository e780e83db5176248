#include "flows/flow_mask.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <iterator>

namespace switchd {
namespace {

constexpr std::uint16_t ipv4_type = 0x0800, arp_type = 0x0806, rarp_type = 0x8035,
                        ipv6_type = 0x86dd;

// Sets all bits of each unit of `unit_bits` in which any is set.
std::uint64_t rounded(std::uint64_t bits, unsigned field_bits, unsigned unit_bits) {
    std::uint64_t result = 0;
    for (unsigned shift = 0; shift < field_bits; shift += unit_bits) {
        const std::uint64_t unit = FlowField{"", 0, 0, static_cast<std::uint8_t>(unit_bits)}.ones();
        if ((bits >> shift & unit) != 0) result |= unit << shift;
    }
    return result;
}

unsigned unit_bits_of(const FlowField& field) {
    if (field.word == field::ip_src.word) return 8;
    if (field.word >= field::ipv6_src_high.word && field.word <= field::ipv6_dst_low.word)
        return 32;
    return field.bits;
}

std::string ipv4_text(std::uint64_t address) {
    return fmt::format("{}.{}.{}.{}", address >> 24 & 0xff, address >> 16 & 0xff,
                       address >> 8 & 0xff, address & 0xff);
}

// Eight groups, the longest run of zeros as "::" (RFC 5952).
std::string ipv6_text(std::uint64_t high, std::uint64_t low) {
    std::array<std::uint16_t, 8> groups;
    for (std::size_t i = 0; i < 4; ++i) {
        groups[i] = static_cast<std::uint16_t>(high >> (48 - 16 * i));
        groups[4 + i] = static_cast<std::uint16_t>(low >> (48 - 16 * i));
    }
    std::size_t run = 8, run_length = 1;
    for (std::size_t i = 0; i < 8; ++i) {
        std::size_t end = i;
        while (end < 8 && groups[end] == 0) ++end;
        if (end - i > run_length) {
            run = i;
            run_length = end - i;
        }
    }
    std::string text;
    for (std::size_t i = 0; i < 8; ++i) {
        if (i == run) {
            text += "::";
            i += run_length - 1;
            continue;
        }
        if (!text.empty() && text.back() != ':') text += ':';
        text += fmt::format("{:x}", groups[i]);
    }
    return text;
}

// Collects "name=value" or "name=value/mask".
class MatchText {
public:
    MatchText(const FlowKey& key, const FlowMask& mask) : key_(key), mask_(mask) {}

    template <class Format>
    void add(const FlowField& field, std::string_view name, Format format) {
        const std::uint64_t bits = mask_.get(field);
        if (bits == 0) return;
        begin(name) += format(key_.get(field) & bits);
        if (bits != field.ones()) text_ += '/' + format(bits);
    }
    void decimal(const FlowField& field, std::string_view name) {
        add(field, name, [](std::uint64_t value) { return fmt::format("{}", value); });
    }
    void hexadecimal(const FlowField& field, std::string_view name) {
        add(field, name, [](std::uint64_t value) { return fmt::format("{:#x}", value); });
    }
    void mac(const FlowField& field, std::string_view name) {
        add(field, name,
            [](std::uint64_t value) { return MacAddress::from_u64(value).to_string(); });
    }
    void ipv4(const FlowField& field, std::string_view name) {
        const std::uint64_t bits = mask_.get(field);
        const int prefix = std::countl_one(bits << 32);
        if (prefix < 32 && bits != 0 && (bits << (32 + prefix)) == 0)
            begin(name) += fmt::format("{}/{}", ipv4_text(key_.get(field) & bits), prefix);
        else
            add(field, name, ipv4_text);
    }
    void wide(const FlowField& high, const FlowField& low, std::string_view name) {
        const std::uint64_t high_bits = mask_.get(high), low_bits = mask_.get(low);
        if ((high_bits | low_bits) == 0) return;
        begin(name) += ipv6_text(key_.get(high) & high_bits, key_.get(low) & low_bits);
        if ((high_bits & low_bits) != ~std::uint64_t{0})
            text_ += '/' + ipv6_text(high_bits, low_bits);
    }
    // A tag of the ordinary kind by its VLAN ID, anything else in full.
    void vlan() {
        const std::uint64_t tpid_bits = mask_.get(field::vlan_tpid);
        const std::uint64_t tci_bits = mask_.get(field::vlan_tci);
        const std::uint64_t tpid = key_.get(field::vlan_tpid) & tpid_bits;
        const std::uint64_t tci = key_.get(field::vlan_tci) & tci_bits;
        const bool tagged = (tci & tci_present) != 0;
        const bool by_id = tagged && (tci_bits & 0x1fff) == 0x1fff &&
                           ((tci_bits >> 13) == 7 || tci_bits >> 13 == 0);
        if (by_id) {
            begin("vlan_vid") += fmt::format("{}", tci & 0xfff);
            if (tci_bits >> 13 != 0) begin("vlan_pcp") += fmt::format("{}", tci >> 13);
        } else if (tci_bits != 0) {
            begin("vlan_tci") += fmt::format("{:#06x}", tci);
            if (tci_bits != 0xffff) text_ += fmt::format("/{:#06x}", tci_bits);
        }
        const bool ordinary = tagged ? tpid == tpid_vlan : tpid == 0;
        if (tpid_bits != 0 && !(tpid_bits == 0xffff && tci_bits != 0 && ordinary))
            hexadecimal(field::vlan_tpid, field::vlan_tpid.name);
    }

    std::string take() { return text_.empty() ? "any" : std::move(text_); }

private:
    std::string& begin(std::string_view name) {
        if (!text_.empty()) text_ += ',';
        text_ += name;
        return text_ += '=';
    }

    const FlowKey& key_;
    const FlowMask& mask_;
    std::string text_;
};

}  // namespace

FlowMask coarsened(const FlowMask& mask) {
    FlowMask coarse;
    for (const FlowField& field : field::all)
        coarse.fold(field, rounded(mask.get(field), field.bits, unit_bits_of(field)));
    coarse.unite(mask);  // spare bits too, should one ever be in use
    return coarse;
}

std::string to_text(const FlowKey& key, const FlowMask& mask) {
    const auto type =
        static_cast<std::uint16_t>(key.get(field::eth_type) & mask.get(field::eth_type));
    const auto protocol =
        static_cast<std::uint16_t>(key.get(field::ip_proto) & mask.get(field::ip_proto));
    const bool arp = type == arp_type || type == rarp_type;
    const bool ip = type == ipv4_type || type == ipv6_type;
    const bool icmp = (type == ipv4_type && protocol == 1) || (type == ipv6_type && protocol == 58);
    std::string_view transport = "tp";
    if (ip && protocol == 6) transport = "tcp";
    if (ip && protocol == 17) transport = "udp";
    if (ip && protocol == 132) transport = "sctp";

    MatchText text{key, mask};
    text.decimal(field::in_port, "in_port");
    text.mac(field::eth_src, "eth_src");
    text.mac(field::eth_dst, "eth_dst");
    text.vlan();
    text.hexadecimal(field::inner_vlan_tpid, field::inner_vlan_tpid.name);
    text.hexadecimal(field::inner_vlan_tci, field::inner_vlan_tci.name);
    text.hexadecimal(field::eth_type, "eth_type");
    text.ipv4(field::ip_src, arp ? "arp_spa" : "nw_src");
    text.ipv4(field::ip_dst, arp ? "arp_tpa" : "nw_dst");
    text.wide(field::ipv6_src_high, field::ipv6_src_low, "ipv6_src");
    text.wide(field::ipv6_dst_high, field::ipv6_dst_low, "ipv6_dst");
    text.decimal(field::ip_proto, arp ? "arp_op" : "nw_proto");
    text.hexadecimal(field::ip_tos, "nw_tos");
    text.decimal(field::ip_ttl, "nw_ttl");
    text.hexadecimal(field::ip_frag, "nw_frag");
    text.hexadecimal(field::ipv6_label, "ipv6_label");
    text.decimal(field::tp_src, icmp ? "icmp_type" : fmt::format("{}_src", transport));
    text.decimal(field::tp_dst, icmp ? "icmp_code" : fmt::format("{}_dst", transport));
    text.hexadecimal(field::tcp_flags, "tcp_flags");
    text.wide(field::nd_target_high, field::nd_target_low, "nd_target");
    text.mac(field::arp_sha, ip ? "nd_sll" : "arp_sha");
    text.mac(field::arp_tha, ip ? "nd_tll" : "arp_tha");
    return text.take();
}

}  // namespace switchd
