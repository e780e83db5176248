#include "switchd/datapath_flow_text.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <array>

#include "switchd/core/bytes.h"

namespace switchd {

namespace {

constexpr std::uint16_t type_ipv4 = 0x0800;
constexpr std::uint16_t type_arp = 0x0806;
constexpr std::uint16_t type_rarp = 0x8035;
constexpr std::uint16_t type_ipv6 = 0x86dd;
constexpr std::uint64_t frag_later = 2;  // of field::ip_frag
constexpr std::uint64_t vid_bits = 0x0fff;
constexpr unsigned pcp_shift = 13;

std::string decimal(std::uint64_t value) {
    return std::to_string(value);
}
// As C's "%#x": zero is a bare 0.
std::string hex(std::uint64_t value) {
    return value == 0 ? "0" : fmt::format("{:#x}", value);
}
std::string mac(std::uint64_t value) {
    return MacAddress::from_u64(value).to_string();
}
std::string ipv4(std::uint64_t value) {
    const in_addr address{htonl(static_cast<std::uint32_t>(value))};
    char text[INET_ADDRSTRLEN];
    return ::inet_ntop(AF_INET, &address, text, sizeof text);
}
std::string ipv6(std::uint64_t high, std::uint64_t low) {
    const std::array<be64, 2> address{be64{high}, be64{low}};
    char text[INET6_ADDRSTRLEN];
    return ::inet_ntop(AF_INET6, address.data(), text, sizeof text);
}

// "name(a=1,b=2/0xf)", and nothing when no part was added.
class Group {
public:
    explicit Group(std::string_view name) : name_(name) {}
    void add(std::string_view part, std::string_view text) {
        parts_ += fmt::format("{}{}={}", parts_.empty() ? "" : ",", part, text);
    }
    std::string text() const { return parts_.empty() ? "" : fmt::format("{}({}),", name_, parts_); }

private:
    std::string_view name_;
    std::string parts_;
};

// Writes one key under its mask, and notes which bits of the mask it has written.
class MatchWriter {
public:
    MatchWriter(const FlowKey& key, const FlowMask& mask) : key_(key), mask_(mask), rest_(mask) {}

    std::string text(const PortText& port_text) {
        std::string text =
            fmt::format("recirc_id(0),in_port({}),packet_type(ns=0,id=0),",
                        port_text(static_cast<PortNumber>(key_.get(field::in_port))));
        written(field::in_port);
        text += ethernet();
        text += tagged(field::vlan_tpid, field::vlan_tci, [&] {
            return tagged(field::inner_vlan_tpid, field::inner_vlan_tci, [&] { return payload(); });
        });
        text.pop_back();
        if (rest_ != FlowMask{}) text += "," + to_text(mask_.apply(key_), rest_);
        return text;
    }

    // The headers alone, each as the datapath's set action has it; the key names their protocols.
    std::string headers() {
        protocol_known_ = true;
        std::string text = ethernet() + layer_3();
        std::string sets;
        for (std::size_t end; (end = text.find("),")) != text.npos; text.erase(0, end + 2))
            sets += (sets.empty() ? "set(" : ",set(") + text.substr(0, end + 1) + ")";
        return rest_ == FlowMask{} ? sets : std::string{};
    }

private:
    using Writer = std::string (*)(std::uint64_t);

    bool looks_at(const FlowField& of) const { return mask_.get(of) != 0; }
    bool exact(const FlowField& of) const { return mask_.get(of) == of.ones(); }
    void written(const FlowField& of) { rest_.words[of.word] &= ~of.word_mask(); }

    void add(Group& group, std::string_view name, const FlowField& of, Writer value, Writer bits) {
        if (!looks_at(of)) return;
        written(of);
        group.add(name, exact(of) ? value(key_.get(of))
                                  : value(key_.get(of)) + "/" + bits(mask_.get(of)));
    }
    void add_ipv6(Group& group, std::string_view name, const FlowField& high,
                  const FlowField& low) {
        if (!looks_at(high) && !looks_at(low)) return;
        written(high);
        written(low);
        const std::string address = ipv6(key_.get(high), key_.get(low));
        group.add(name, exact(high) && exact(low)
                            ? address
                            : address + "/" + ipv6(mask_.get(high), mask_.get(low)));
    }

    std::string ethernet() {
        Group eth("eth");
        add(eth, "src", field::eth_src, mac, mac);
        add(eth, "dst", field::eth_dst, mac, mac);
        return eth.text();
    }

    // A tag with what it wraps, if there is one; that there is none, if that was looked at.
    template <class Inside>
    std::string tagged(const FlowField& tpid, const FlowField& tci, Inside inside) {
        const bool no_tag_seen = (mask_.get(tci) & tci_present) != 0;
        if ((key_.get(tci) & mask_.get(tci) & tci_present) == 0) {
            if (!no_tag_seen) return inside();
            written(tci);
            if (key_.get(tpid) == 0) written(tpid);
            return (exact(field::eth_type) ? "" : "vlan(cfi=0),") + inside();
        }
        const std::uint64_t type = exact(tpid) ? key_.get(tpid) : tpid_vlan;
        const std::uint64_t vid_mask = mask_.get(tci) & vid_bits;
        const std::uint64_t pcp_mask = mask_.get(tci) >> pcp_shift;
        written(tpid);
        written(tci);
        Group vlan("vlan");
        const std::string vid = decimal(key_.get(tci) & vid_bits);
        vlan.add("vid", vid_mask == vid_bits ? vid : fmt::format("{}/{:#x}", vid, vid_mask));
        const std::string pcp = decimal(key_.get(tci) >> pcp_shift);
        vlan.add("pcp", pcp_mask == 7 ? pcp : fmt::format("{}/{:#x}", pcp, pcp_mask));
        std::string wrapped = inside();
        if (!wrapped.empty()) {
            wrapped.pop_back();
            wrapped = "encap(" + wrapped + "),";
        }
        return fmt::format("eth_type({:#06x}),", type) + vlan.text() + wrapped;
    }

    std::string payload() {
        std::string text;
        if (looks_at(field::eth_type)) {
            const std::uint64_t type = key_.get(field::eth_type);
            written(field::eth_type);
            if (type == eth_type_802_3)
                text = "eth_type(0/0xffff),";
            else if (exact(field::eth_type))
                text = fmt::format("eth_type({:#06x}),", type);
            else
                text = fmt::format("eth_type({:#06x}/{:#06x}),", type, mask_.get(field::eth_type));
        }
        return exact(field::eth_type) ? text + layer_3() : text;
    }

    std::string layer_3() {
        switch (key_.get(field::eth_type)) {
            case type_ipv4: return ip_v4();
            case type_ipv6: return ip_v6();
            case type_arp:
            case type_rarp: return arp();
            default: return {};
        }
    }

    std::string arp() {
        Group arp("arp");
        add(arp, "sip", field::ip_src, ipv4, ipv4);
        add(arp, "tip", field::ip_dst, ipv4, ipv4);
        add(arp, "op", field::ip_proto, decimal, hex);
        add(arp, "sha", field::arp_sha, mac, mac);
        add(arp, "tha", field::arp_tha, mac, mac);
        return arp.text();
    }

    void fragment(Group& group) {
        if (!looks_at(field::ip_frag)) return;
        const std::uint64_t frag = key_.get(field::ip_frag);
        written(field::ip_frag);
        group.add("frag", (frag & frag_later) != 0 ? "later" : frag != 0 ? "first" : "no");
    }

    std::string ip_v4() {
        Group ip("ipv4");
        add(ip, "src", field::ip_src, ipv4, ipv4);
        add(ip, "dst", field::ip_dst, ipv4, ipv4);
        const bool protocol = add_protocol(ip) || protocol_known_;
        add(ip, "tos", field::ip_tos, hex, hex);
        add(ip, "ttl", field::ip_ttl, decimal, hex);
        fragment(ip);
        return ip.text() + (protocol ? transport("icmp", IPPROTO_ICMP) : "");
    }

    std::string ip_v6() {
        Group ip("ipv6");
        add_ipv6(ip, "src", field::ipv6_src_high, field::ipv6_src_low);
        add_ipv6(ip, "dst", field::ipv6_dst_high, field::ipv6_dst_low);
        add(ip, "label", field::ipv6_label, hex, hex);
        const bool protocol = add_protocol(ip) || protocol_known_;
        add(ip, "tclass", field::ip_tos, hex, hex);
        add(ip, "hlimit", field::ip_ttl, decimal, hex);
        fragment(ip);
        return ip.text() + (protocol ? transport("icmpv6", IPPROTO_ICMPV6) : "");
    }

    // The key has 16 bits for it, because ARP's operation has; IP's protocol has 8.
    // True: the protocol is known.
    bool add_protocol(Group& group) {
        const std::uint64_t bits = mask_.get(field::ip_proto) & 0xff;
        if (bits == 0) return false;
        written(field::ip_proto);
        const std::string value = decimal(key_.get(field::ip_proto));
        group.add("proto", bits == 0xff ? value : value + "/" + hex(bits));
        return bits == 0xff;
    }

    std::string transport(std::string_view icmp_name, std::uint64_t icmp) {
        const std::uint64_t protocol = key_.get(field::ip_proto);
        if (protocol == icmp) {
            Group group(icmp_name);
            add(group, "type", field::tp_src, decimal, hex);
            add(group, "code", field::tp_dst, decimal, hex);
            Group nd("nd");
            if (icmp == IPPROTO_ICMPV6) {
                add_ipv6(nd, "target", field::nd_target_high, field::nd_target_low);
                add(nd, "sll", field::arp_sha, mac, mac);
                add(nd, "tll", field::arp_tha, mac, mac);
            }
            return group.text() + nd.text();
        }
        const char* const name = protocol == IPPROTO_TCP    ? "tcp"
                                 : protocol == IPPROTO_UDP  ? "udp"
                                 : protocol == IPPROTO_SCTP ? "sctp"
                                                            : nullptr;
        if (!name) return {};
        Group ports(name);
        add(ports, "src", field::tp_src, decimal, hex);
        add(ports, "dst", field::tp_dst, decimal, hex);
        return ports.text() + (protocol == IPPROTO_TCP ? tcp_flags() : "");
    }

    // All of them known: "fin|ece"; some: "+syn-ack".
    std::string tcp_flags() {
        constexpr std::string_view names[] = {"fin", "syn", "rst", "psh",   "ack",   "urg",
                                              "ece", "cwr", "ns",  "[200]", "[400]", "[800]"};
        static_assert(std::size(names) == field::tcp_flags.bits);
        if (!looks_at(field::tcp_flags)) return {};
        written(field::tcp_flags);
        const std::uint64_t flags = key_.get(field::tcp_flags);
        std::string text;
        for (unsigned i = 0; i < std::size(names); ++i) {
            const bool set = (flags >> i & 1) != 0;
            if (!exact(field::tcp_flags)) {
                if ((mask_.get(field::tcp_flags) >> i & 1) != 0)
                    text += fmt::format("{}{}", set ? '+' : '-', names[i]);
            } else if (set) {
                text += fmt::format("{}{}", text.empty() ? "" : "|", names[i]);
            }
        }
        return fmt::format("tcp_flags({}),", text.empty() ? "0" : text);
    }

    const FlowKey& key_;
    const FlowMask& mask_;
    FlowMask rest_;                // not written yet
    bool protocol_known_ = false;  // whatever the mask says
};

// Steps that Open vSwitch's datapath has no word for are shown as ours.
class ActionWriter {
public:
    ActionWriter(const FlowKey& key, const PortText& port_text)
        : key_(key), port_text_(port_text) {}

    std::string operator()(const Output& output) const {
        std::string text;
        for (const PortNumber port : output.ports)
            text += (text.empty() ? "" : ",") + port_text_(port);
        return text;
    }
    // One "set(...)" for each header.
    std::string operator()(const SetFields& set) const {
        FlowKey key = set.edit->key;
        key.set(field::eth_type, key_.get(field::eth_type));
        // Of ARP it is the operation, which may be what is set.
        if (set.edit->mask.get(field::ip_proto) == 0)
            key.set(field::ip_proto, key_.get(field::ip_proto));
        const std::string groups = MatchWriter(key, set.edit->mask).headers();
        return groups.empty() ? to_text(ActionProgram{{set}}) : groups;
    }
    std::string operator()(const PopVlan&) const { return "pop_vlan"; }
    std::string operator()(const PushVlan& push) const {
        const std::string tpid =
            push.tpid == tpid_vlan ? "" : fmt::format("tpid={:#06x},", push.tpid);
        return fmt::format("push_vlan({}vid={},pcp={})", tpid, push.tci & vid_bits,
                           push.tci >> pcp_shift);
    }
    std::string operator()(const ToController& to) const {
        const PacketInRequest& request = *to.request;
        return fmt::format(
            "userspace(pid=0,controller(reason={},rule_cookie={},controller_id={},max_len={}))",
            static_cast<unsigned>(request.reason), hex(request.cookie), request.controller_id,
            request.max_len);
    }
    std::string operator()(const Punt& punt) const {
        switch (punt.to) {
            case LocalConsumer::spanning_tree: return "userspace(pid=0,slow_path(stp))";
            default: return to_text(ActionProgram{{punt}});
        }
    }
    std::string operator()(const Drop&) const { return "drop"; }
    std::string operator()(const auto& step) const { return to_text(ActionProgram{{step}}); }

private:
    const FlowKey& key_;
    const PortText& port_text_;
};

// FNV-1a over 64-bit words; an id is a name, not a lookup.
class IdHash {
public:
    explicit IdHash(std::uint64_t seed) : hash_(0xcbf29ce484222325 ^ seed) {}
    void add(std::uint64_t word) {
        for (int i = 0; i < 8; ++i, word >>= 8) hash_ = (hash_ ^ (word & 0xff)) * 0x100000001b3;
    }
    std::uint64_t value() const { return hash_; }

private:
    std::uint64_t hash_;
};

}  // namespace

std::string datapath_match_text(const FlowKey& key, const FlowMask& mask,
                                const PortText& port_text) {
    return MatchWriter(key, mask).text(port_text);
}

std::string datapath_actions_text(const ActionProgram& program, const FlowKey& key,
                                  const PortText& port_text) {
    std::string text;
    for (const Action& step : program.steps)
        text += (text.empty() ? "" : ",") + std::visit(ActionWriter(key, port_text), step);
    return text;
}

std::string datapath_flow_text(const Megaflow& flow, TimePoint now, const PortText& port_text) {
    const std::chrono::duration<double> idle = now - flow.last_used;
    return fmt::format("{}, packets:{}, bytes:{}, used:{:.3f}s, actions:{}",
                       datapath_match_text(flow.key(), flow.mask->mask, port_text), flow.packets,
                       flow.bytes, idle.count(),
                       datapath_actions_text(*flow.program, flow.key(), port_text));
}

std::string datapath_flow_id(const Megaflow& flow) {
    IdHash high(1), low(2);
    const FlowKey key = flow.key();
    for (const auto* words : {&key.words, &flow.mask->mask.words})
        for (const std::uint64_t word : *words) {
            high.add(word);
            low.add(word);
        }
    return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high.value() >> 32,
                       high.value() >> 16 & 0xffff, high.value() & 0xffff, low.value() >> 48,
                       low.value() & 0xffffffffffff);
}

}  // namespace switchd
