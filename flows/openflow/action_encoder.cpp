#include <bit>

#include "flows/openflow/action_codec.h"
#include "flows/openflow/action_layout.h"
#include "flows/openflow/action_numbers.h"
#include "flows/openflow/header.h"
#include "flows/openflow/match_codec.h"

namespace switchd::openflow {
namespace {

using namespace rule_action;
using Standard = StandardAction;

unsigned lowest_bit(FieldValue value) {
    if (value.low != 0) return static_cast<unsigned>(std::countr_zero(value.low));
    return 64 + static_cast<unsigned>(std::countr_zero(value.high));
}

// An action or instruction whose length is filled in where this goes out of scope.
class Open {
public:
    Open(Writer& writer, std::uint16_t type) : writer_(writer), start_(writer.size()) {
        writer.u16(type);
        writer.u16(0);
    }
    Open(const Open&) = delete;
    Open& operator=(const Open&) = delete;
    ~Open() {
        writer_.pad_to_8(start_);
        writer_.patch_u16(start_ + 2, static_cast<std::uint16_t>(writer_.size() - start_));
    }

private:
    Writer& writer_;
    std::size_t start_;
};

class OpenVendor : Open {
public:
    OpenVendor(Writer& writer, std::uint32_t vendor, std::uint16_t subtype)
        : Open(writer, type_vendor) {
        writer.u32(vendor);
        writer.u16(subtype);
    }
};

class OpenNicira : OpenVendor {
public:
    OpenNicira(Writer& writer, std::uint16_t subtype)
        : OpenVendor(writer, vendor_nicira, subtype) {}
};

class ActionWriter {
public:
    ActionWriter(Writer& writer, Version version, const Match& match)
        : writer_(writer),
          version_(version),
          tagged_(prerequisite_met(Prerequisite::vlan, match)) {}

    void write(std::span<const RuleAction> actions) {
        while (!actions.empty()) {
            std::size_t taken = write_port_of_any(actions);
            if (taken == 0) {
                std::visit([&](const auto& kind) { put(kind); }, actions[0].what);
                taken = 1;
            }
            actions = actions.subspan(taken);
        }
    }

private:
    bool has(Standard action) const { return number_of(action, version_) != no_action_number; }
    std::uint16_t type(Standard action) const { return number_of(action, version_); }
    void put_number(Standard action, std::uint64_t value, std::size_t bytes) {
        const Open open(writer_, type(action));
        writer_.number(value, bytes);
    }
    void put_empty(Standard action) { put_number(action, 0, 0); }

    void put(const Output& output) {
        const Open open(writer_, type(Standard::output));
        if (version_ == Version::v1_0)
            writer_.u16(port_to_16(output.port));
        else
            writer_.u32(output.port);
        writer_.u16(output.max_len);
    }
    void put(const Controller& controller) {
        if (controller.userdata.empty()) {
            const OpenNicira open(writer_, nicira_action::controller);
            writer_.u16(controller.max_len);
            writer_.u16(controller.controller_id);
            writer_.u8(controller.reason);
            return;
        }
        const OpenNicira open(writer_, nicira_action::controller2);
        writer_.zeros(6);
        const Controller usual;
        if (controller.max_len != usual.max_len)
            put_property(controller_property::max_len, controller.max_len);
        if (controller.controller_id != usual.controller_id)
            put_property(controller_property::controller_id, controller.controller_id);
        if (controller.reason != usual.reason) {
            writer_.u16(controller_property::reason);
            writer_.u16(5);
            writer_.u8(controller.reason);
            writer_.zeros(3);
        }
        const std::size_t start = writer_.size();
        writer_.u16(controller_property::userdata);
        writer_.u16(static_cast<std::uint16_t>(4 + controller.userdata.size()));
        writer_.bytes(controller.userdata);
        writer_.pad_to_8(start);
    }
    // Open vSwitch counts the padding behind a 16-bit number as part of the property.
    void put_property(std::uint16_t property, std::uint16_t value) {
        writer_.u16(property);
        writer_.u16(8);
        writer_.u16(value);
        writer_.zeros(2);
    }
    void put(const Enqueue& enqueue) {
        if (has(Standard::enqueue)) {
            const Open open(writer_, type(Standard::enqueue));
            writer_.u16(port_to_16(enqueue.port));
            writer_.zeros(6);
            writer_.u32(enqueue.queue);
            return;
        }
        put(SetQueue{enqueue.queue});
        put(Output{enqueue.port, 0});
        put(PopQueue{});
    }
    void put(const SetQueue& set) {
        if (has(Standard::set_queue)) return put_number(Standard::set_queue, set.queue, 4);
        const OpenNicira open(writer_, nicira_action::set_queue);
        writer_.zeros(2);
        writer_.u32(set.queue);
    }
    void put(const PopQueue&) {
        const OpenNicira open(writer_, nicira_action::pop_queue);
        writer_.zeros(6);
    }

    void put(const SetField& set) {
        const bool old = set.spelling == SetField::Spelling::old_action;
        const bool whole = set.mask == match_field(set.field).ones();
        if (whole && (old || (!has(Standard::set_field) && !loads(set))) && put_old_set(set, old))
            return;
        if (version_ >= Version::v1_5 || (whole && has(Standard::set_field) && !loads(set)))
            return put_set_field(set);
        put_loads(set);
    }
    static bool loads(const SetField& set) { return set.spelling == SetField::Spelling::load; }
    // As one of the actions that set_field replaced, as far as they still exist.
    bool put_old_set(const SetField& set, bool old) {
        const auto number = [&](Standard action, std::size_t bytes, unsigned shift = 0) {
            if (!has(action)) return false;
            put_number(action, set.value.low << shift, bytes);
            return true;
        };
        if (set.field == FieldId::ip_ttl) return number(Standard::set_ttl, 1);
        if (has(Standard::set_field)) return false;
        if (old && set.field == FieldId::tun_id) return put_tunnel(set.value.low), true;
        switch (set.field) {
            case FieldId::eth_src: return number(Standard::set_eth_src, 6);
            case FieldId::eth_dst: return number(Standard::set_eth_dst, 6);
            case FieldId::ipv4_src: return number(Standard::set_ipv4_src, 4);
            case FieldId::ipv4_dst: return number(Standard::set_ipv4_dst, 4);
            case FieldId::ip_dscp: return number(Standard::set_tos, 1, 2);
            case FieldId::ip_ecn: return number(Standard::set_ecn, 1);
            case FieldId::vlan_vid:
                put_number(Standard::set_vlan_vid, set.value.low & vlan_id_bits, 2);
                return true;
            case FieldId::vlan_pcp: return number(Standard::set_vlan_pcp, 1);
            default: break;
        }
        for (const PortFields& fields : port_fields) {
            if (set.field == fields.source) return number(Standard::set_port_src, 2);
            if (set.field == fields.destination) return number(Standard::set_port_dst, 2);
        }
        return false;
    }
    void put_tunnel(std::uint64_t id) {
        const bool wide = id > 0xffffffff;
        const OpenNicira open(writer_,
                              wide ? nicira_action::set_tunnel64 : nicira_action::set_tunnel);
        writer_.zeros(wide ? 6 : 2);
        writer_.number(id, wide ? 8 : 4);
    }
    void put_set_field(const SetField& set) {
        const Open open(writer_, type(Standard::set_field));
        const bool nicira = set.field == FieldId::in_port;
        encode_field_entry(writer_, {&match_field(set.field), set.value, set.mask, nicira},
                           version_);
    }
    // One for each run of bits, of which a load takes 64. More than two would be longer than load2.
    void put_loads(const SetField& set) {
        const FieldHeader header{&match_field(set.field), true};
        const FieldValue starts = set.mask & ~shifted_left(set.mask, 1);
        if (std::popcount(starts.low) + std::popcount(starts.high) > 2) {
            const OpenNicira open(writer_, nicira_action::load2);
            encode_field_entry(writer_, {header.field, set.value, set.mask, true}, version_);
            return;
        }
        const LoadLayout layout = load_layout(header);
        const FieldValue value = shifted_left(set.value, layout.shift);
        FieldValue mask = shifted_left(set.mask, layout.shift);
        if (set.mask == header.field->ones()) mask = mask | FieldValue{0, low_ones(layout.shift)};
        mask = mask & lowest_bits(layout.bits);
        while (!mask.zero()) {
            const unsigned offset = lowest_bit(mask);
            const unsigned run =
                static_cast<unsigned>(std::countr_one(shifted_right(mask, offset).low));
            const unsigned bits = std::min(run, layout.bits);
            const OpenNicira open(writer_, nicira_action::load);
            writer_.u16(static_cast<std::uint16_t>(offset << 6 | (bits - 1)));
            encode_field_header(writer_, header, version_);
            writer_.u64(shifted_right(value, offset).low & low_ones(bits));
            mask = mask & ~shifted_left({0, low_ones(run)}, offset);
        }
    }
    // Three sets, one for each transport protocol, were one action once. How many were written.
    std::size_t write_port_of_any(std::span<const RuleAction> actions) {
        if (actions.size() < port_fields.size()) return 0;
        for (const auto& [end, action] :
             {std::pair{&PortFields::source, Standard::set_port_src},
              std::pair{&PortFields::destination, Standard::set_port_dst}}) {
            const auto* first = std::get_if<SetField>(&actions[0].what);
            if (!first || first->spelling != SetField::Spelling::old_action) return 0;
            bool all = true;
            for (std::size_t i = 0; i < port_fields.size(); ++i)
                all = all && actions[i] == old_set(port_fields[i].*end, first->value.low);
            if (!all) continue;
            put_number(action, first->value.low, 2);
            return port_fields.size();
        }
        return 0;
    }

    void put(const Move& move) {
        if (has(Standard::copy_field)) {
            const Open open(writer_, type(Standard::copy_field));
            return put_move(move, true);
        }
        if (move.copy_field && has_onf_copy_field(version_)) {
            const OpenVendor open(writer_, vendor_onf, onf_copy_field);
            writer_.zeros(2);
            return put_move(move, true);
        }
        const OpenNicira open(writer_, nicira_action::move);
        put_move(move, false);
    }
    void put_move(const Move& move, bool copy_field) {
        writer_.u16(move.source.bits);
        writer_.u16(move.source.first);
        writer_.u16(move.destination.first);
        if (copy_field) writer_.zeros(2);
        for (const Subfield& part : {move.source, move.destination}) {
            const MatchField& field = match_field(part.field);
            const bool nicira = field.two_layouts() ? part.nicira : !copy_field;
            encode_field_header(writer_, {&field, nicira}, version_);
        }
    }

    // 1.0 sets a VLAN whether there is a tag or not; later versions push one first.
    void put_tag_if_needed(bool push) {
        if (push && !tagged_ && has(Standard::push_vlan))
            put_number(Standard::push_vlan, tpid_vlan, 2);
        tagged_ = true;
    }
    void put(const SetVlanVid& set) {
        put_tag_if_needed(set.push);
        if (!has(Standard::set_field)) return put_number(Standard::set_vlan_vid, set.vid, 2);
        const MatchField& field = match_field(FieldId::vlan_vid);
        put_set_field(
            {field.id, {0, static_cast<std::uint64_t>(set.vid | tci_present)}, field.ones()});
    }
    void put(const SetVlanPcp& set) {
        put_tag_if_needed(set.push);
        if (!has(Standard::set_field)) return put_number(Standard::set_vlan_pcp, set.pcp, 1);
        const MatchField& field = match_field(FieldId::vlan_pcp);
        put_set_field({field.id, {0, set.pcp}, field.ones()});
    }
    void put(const PopVlan&) {
        tagged_ = false;
        put_empty(Standard::pop_vlan);
    }
    void put(const PushVlan& push) {
        tagged_ = true;
        // In 1.0 setting the VLAN, which follows, does it.
        if (has(Standard::push_vlan)) put_number(Standard::push_vlan, push.tpid, 2);
    }
    void put(const DecTtl& dec) {
        if (!dec.controller_ids.empty()) {
            const OpenNicira open(writer_, nicira_action::dec_ttl_ids);
            writer_.u16(static_cast<std::uint16_t>(dec.controller_ids.size()));
            writer_.zeros(4);
            for (const std::uint16_t id : dec.controller_ids) writer_.u16(id);
            return;
        }
        if (has(Standard::dec_ttl)) return put_empty(Standard::dec_ttl);
        const OpenNicira open(writer_, nicira_action::dec_ttl);
        writer_.zeros(6);
    }
    void put(const Resubmit& resubmit) {
        const bool here = resubmit.table == table_current;
        const OpenNicira open(writer_,
                              here ? nicira_action::resubmit : nicira_action::resubmit_table);
        writer_.u16(port_to_16(resubmit.in_port));
        writer_.u8(here ? 0 : resubmit.table);
        writer_.zeros(3);
    }
    void put(const Note& note) {
        const OpenNicira open(writer_, nicira_action::note);
        writer_.bytes(note.bytes);
    }

    // Instructions, which are actions in 1.0 only, as far as that has them.
    void put(const WriteMetadata& metadata) {
        if (version_ != Version::v1_0) return;
        const OpenNicira open(writer_, nicira_action::write_metadata);
        writer_.zeros(6);
        writer_.u64(metadata.value);
        writer_.u64(metadata.mask);
    }
    void put(const GotoTable& to) {
        if (version_ == Version::v1_0) put(Resubmit{reserved_port::in_port, to.table});
    }
    void put(const ClearActions&) {}
    void put(const WriteActions&) {}

    Writer& writer_;
    Version version_;
    bool tagged_;  // the packet surely has a tag at this point
};

void write_instruction(Writer& writer, std::uint16_t type, std::span<const RuleAction> actions,
                       Version version, const Match& match) {
    const Open open(writer, type);
    writer.zeros(4);
    ActionWriter(writer, version, match).write(actions);
}

std::span<const RuleAction> applied(std::span<const RuleAction> actions) {
    const auto end =
        std::ranges::find_if(actions, [](const RuleAction& a) { return instruction_rank(a) != 0; });
    return {actions.begin(), end};
}

}  // namespace

void encode_actions(Writer& writer, std::span<const RuleAction> actions, Version version,
                    const Match& match) {
    ActionWriter(writer, version, match).write(actions);
}

void encode_instructions(Writer& writer, std::span<const RuleAction> actions, Version version,
                         const Match& match) {
    if (version == Version::v1_0) return encode_actions(writer, actions, version, match);
    const auto apply = applied(actions);
    if (!apply.empty())
        write_instruction(writer, instruction::apply_actions, apply, version, match);
    for (const RuleAction& action : std::span(actions).subspan(apply.size())) {
        if (std::holds_alternative<ClearActions>(action.what)) {
            const Open open(writer, instruction::clear_actions);
            writer.zeros(4);
        } else if (const auto* written = std::get_if<WriteActions>(&action.what)) {
            write_instruction(writer, instruction::write_actions, written->actions, version, match);
        } else if (const auto* metadata = std::get_if<WriteMetadata>(&action.what)) {
            const Open open(writer, instruction::write_metadata);
            writer.zeros(4);
            writer.u64(metadata->value);
            writer.u64(metadata->mask);
        } else if (const auto* to = std::get_if<GotoTable>(&action.what)) {
            const Open open(writer, instruction::goto_table);
            writer.u8(to->table);
        }
    }
}

}  // namespace switchd::openflow
