// Switches, changes and frames at random, from domains so small that they meet each other all the
// time.
//
// Everything is drawn from one seed: two switches that are told the same changes stay the same.
#pragma once

#include <functional>
#include <random>

#include "flows/flow_key.h"
#include "flows/pipeline.h"
#include "tests/flows/frames.h"

namespace switchd::test {

class RandomSwitch {
public:
    static constexpr PortNumber ports_max = 5;

    // Each seed has its own few kinds of change, so that what others undo can also stay for long;
    // every other one has rules alone, which packets often meet.
    explicit RandomSwitch(std::uint32_t seed)
        : engine_(seed),
          kinds_(static_cast<std::uint32_t>(engine_() & engine_())),
          rules_alone_(seed % 2 == 1) {}

    std::uint64_t below(std::uint64_t limit) { return engine_() % limit; }
    bool chance(unsigned percent) { return below(100) < percent; }

    PortNumber port() { return static_cast<PortNumber>(below(ports_max)); }
    VlanId vlan() {
        constexpr VlanId ids[] = {0, 0, 0, 1, 2, 5, vlan_none};
        return ids[below(std::size(ids))];
    }
    MacAddress mac() {
        constexpr MacAddress macs[] = {
            alice, bob, carol, {{2, 0, 0, 0, 0, 4}}, MacAddress::broadcast(), spanning_tree_address,
            {{}}};
        return macs[below(chance(80) ? 4 : std::size(macs))];
    }

    Bytes frame() {
        Bytes content = be16_bytes(0x0800);
        const unsigned kind = static_cast<unsigned>(below(8));
        const unsigned port_number = 80 + static_cast<unsigned>(below(2));
        if (kind == 0) content = arp(1 + static_cast<unsigned>(below(2)));
        if (kind == 1) content = ipv4(6, tcp(1000, port_number, 0x10));
        if (kind == 2) content = ipv4(17, udp(1000, port_number));
        if (kind == 3) content = ipv6(6, tcp(1000, port_number, 2));
        if (kind == 4) content = ipv4(17, udp(1000, port_number), 0x2000);
        if (kind == 5) content = hex("0027 424203");
        if (kind == 6) content = be16_bytes(0x9999) + Bytes(below(50), std::byte{1});
        while (chance(30)) {
            const unsigned tci = vlan() | static_cast<unsigned>(below(16)) << 12;
            content = vlan_tag(tci, chance(85) ? 0x8100 : 0x88a8) + content;
        }
        Bytes whole = ethernet(mac(), mac(), content);
        if (chance(5)) whole.resize(below(whole.size() + 1));
        if (chance(5))
            whole[below(whole.size() + 1) % std::max<std::size_t>(whole.size(), 1)] ^=
                whole.empty() ? std::byte{} : static_cast<std::byte>(below(256));
        return whole;
    }

    // Of a frame, or any bits at all.
    FlowKey key() {
        FlowKey key = extract(frame(), port());
        if (chance(20))
            for (auto& word : key.words)
                if (chance(30)) word ^= engine_() & engine_();
        if (chance(10)) key.set(field::in_port, below(ports_max + 2));
        return key;
    }

    Match match() {
        FlowMask mask;
        for (const FlowField& field : field::all) {
            if (!chance(rules_alone_ ? 2 : 12)) continue;
            if (chance(60))
                mask.fold(field);
            else
                mask.fold(field, engine_());
        }
        if (rules_alone_ && chance(50)) mask.fold(field::in_port);
        if (chance(15)) mask.fold(field::ip_dst, ~std::uint64_t{0} << below(32));
        return {key(), mask};
    }

    // Tables 0 to 3 and ports that there are, so that rules meet.
    RuleActions actions(std::uint8_t table, unsigned most = 4) {
        RuleActions list;
        for (std::uint64_t i = below(most); i > 0; --i) list.push_back(action());
        if (chance(10)) list.emplace_back(rule_action::ClearActions{});
        if (chance(15)) list.emplace_back(rule_action::WriteActions{{action(), action()}});
        if (chance(15)) list.emplace_back(rule_action::WriteMetadata{below(3), below(4)});
        if (table < 3 && chance(40))
            list.emplace_back(
                rule_action::GotoTable{static_cast<std::uint8_t>(table + 1 + below(3u - table))});
        return list;
    }
    RuleAction action() {
        namespace act = rule_action;
        switch (below(15)) {
            case 0: return act::Output{reserved_port::normal};
            case 1: return act::Output{reserved_port::flood};
            case 2: return act::Output{chance(50) ? reserved_port::all : reserved_port::in_port};
            case 3:
                return act::Output{chance(50) ? reserved_port::controller : reserved_port::local};
            case 4: return act::PopVlan{};
            case 5: return act::PushVlan{chance(70) ? tpid_vlan : tpid_provider};
            case 6: return act::SetVlanVid{static_cast<std::uint16_t>(below(3)), chance(50)};
            case 7: return act::SetVlanPcp{static_cast<std::uint8_t>(below(8)), chance(50)};
            case 8: return act::DecTtl{};
            case 9:
            case 13:
                return act::Resubmit{chance(50) ? reserved_port::in_port : port(),
                                     static_cast<std::uint8_t>(below(4))};
            case 10:
            case 11: {
                const auto fields = match_fields();
                const MatchField& field = fields[below(fields.size())];
                if (!field.writable) return act::Output{port()};
                FieldValue mask = field.ones();
                if (chance(30)) mask = mask & FieldValue{engine_(), engine_()};
                const FieldValue value =
                    chance(60) ? field.get(key()) : FieldValue{engine_(), engine_()};
                return act::SetField{field.id, value & mask, mask};
            }
            case 12: return move();
            default: return act::Output{port()};
        }
    }
    // Between any fields, often into the registers that rules look at.
    rule_action::Move move() {
        const auto fields = match_fields();
        const Subfield source = whole_field(fields[below(fields.size())], chance(50));
        const MatchField* to = &match_field(FieldId::reg0);
        if (chance(60)) to = &fields[below(fields.size())];
        if (!to->writable) to = &match_field(FieldId::metadata);
        const Subfield destination = whole_field(*to, chance(50));
        const unsigned bits =
            1 + static_cast<unsigned>(below(std::min(source.bits, destination.bits)));
        const auto some = [&](const Subfield& whole) {
            return part_of(whole, static_cast<unsigned>(below(whole.bits - bits + 1u)), bits);
        };
        return {some(source), some(destination)};
    }
    FlowMod flow_mod() {
        FlowMod mod;
        mod.command = chance(80) ? FlowMod::Command::add : static_cast<FlowMod::Command>(below(5));
        mod.table =
            chance(rules_alone_ ? 25 : 60) ? std::uint8_t{0} : static_cast<std::uint8_t>(below(4));
        mod.match = match();
        mod.priority = static_cast<std::uint32_t>(below(4));
        mod.actions = actions(mod.table);
        mod.idle_timeout = chance(10) ? static_cast<std::uint16_t>(1 + below(3)) : std::uint16_t{0};
        mod.hard_timeout = chance(10) ? static_cast<std::uint16_t>(1 + below(3)) : std::uint16_t{0};
        mod.resets_counters = chance(50);
        return mod;
    }

    MacTable::Settings mac_settings() {
        return {.entries_max = chance(50) ? 2 + below(3) : 100,
                .idle = std::chrono::seconds{1 + below(4)},
                .min_persistence = std::chrono::seconds{chance(50) ? 0 : 1 + below(3)}};
    }

    // Something that happens to a switch; draws everything when it is made.
    using Change = std::function<void(Pipeline&)>;
    Change change(TimePoint now) {
        const PortNumber port = this->port();
        const VlanId vlan = this->vlan();
        switch (change_kind()) {
            case 0: {
                const auto mode = chance(75) ? ForwardingMode::normal : ForwardingMode::hub;
                return [=](Pipeline& p) { p.set_mode(mode); };
            }
            case 1:
            case 2: {
                const FlowMod mod = flow_mod();
                if (mod.command == FlowMod::Command::add) rules_.push_back(mod);
                return [=](Pipeline& p) { std::ignore = p.flow_tables().apply(mod, now); };
            }
            case 3:
            case 4: {
                if (rules_.empty()) return [](Pipeline&) {};
                const std::size_t at = below(rules_.size());
                FlowMod mod = rules_[at];
                rules_.erase(rules_.begin() + static_cast<std::ptrdiff_t>(at));
                mod.command = FlowMod::Command::remove_strict;
                return [=](Pipeline& p) {
                    std::ignore = p.flow_tables().apply(mod, now);
                    if (p.flow_tables().size() == 0) p.set_mode(ForwardingMode::normal);
                };
            }
            case 5: return [=](Pipeline& p) { std::ignore = p.remove_port(port); };
            case 6:
            case 7: {
                const PortFlags flags = port_flags();
                return [=](Pipeline& p) { std::ignore = p.add_port(port, flags); };
            }
            case 8:
            case 9: {
                const PortFlags flags = port_flags();
                return [=](Pipeline& p) { std::ignore = p.set_port_flags(port, flags); };
            }
            case 10: {
                const bool on = chance(50);
                return [=](Pipeline& p) { p.set_colourful(on); };
            }
            case 11: return [=](Pipeline& p) { std::ignore = p.create_vlan(vlan); };
            case 12: return [=](Pipeline& p) { std::ignore = p.remove_vlan(vlan); };
            case 13: return [=](Pipeline& p) { std::ignore = p.set_untagged_vlan(port, vlan); };
            case 14: return [=](Pipeline& p) { std::ignore = p.set_untagged_vlan(port, 0); };
            case 15: return [=](Pipeline& p) { std::ignore = p.add_tagged_vlan(vlan, port); };
            case 16: return [=](Pipeline& p) { std::ignore = p.remove_tagged_vlan(vlan, port); };
            case 17: {
                const auto state =
                    chance(50) ? VlanPortState::forwarding : static_cast<VlanPortState>(below(3));
                return [=](Pipeline& p) { std::ignore = p.set_vlan_port_state(vlan, port, state); };
            }
            case 18: {
                const auto policy = chance(50) ? VlanPolicy::strict : VlanPolicy::transparent;
                return [=](Pipeline& p) { p.set_vlan_policy(policy); };
            }
            case 19: {
                const bool on = chance(50);
                return [=](Pipeline& p) { p.set_spanning_tree(on); };
            }
            case 20: {
                const MacAddress mac = this->mac();
                return [=](Pipeline& p) { p.forget_mac(vlan, mac); };
            }
            case 21: {
                const auto what = below(4);
                return [=](Pipeline& p) {
                    if (what == 0) p.forget_macs_of_port(port);
                    if (what == 1) p.forget_macs_of_vlan(vlan);
                    if (what == 2) p.forget_macs_of_port_vlan(port, vlan);
                    if (what == 3) p.forget_all_macs();
                };
            }
            case 22:
                return [=](Pipeline& p) {
                    p.expire_macs(now);
                    p.flow_tables().expire(now);
                };
            case 23: {
                const auto mode = static_cast<FragmentMode>(below(4));
                return [=](Pipeline& p) { p.set_fragment_mode(mode); };
            }
            case 24: {
                const auto table = static_cast<std::uint8_t>(below(4));
                const auto miss = static_cast<TableMiss>(below(4));
                const bool standard = chance(50);
                return [=](Pipeline& p) {
                    p.flow_tables().configure(table, miss);
                    p.set_misses_to_controller(standard);
                };
            }
            case 25:
            case 26: {
                const MacAddress mac = this->mac();
                return [=](Pipeline& p) { std::ignore = p.set_static_mac(vlan, mac, port, now); };
            }
            case 27: {
                const MacAddress mac = this->mac();
                return [=](Pipeline& p) { p.remove_static_mac(vlan, mac); };
            }
            default: {
                const auto settings = mac_settings();
                return [=](Pipeline& p) { p.configure_macs(settings); };
            }
        }
    }

    Change make_ports_and_vlans() {
        const bool vlans = chance(80);
        const std::uint64_t tagged = vlans && chance(60) ? engine_() : 0;
        return [=](Pipeline& p) {
            for (PortNumber port = 0; port < ports_max; ++port) std::ignore = p.add_port(port);
            if (!vlans) return;
            std::uint64_t joins = tagged;
            for (const VlanId vlan : {VlanId{1}, VlanId{2}, VlanId{5}}) {
                std::ignore = p.create_vlan(vlan);
                for (PortNumber port = 0; port < ports_max; ++port, joins >>= 1)
                    if ((joins & 1) != 0) std::ignore = p.add_tagged_vlan(vlan, port);
            }
        };
    }

    // Ports, and a few stations that were heard.
    void prepare(Pipeline& tables, TimePoint now, unsigned changes) {
        make_ports_and_vlans()(tables);
        for (unsigned i = 0; i < changes; ++i) {
            change(now)(tables);
            const FlowKey heard = key();
            tables.perform(tables.lookup(heard, now), now);
        }
    }

private:
    PortFlags port_flags() {
        return {.up = chance(80),
                .flood = chance(80),
                .receives = chance(90),
                .forwards = chance(90),
                .packet_in = chance(90),
                .colour = static_cast<std::uint32_t>(below(3))};
    }

    std::uint64_t change_kind() {
        if (rules_alone_) return chance(70) ? 1 : 3;  // more come than go
        constexpr std::uint64_t kinds = 29;
        for (int tries = 0; tries < 100; ++tries)
            if (const auto kind = below(kinds); (kinds_ >> kind & 1) != 0) return kind;
        return below(kinds);
    }

    std::mt19937_64 engine_;
    std::uint32_t kinds_;
    bool rules_alone_;
    std::vector<FlowMod> rules_;
};

}  // namespace switchd::test
