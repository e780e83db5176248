// Random matches and lists of actions in the form in which a version's decoder gives them, so that
// what is written in that version is read back as the same.
#pragma once

#include <random>

#include "flows/action_names.h"
#include "flows/match.h"
#include "flows/openflow/match_codec.h"
#include "flows/openflow/version.h"
#include "flows/rule_actions.h"

namespace switchd::openflow::test {

class RandomRules {
public:
    explicit RandomRules(std::uint32_t seed) : random_(seed) {}

    Match match() {
        match_ = {};
        if (one_in(3)) put(FieldId::in_port, port());
        for (const FieldId id : {FieldId::eth_src, FieldId::eth_dst, FieldId::metadata,
                                 FieldId::tun_id, FieldId::reg0, FieldId::reg7, FieldId::reg15})
            if (one_in(4)) put_any(id);
        if (one_in(2)) put_vlan();
        switch (below(5)) {
            case 0: put_ip(0x0800); break;
            case 1: put_ip(0x86dd); break;
            case 2: put_arp(); break;
            case 3: put(FieldId::eth_type, random_() & 0xffff); break;
            default: break;
        }
        return match_;
    }

    RuleActions actions(Version version) {
        RuleActions actions = applied(version, 6);
        if (version != Version::v1_0 && one_in(3))
            actions.emplace_back(rule_action::ClearActions{});
        if (version != Version::v1_0 && one_in(3)) {
            rule_action::WriteActions written{applied(version, 3, true)};
            if (!written.actions.empty()) actions.emplace_back(std::move(written));
        }
        if (one_in(3)) actions.emplace_back(rule_action::WriteMetadata{random_(), random_()});
        if (version != Version::v1_0 && one_in(3))
            actions.emplace_back(rule_action::GotoTable{static_cast<std::uint8_t>(below(255))});
        return actions;
    }

    std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
    bool one_in(std::uint64_t bound) { return below(bound) == 0; }
    std::uint64_t number() { return random_(); }

private:
    void put(FieldId id, FieldValue value, FieldValue mask) {
        const MatchField& field = match_field(id);
        field.set(match_.key, (field.get(match_.key) & ~mask) | (value & mask));
        field.fold(match_.mask, mask);
    }
    void put(FieldId id, std::uint64_t value) { put(id, {0, value}, match_field(id).ones()); }
    // Exact or, if that can be, masked.
    void put_any(FieldId id) {
        const MatchField& field = match_field(id);
        FieldValue mask = field.ones();
        if (field.maskable && one_in(2)) mask = mask & FieldValue{random_(), random_()};
        put(id, {random_(), random_()}, mask);
    }
    void put_vlan() {
        constexpr std::uint64_t present = tci_present;
        switch (below(6)) {
            case 0: return put(FieldId::vlan_vid, 0);
            case 1: return put(FieldId::vlan_tci, {0, present}, {0, present});
            case 2: return put(FieldId::vlan_vid, present | below(4096));
            case 3: return put(FieldId::vlan_tci, present | (random_() & 0xffff));
            case 4: return put(FieldId::vlan_tci, {0, random_() | present}, {0, 0xf000});
            default:
                return put(FieldId::vlan_tci, {0, random_()}, {0, 0x2000 | (random_() & 0xff)});
        }
    }
    void put_ip(std::uint16_t type) {
        const bool ipv6 = type == 0x86dd;
        put(FieldId::eth_type, type);
        for (const FieldId id : {FieldId::ip_dscp, FieldId::ip_ecn, FieldId::ip_ttl,
                                 FieldId::ip_frag, ipv6 ? FieldId::ipv6_src : FieldId::ipv4_src,
                                 ipv6 ? FieldId::ipv6_dst : FieldId::ipv4_dst})
            if (one_in(3)) put_any(id);
        if (ipv6 && one_in(3)) put_any(FieldId::ipv6_label);
        const auto ports = [&](std::uint64_t protocol, std::initializer_list<FieldId> ids) {
            put(FieldId::ip_proto, protocol);
            for (const FieldId id : ids)
                if (one_in(2) && prerequisite_met(match_field(id).prerequisite, match_))
                    put_any(id);
        };
        switch (below(7)) {
            case 0: return ports(6, {FieldId::tcp_src, FieldId::tcp_dst, FieldId::tcp_flags});
            case 1: return ports(17, {FieldId::udp_src, FieldId::udp_dst});
            case 2: return ports(132, {FieldId::sctp_src, FieldId::sctp_dst});
            case 3:
                if (ipv6) return ports(58, {FieldId::icmpv6_type, FieldId::icmpv6_code});
                return ports(1, {FieldId::icmpv4_type, FieldId::icmpv4_code});
            case 4:
                if (!ipv6) return;
                put(FieldId::ip_proto, 58);
                put(FieldId::icmpv6_type, 135);
                if (one_in(2)) put(FieldId::icmpv6_code, 0);
                return ports(58, {FieldId::nd_target, FieldId::nd_sll});
            case 5: return put(FieldId::ip_proto, below(256));
            default: return;
        }
    }
    void put_arp() {
        put(FieldId::eth_type, one_in(2) ? 0x0806 : 0x8035);
        if (one_in(2)) put(FieldId::arp_op, below(256));
        for (const FieldId id :
             {FieldId::arp_spa, FieldId::arp_tpa, FieldId::arp_sha, FieldId::arp_tha})
            if (one_in(3)) put_any(id);
    }

    PortNumber port() {
        return one_in(4) ? reserved_port::in_port + static_cast<PortNumber>(below(7))
                         : static_cast<PortNumber>(below(0xff00));
    }
    std::vector<std::uint8_t> bytes(std::size_t count) {
        std::vector<std::uint8_t> bytes(count);
        for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random_());
        return bytes;
    }

    RuleActions applied(Version version, std::size_t count_max, bool as_set = false) {
        RuleActions actions;
        for (std::size_t count = below(count_max + 1); count > 0; --count)
            add_action(actions, version, as_set);
        return actions;
    }
    void add_action(RuleActions& actions, Version version, bool as_set) {
        using namespace rule_action;
        const auto u8 = [&](std::uint64_t bound) {
            return static_cast<std::uint8_t>(below(bound));
        };
        const auto u16 = [&] { return static_cast<std::uint16_t>(random_()); };
        const bool first = version == Version::v1_0;
        switch (below(as_set ? 8 : 12)) {
            case 0: actions.emplace_back(Output{port(), u16()}); break;
            case 1: actions.emplace_back(SetQueue{static_cast<std::uint32_t>(random_())}); break;
            case 2: actions.emplace_back(PopVlan{}); break;
            case 3:
                if (!first) actions.emplace_back(PushVlan{tpid_vlan});
                break;
            case 4: {
                DecTtl dec;
                for (std::uint64_t ids = below(4); ids > 0; --ids)
                    dec.controller_ids.push_back(u16());
                actions.emplace_back(std::move(dec));
                break;
            }
            case 5:
                actions.emplace_back(Resubmit{port(), one_in(2) ? table_current : u8(255)});
                break;
            case 6: one_in(4) ? add_move(actions, version) : add_set(actions, version); break;
            case 7:
                if (version > Version::v1_1) break;
                if (one_in(2))
                    actions.emplace_back(
                        SetVlanVid{static_cast<std::uint16_t>(below(4096)), first});
                else
                    actions.emplace_back(SetVlanPcp{u8(8), first});
                break;
            case 8: actions.emplace_back(PopQueue{}); break;
            case 9:
                actions.emplace_back(Controller{u16(), u16(), u8(256), bytes(below(20))});
                break;
            case 10: actions.emplace_back(Note{bytes(6 + 8 * below(3))}); break;
            default:
                if (first) actions.emplace_back(Enqueue{port(), 5});
                break;
        }
    }
    void add_set(RuleActions& actions, Version version) {
        using rule_action::SetField;
        if (version <= Version::v1_1 && one_in(3)) {
            const FieldId old[]{FieldId::eth_src, FieldId::ipv4_dst, FieldId::ip_dscp};
            const MatchField& field = match_field(old[below(3)]);
            actions.emplace_back(SetField{field.id, FieldValue{0, random_()} & field.ones(),
                                          field.ones(), SetField::Spelling::old_action});
            return;
        }
        if (version <= Version::v1_4 && one_in(10)) {
            // Whatever protocol: three sets.
            const std::uint64_t port = below(65536);
            for (const FieldId id : {FieldId::tcp_dst, FieldId::udp_dst, FieldId::sctp_dst})
                actions.emplace_back(SetField{
                    id, {0, port}, match_field(id).ones(), SetField::Spelling::old_action});
            return;
        }
        const MatchField* const field = &writable_field();
        SetField set{field->id, {random_(), random_()}, field->ones()};
        if (field->id == FieldId::in_port) {
            set.value = {0, port()};
        } else if (version <= Version::v1_1 || (version <= Version::v1_4 && one_in(2))) {
            const unsigned all = load_bits(*field);
            const unsigned bits = 1 + static_cast<unsigned>(below(std::min(64u, all)));
            const unsigned offset = static_cast<unsigned>(below(all - bits + 1u));
            set.mask = {};
            for (unsigned bit = offset; bit < offset + bits; ++bit)
                (bit < 64 ? set.mask.low : set.mask.high) |= std::uint64_t{1} << bit % 64;
        } else if (version >= Version::v1_5 && field->maskable && one_in(2)) {
            set.mask = set.mask & FieldValue{random_(), random_()};
        }
        const bool whole = set.mask == field->ones();
        if (field->id == FieldId::vlan_vid && (set.mask.low & tci_present) != 0)
            set.value.low |= tci_present;
        if (field->id == FieldId::arp_op) set.value.low &= 0xff;
        set.value = set.value & set.mask;
        const bool load =
            version <= Version::v1_1 || (version <= Version::v1_4 && (!whole || one_in(2)));
        if (load) {
            set.spelling = SetField::Spelling::load;
            const FieldValue loaded = lowest_bits(load_bits(*field));
            set.mask = set.mask & loaded;
            set.value = set.value & loaded;
        }
        // 128 bits are two loads.
        if (load && whole && field->bits > 64) return;
        actions.emplace_back(set);
    }

    void add_move(RuleActions& actions, Version version) {
        const Subfield source = whole_field(any_field(), one_in(2));
        const Subfield destination = whole_field(writable_field(), one_in(2));
        const unsigned bits =
            1 + static_cast<unsigned>(below(std::min(source.bits, destination.bits)));
        const auto some = [&](const Subfield& whole) {
            return part_of(whole, static_cast<unsigned>(below(whole.bits - bits + 1u)), bits);
        };
        const bool two_ways = version == Version::v1_3 || version == Version::v1_4;
        const bool copy_field = two_ways ? one_in(2) : version == Version::v1_5;
        actions.emplace_back(rule_action::Move{some(source), some(destination), copy_field});
    }
    const MatchField& any_field() {
        return match_field(static_cast<FieldId>(below(static_cast<unsigned>(FieldId::count_))));
    }
    const MatchField& writable_field() {
        while (true)
            if (const MatchField& field = any_field(); field.writable) return field;
    }

    std::mt19937_64 random_;
    Match match_;
};

constexpr Version all_versions[]{Version::v1_0, Version::v1_1, Version::v1_2,
                                 Version::v1_3, Version::v1_4, Version::v1_5};

}  // namespace switchd::openflow::test
