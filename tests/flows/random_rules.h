// Matches and actions for property tests: random, but such as a controller could ask for.
#pragma once

#include <algorithm>
#include <random>
#include <vector>

#include "flows/field_text.h"
#include "flows/match.h"
#include "flows/packet_in.h"
#include "flows/rule_actions.h"

namespace switchd::test {

inline PortNumber random_port(std::mt19937_64& random) {
    if (random() % 4 == 0) return reserved_port::in_port + static_cast<PortNumber>(random() % 7);
    return static_cast<PortNumber>(random() % 0xff00);
}

// A value of the field that matches can say, under a mask if it can have one.
inline MaskedValue random_value(std::mt19937_64& random, const MatchField& field) {
    MaskedValue value{{random(), random()}, field.ones()};
    if (field.format == FieldFormat::port) value.value = {0, random_port(random)};
    if (field.format == FieldFormat::fragment) {
        constexpr MaskedValue named[] = {{{0, 0}, {0, 3}},
                                         {{0, 1}, {0, 3}},
                                         {{0, 3}, {0, 3}},
                                         {{0, 1}, {0, 1}},
                                         {{0, 0}, {0, 2}}};
        return named[random() % std::size(named)];
    }
    if (field.maskable && random() % 2 == 0) {
        const auto bits = static_cast<unsigned>(random() % 64);
        value.mask = random() % 2 == 0 ? FieldValue{random(), random()}
                                       : FieldValue{~std::uint64_t{0}, ~std::uint64_t{0} << bits};
    }
    if (field.id == FieldId::arp_op) value.value.low &= 0xff;
    value.mask = value.mask & field.ones();
    value.value = value.value & value.mask;
    return value;
}

inline Match random_match(std::mt19937_64& random) {
    FlowKey key;
    FlowMask mask;
    const auto say = [&](FieldId id, std::uint64_t value) {
        match_field(id).set(key, {0, value});
        match_field(id).fold(mask);
    };
    constexpr std::uint64_t types[] = {0x0800, 0x0800, 0x86dd, 0x86dd, 0x0806, 0x8035, 0x1234};
    constexpr std::uint64_t protocols[] = {1, 6, 17, 58, 132, 47};
    if (random() % 8 != 0) {
        say(FieldId::eth_type, types[random() % std::size(types)]);
        if (satisfied(Prerequisite::ip, key, mask) && random() % 4 != 0)
            say(FieldId::ip_proto, protocols[random() % std::size(protocols)]);
        if (satisfied(Prerequisite::icmpv6, key, mask) && random() % 2 == 0) {
            say(FieldId::icmpv6_type, 135 + random() % 2);
            say(FieldId::icmpv6_code, 0);
        }
    }
    for (const MatchField& field : match_fields()) {
        const FieldValue said = field.get(mask);
        if (random() % 6 != 0 || !said.zero() || !satisfied(field.prerequisite, key, mask))
            continue;
        if (field.id == FieldId::eth_type || field.id == FieldId::ip_proto) continue;
        const MaskedValue value = random_value(random, field);
        field.set(key, value.value);
        field.fold(mask, value.mask);
    }
    return {key, mask};
}

// Sets a field that the match's packets have.
inline rule_action::SetField random_set_field(std::mt19937_64& random, const Match& match) {
    using rule_action::SetField;
    while (true) {
        const MatchField& field = match_fields()[random() % match_fields().size()];
        const Prerequisite prerequisite =
            field.id == FieldId::vlan_vid ? Prerequisite::vlan : field.prerequisite;
        if (!field.writable || !satisfied(prerequisite, match.key, match.mask)) continue;
        MaskedValue value = random_value(random, field);
        if (field.id == FieldId::vlan_vid) {
            value.mask.low &= 0xfff;
            value.value.low &= 0xfff;
        }
        SetField action{field.id, value.value, value.mask, SetField::Spelling::set_field};
        const auto kind = random() % 3;
        if (kind == 0 && field.bits <= 64 && field.id != FieldId::vlan_vid &&
            field.id != FieldId::arp_op) {
            const auto first = random() % field.bits;
            const auto bits = 1 + random() % (field.bits - first);
            action.mask = {0, (~std::uint64_t{0} >> (64 - bits)) << first};
            action.value = FieldValue{0, random()} & action.mask;
            action.spelling = SetField::Spelling::load;
        }
        constexpr FieldId old[] = {FieldId::eth_src, FieldId::eth_dst,  FieldId::ipv4_src,
                                   FieldId::ip_dscp, FieldId::ip_ecn,   FieldId::ip_ttl,
                                   FieldId::tcp_src, FieldId::sctp_dst, FieldId::tun_id};
        if (kind == 1 && std::ranges::find(old, field.id) != std::end(old)) {
            action.mask = field.ones();
            action.value = FieldValue{0, random()} & action.mask;
            action.spelling = SetField::Spelling::old_action;
        }
        return action;
    }
}

// Moves between fields that the match's packets have.
inline rule_action::Move random_move(std::mt19937_64& random, const Match& match) {
    const auto any = [&](bool writable) {
        while (true) {
            const MatchField& field = match_fields()[random() % match_fields().size()];
            if (satisfied(field.prerequisite, match.key, match.mask) &&
                (field.writable || !writable))
                return whole_field(field, random() % 2 == 0);
        }
    };
    const Subfield source = any(false), destination = any(true);
    const auto bits = 1 + static_cast<unsigned>(random() % std::min(source.bits, destination.bits));
    const auto some = [&](const Subfield& whole) {
        return part_of(whole, static_cast<unsigned>(random() % (whole.bits - bits + 1u)), bits);
    };
    return {some(source), some(destination)};
}

inline std::vector<std::uint8_t> random_bytes(std::mt19937_64& random) {
    std::vector<std::uint8_t> bytes(random() % 5);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    return bytes;
}

inline RuleAction random_action(std::mt19937_64& random, const Match& match) {
    using namespace rule_action;
    const auto number = [&](std::uint64_t end) { return random() % end; };
    switch (number(14)) {
        case 0: {
            const PortNumber port = random_port(random);
            const bool controller = port == reserved_port::controller;
            return Output{port, static_cast<std::uint16_t>(controller ? number(0x10000) : 0)};
        }
        case 1: {
            Controller action;
            action.max_len = static_cast<std::uint16_t>(number(0x10000));
            action.controller_id = static_cast<std::uint16_t>(1 + number(0xffff));
            action.reason = static_cast<std::uint8_t>(number(6));
            action.userdata = random_bytes(random);
            return action;
        }
        case 2:
            return Enqueue{static_cast<PortNumber>(number(100)),
                           static_cast<std::uint32_t>(random())};
        case 3: return SetQueue{static_cast<std::uint32_t>(random())};
        case 4: return PopQueue{};
        case 5: return SetVlanVid{static_cast<std::uint16_t>(number(4096)), number(2) == 0};
        case 6: return SetVlanPcp{static_cast<std::uint8_t>(number(8)), number(2) == 0};
        case 7: return PushVlan{number(2) == 0 ? tpid_vlan : tpid_provider};
        case 8: {
            DecTtl action;
            for (auto n = number(3); n > 0; --n)
                action.controller_ids.push_back(static_cast<std::uint16_t>(random()));
            return action;
        }
        case 9: return Resubmit{random_port(random), static_cast<std::uint8_t>(number(255))};
        case 10: return Note{random_bytes(random)};
        case 11: return random_move(random, match);
        default: return random_set_field(random, match);
    }
}

inline RuleActions random_actions(std::mt19937_64& random, const Match& match) {
    using namespace rule_action;
    const auto some = [&] {
        RuleActions actions;
        for (auto n = random() % 6; n > 0; --n) actions.push_back(random_action(random, match));
        // Behind it there is no tag to set anything of.
        if (random() % 4 == 0) actions.push_back(PopVlan{});
        return actions;
    };
    RuleActions actions = some();
    if (random() % 4 != 0) return actions;
    const bool tagged = actions.empty() || !std::holds_alternative<PopVlan>(actions.back().what);
    if (random() % 2 == 0) actions.push_back(ClearActions{});
    if (random() % 2 == 0 && tagged) actions.push_back(WriteActions{some()});
    if (random() % 2 == 0) actions.push_back(WriteMetadata{random(), random()});
    if (random() % 2 == 0) actions.push_back(GotoTable{static_cast<std::uint8_t>(random() % 255)});
    return actions;
}

}  // namespace switchd::test
