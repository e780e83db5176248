#include "flows/action_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>

#include "flows/action_names.h"
#include "flows/field_text.h"

namespace switchd {
namespace {

using namespace rule_action;

std::string bytes_text(const std::vector<std::uint8_t>& bytes) {
    return fmt::format("{:02x}", fmt::join(bytes, "."));
}

std::string hexadecimal(std::uint64_t value) {
    return value == 0 ? "0" : fmt::format("{:#x}", value);
}

std::string range_text(unsigned first, unsigned bits) {
    if (bits == 1) return fmt::format("{}", first);
    return fmt::format("{}..{}", first, first + bits - 1);
}

class ActionPrinter {
public:
    std::string print(std::span<const RuleAction> actions) {
        if (actions.empty()) return "drop";
        std::string text;
        for (const RuleAction& action : actions) {
            if (!text.empty()) text += ',';
            text += std::visit([&](const auto& what) { return print_one(what); }, action.what);
        }
        return text;
    }

private:
    static std::string print_one(const Output& action) {
        if (action.port == reserved_port::controller)
            return fmt::format("CONTROLLER:{}", action.max_len);
        if (action.port >= reserved_port::unset) return port_text(action.port);
        return fmt::format("output:{}", action.port);
    }
    static std::string print_one(const Controller& action) {
        if (only_max_len(action)) return fmt::format("CONTROLLER:{}", action.max_len);
        std::string text = "controller(";
        const auto add = [&](std::string_view name, const auto& value) {
            if (text.back() != '(') text += ',';
            text += fmt::format("{}={}", name, value);
        };
        if (action.reason != static_cast<std::uint8_t>(PacketInReason::action)) {
            const auto it =
                std::ranges::find(reason_names, PacketInReason{action.reason}, &ReasonName::reason);
            if (it == std::end(reason_names))
                add("reason", action.reason);
            else
                add("reason", it->name);
        }
        if (action.max_len != everything) add("max_len", action.max_len);
        if (action.controller_id != 0) add("id", action.controller_id);
        if (!action.userdata.empty()) add("userdata", bytes_text(action.userdata));
        return text += ')';
    }
    static std::string print_one(const Enqueue& action) {
        return fmt::format("enqueue:{}:{}", port_text(action.port), action.queue);
    }
    static std::string print_one(const SetQueue& action) {
        return fmt::format("set_queue:{}", action.queue);
    }
    static std::string print_one(const PopQueue&) { return "pop_queue"; }

    static std::string print_one(const SetField& action) {
        const MatchField& field = match_field(action.field);
        if (action.spelling == SetField::Spelling::old_action && action.mask == field.ones()) {
            const auto it = std::ranges::find(old_actions, action.field, &OldAction::field);
            if (action.field == FieldId::tun_id && action.value.low > 0xffffffff)
                return fmt::format("{}:{:#x}", set_tunnel_wide, action.value.low);
            if (it != std::end(old_actions))
                return fmt::format("{}:{}", it->name,
                                   field.nxm_shift == 0
                                       ? action_value_text(field, {action.value, action.mask})
                                       : match_value_text(field, {action.value, action.mask}));
        }
        if (action.spelling == SetField::Spelling::load)
            if (const auto text = load_text(field, action)) return *text;
        return fmt::format("set_field:{}->{}",
                           action_value_text(field, {action.value, action.mask}),
                           field.action_name);
    }
    // Nothing if the bits are not of the kind that a load can set.
    static std::optional<std::string> load_text(const MatchField& field, const SetField& action) {
        const FieldValue mask = action.mask;
        if (mask.zero()) return std::nullopt;
        const unsigned first = static_cast<unsigned>(
            mask.low != 0 ? std::countr_zero(mask.low) : 64 + std::countr_zero(mask.high));
        const unsigned bits =
            static_cast<unsigned>(std::popcount(mask.low) + std::popcount(mask.high));
        if (bits > 64 || mask != shifted_left(lowest_bits(bits), first)) return std::nullopt;

        if (field.id == FieldId::in_port && mask == field.ones())
            return fmt::format("load:{}->{}[]",
                               hexadecimal(port_to_16(static_cast<PortNumber>(action.value.low))),
                               field.nxm_name);
        const bool nxm = !field.nxm_name.empty() && field.id != FieldId::in_port;
        const unsigned shift = nxm ? field.nxm_shift : 0;
        const bool all = bits == load_bits(field) + shift && first == 0;
        const std::string range = all ? "" : range_text(first + shift, bits);
        return fmt::format("load:{}->{}[{}]", hexadecimal(shifted_right(action.value, first).low),
                           nxm ? field.nxm_name : field.oxm_name, range);
    }

    static std::string print_one(const Move& action) {
        return fmt::format("move:{}->{}", subfield_text(action.source),
                           subfield_text(action.destination));
    }
    static std::string print_one(const SetVlanVid& action) {
        return fmt::format("{}:{}", action.push ? "mod_vlan_vid" : "set_vlan_vid", action.vid);
    }
    static std::string print_one(const SetVlanPcp& action) {
        return fmt::format("{}:{}", action.push ? "mod_vlan_pcp" : "set_vlan_pcp", action.pcp);
    }
    static std::string print_one(const PopVlan&) { return "strip_vlan"; }
    static std::string print_one(const PushVlan& action) {
        return fmt::format("push_vlan:{:#06x}", action.tpid);
    }
    static std::string print_one(const DecTtl& action) {
        if (action.controller_ids.empty()) return "dec_ttl";
        return fmt::format("dec_ttl({})", fmt::join(action.controller_ids, ","));
    }
    static std::string print_one(const Resubmit& action) {
        const std::string in_port =
            action.in_port == reserved_port::in_port ? "" : port_text(action.in_port);
        if (action.table == table_current && !in_port.empty())
            return fmt::format("resubmit:{}", in_port);
        return fmt::format("resubmit({},{})", in_port,
                           action.table == table_current ? "" : fmt::format("{}", action.table));
    }
    static std::string print_one(const Note& action) { return "note:" + bytes_text(action.bytes); }
    static std::string print_one(const ClearActions&) { return "clear_actions"; }
    std::string print_one(const WriteActions& action) {
        return fmt::format("write_actions({})", print(action.actions));
    }
    static std::string print_one(const WriteMetadata& action) {
        std::string text = "write_metadata:" + hexadecimal(action.value);
        if (action.mask != ~std::uint64_t{0}) text += "/" + hexadecimal(action.mask);
        return text;
    }
    static std::string print_one(const GotoTable& action) {
        return fmt::format("goto_table:{}", action.table);
    }
};

}  // namespace

std::string actions_text(std::span<const RuleAction> actions) {
    return ActionPrinter().print(actions);
}

std::string subfield_text(const Subfield& part) {
    const MatchField& field = match_field(part.field);
    const bool all = part == whole_field(field, part.nicira);
    return fmt::format("{}[{}]", part.nicira ? field.nxm_name : field.oxm_name,
                       all ? "" : range_text(part.first, part.bits));
}

}  // namespace switchd
