#include <optional>

#include "flows/openflow/action_codec.h"
#include "flows/openflow/action_layout.h"
#include "flows/openflow/action_numbers.h"
#include "flows/openflow/header.h"
#include "flows/openflow/match_codec.h"

namespace switchd::openflow {
namespace {

using namespace rule_action;
using Standard = StandardAction;

class ActionReader {
public:
    ActionReader(Version version, const Match& match) : version_(version), match_(match) {}

    std::expected<RuleActions, Error> read(ByteSpan actions) {
        if (actions.size() % 8 != 0) return std::unexpected(Error::brc_bad_len);
        Reader reader(actions);
        while (reader.left() != 0) {
            const std::uint16_t type = reader.u16();
            const std::size_t length = reader.u16();
            if (length < 8 || length % 8 != 0 || length - 4 > reader.left())
                return std::unexpected(Error::bac_bad_len);
            Reader body(reader.take(length - 4));
            if (const auto done = read_action(type, body); !done)
                return std::unexpected(done.error());
        }
        return std::move(actions_);
    }

private:
    using Done = std::expected<void, Error>;
    static constexpr auto fail(Error error) { return std::unexpected(error); }

    template <class Kind>
    Done add(Kind kind) {
        actions_.emplace_back(std::move(kind));
        return {};
    }

    Done read_action(std::uint16_t type, Reader& body) {
        if (type == type_vendor) return read_vendor(body);
        const std::optional<Standard> action = standard_action(type, version_);
        if (!action) return fail(Error::bac_bad_type);
        if (*action == Standard::set_field) return read_set_field(body, version_ >= Version::v1_5);
        if (*action == Standard::copy_field) return read_move(body, true);
        if (body.left() != body_bytes(*action)) return fail(Error::bac_bad_len);
        return read_standard(*action, body);
    }

    std::size_t body_bytes(Standard action) const {
        switch (action) {
            case Standard::output: return version_ == Version::v1_0 ? 4 : 12;
            case Standard::enqueue:
            case Standard::set_eth_src:
            case Standard::set_eth_dst: return 12;
            default: return 4;
        }
    }

    Done read_standard(Standard action, Reader& body) {
        switch (action) {
            case Standard::output: {
                Output output;
                output.port = version_ == Version::v1_0 ? port_from_16(body.u16()) : body.u32();
                output.max_len = body.u16();
                return add(output);
            }
            case Standard::set_vlan_vid: {
                const std::uint16_t vid = body.u16();
                if (vid > vlan_id_bits) return fail(Error::bac_bad_argument);
                return add(SetVlanVid{vid, version_ == Version::v1_0});
            }
            case Standard::set_vlan_pcp: {
                const std::uint8_t pcp = body.u8();
                if (pcp > 7) return fail(Error::bac_bad_argument);
                return add(SetVlanPcp{pcp, version_ == Version::v1_0});
            }
            case Standard::pop_vlan: return add(PopVlan{});
            case Standard::set_eth_src: return add(old_set(FieldId::eth_src, body.number(6)));
            case Standard::set_eth_dst: return add(old_set(FieldId::eth_dst, body.number(6)));
            case Standard::set_ipv4_src: return add(old_set(FieldId::ipv4_src, body.u32()));
            case Standard::set_ipv4_dst: return add(old_set(FieldId::ipv4_dst, body.u32()));
            case Standard::set_tos: {
                const std::uint8_t tos = body.u8();
                if ((tos & 3) != 0) return fail(Error::bac_bad_argument);
                return add(old_set(FieldId::ip_dscp, tos >> 2));
            }
            case Standard::set_ecn: {
                const std::uint8_t ecn = body.u8();
                if (ecn > 3) return fail(Error::bac_bad_argument);
                return add(old_set(FieldId::ip_ecn, ecn));
            }
            case Standard::set_port_src: return set_port(&PortFields::source, body.u16());
            case Standard::set_port_dst: return set_port(&PortFields::destination, body.u16());
            case Standard::enqueue: {
                Enqueue enqueue;
                enqueue.port = port_from_16(body.u16());
                body.skip(6);
                enqueue.queue = body.u32();
                return add(enqueue);
            }
            case Standard::push_vlan: {
                const std::uint16_t tpid = body.u16();
                if (tpid != tpid_vlan && tpid != tpid_provider)
                    return fail(Error::bac_bad_argument);
                return add(PushVlan{tpid});
            }
            case Standard::set_queue: return add(SetQueue{body.u32()});
            case Standard::set_ttl: return add(old_set(FieldId::ip_ttl, body.u8()));
            case Standard::dec_ttl: return add(DecTtl{});
            case Standard::group: return fail(Error::bac_bad_out_group);  // there are none
            case Standard::meter: return fail(Error::mmfc_invalid_meter);
            case Standard::set_field:   // read_set_field()
            case Standard::copy_field:  // read_move()
                break;
        }
        return fail(Error::bac_bad_type);
    }

    // Whichever transport protocol the packet has: if the match does not say, a set for each, of
    // which a packet sees at most one.
    Done set_port(FieldId PortFields::*end, std::uint16_t port) {
        for (const PortFields& fields : port_fields) {
            const MatchField& protocol = match_field(FieldId::ip_proto);
            if (prerequisite_met(Prerequisite::ip, match_) &&
                protocol.get(match_.mask) == protocol.ones() &&
                protocol.get(match_.key).low == fields.protocol)
                return add(old_set(fields.*end, port));
        }
        for (const PortFields& fields : port_fields)
            actions_.emplace_back(old_set(fields.*end, port));
        return {};
    }

    // Set_field, and load2, which is what Nicira's messages have for it: one entry of a match, and
    // zeros.
    Done read_set_field(Reader& body, bool may_mask) {
        const bool masked = body.left() >= 4 && (body.rest()[2] & 1) != 0;
        if (masked && !may_mask) return fail(Error::bac_bad_set_mask);
        const auto entry = decode_field_entry(body);
        if (!entry) return fail(set_error(entry.error()));
        if (!settable({entry->field, entry->nicira}) || !body.zeros(body.left()))
            return fail(Error::bac_bad_set_argument);
        // Who sets a whole VLAN id says that there is a tag.
        const FieldValue present{0, tci_present};
        if (entry->field->id == FieldId::vlan_vid && !(entry->mask & present).zero() &&
            (entry->value & present).zero())
            return fail(Error::bac_bad_set_argument);
        return add(SetField{entry->field->id, entry->value, entry->mask});
    }
    static Error set_error(Error error) {
        switch (error) {
            case Error::bmc_bad_field: return Error::bac_bad_set_type;
            case Error::bmc_bad_value: return Error::bac_bad_set_argument;
            case Error::bmc_bad_mask: return Error::bac_bad_set_mask;
            default: return error;
        }
    }
    Done read_vendor(Reader& body) {
        const std::uint32_t vendor = body.u32();
        if (vendor != vendor_nicira && vendor != vendor_onf) return fail(Error::bac_bad_vendor);
        const std::uint16_t subtype = body.u16();
        if (!body.ok()) return fail(Error::bac_bad_len);
        if (vendor == vendor_onf) {
            if (subtype != onf_copy_field || !has_onf_copy_field(version_))
                return fail(Error::bac_bad_vendor_type);
            body.skip(2);
            return read_move(body, true);
        }
        if (!has_nicira(subtype)) return fail(Error::bac_bad_vendor_type);
        switch (subtype) {
            case nicira_action::move: return read_move(body, false);
            case nicira_action::note: return add(Note{{body.rest().begin(), body.rest().end()}});
            case nicira_action::load2: return read_set_field(body, true);
            case nicira_action::dec_ttl_ids: return read_dec_ttl(body);
            case nicira_action::controller2: return read_controller2(body);
            default: break;
        }
        if (body.left() != nicira_body_bytes(subtype)) return fail(Error::bac_bad_len);
        switch (subtype) {
            case nicira_action::resubmit: return add(Resubmit{port_from_16(body.u16())});
            case nicira_action::resubmit_table: {
                const PortNumber port = port_from_16(body.u16());
                const std::uint8_t table = body.u8();
                if (!body.zeros(3)) return fail(Error::bac_bad_argument);
                return add(Resubmit{port, table});
            }
            case nicira_action::set_queue: body.skip(2); return add(SetQueue{body.u32()});
            case nicira_action::pop_queue: return add(PopQueue{});
            case nicira_action::load: return read_load(body);
            case nicira_action::dec_ttl: return add(DecTtl{});
            case nicira_action::set_tunnel:
                body.skip(2);
                return add(old_set(FieldId::tun_id, body.u32()));
            case nicira_action::set_tunnel64:
                body.skip(6);
                return add(old_set(FieldId::tun_id, body.u64()));
            case nicira_action::controller: {
                Controller controller;
                controller.max_len = body.u16();
                controller.controller_id = body.u16();
                controller.reason = body.u8();
                return add(std::move(controller));
            }
            case nicira_action::write_metadata: {
                body.skip(6);
                WriteMetadata metadata;
                metadata.value = body.u64();
                metadata.mask = body.u64();
                return add(metadata);
            }
            case nicira_action::group: return fail(Error::bac_bad_out_group);
            default: return fail(Error::bac_bad_vendor_type);
        }
    }
    // Some exist only as long as a version has nothing of its own for it.
    bool has_nicira(std::uint16_t subtype) const {
        switch (subtype) {
            case nicira_action::set_queue:
            case nicira_action::dec_ttl:
            case nicira_action::group: return version_ == Version::v1_0;
            case nicira_action::move:
            case nicira_action::load:
            case nicira_action::load2: return version_ <= Version::v1_4;
            case nicira_action::resubmit:
            case nicira_action::pop_queue:
            case nicira_action::note:
            case nicira_action::resubmit_table:
            case nicira_action::controller:
            case nicira_action::dec_ttl_ids:
            case nicira_action::write_metadata:
            case nicira_action::controller2:
            case nicira_action::set_tunnel:
            case nicira_action::set_tunnel64: return true;
            default: return false;
        }
    }
    static std::size_t nicira_body_bytes(std::uint16_t subtype) {
        switch (subtype) {
            case nicira_action::load:
            case nicira_action::set_tunnel64: return 14;
            case nicira_action::write_metadata: return 22;
            default: return 6;
        }
    }

    Done read_load(Reader& body) {
        const std::uint16_t place = body.u16();
        const unsigned offset = place >> 6, bits = (place & 63u) + 1;
        const FieldHeader header = decode_field_header(body);
        if (!header.field) return fail(Error::bac_bad_set_type);
        if (!settable(header)) return fail(Error::bac_bad_set_argument);
        const std::uint64_t value = body.u64();
        if (!body.ok()) return fail(Error::bac_bad_len);
        const LoadLayout layout = load_layout(header);
        if (offset + bits > layout.bits) return fail(Error::bac_bad_set_len);
        if ((value & ~low_ones(bits)) != 0) return fail(Error::bac_bad_argument);
        SetField set{header.field->id, shifted_left({0, value}, offset),
                     shifted_left({0, low_ones(bits)}, offset), SetField::Spelling::load};
        if (header.field->id == FieldId::in_port) {
            if (bits != layout.bits) return fail(Error::bac_bad_set_len);
            set.value.low = port_from_16(static_cast<std::uint16_t>(value));
            set.mask = header.field->ones();
            return add(set);
        }
        if (!(set.value & FieldValue{0, low_ones(layout.shift)}).zero())
            return fail(Error::bac_bad_set_argument);
        set.value = shifted_right(set.value, layout.shift);
        set.mask = shifted_right(set.mask, layout.shift);
        return add(set);
    }

    Done read_move(Reader& body, bool copy_field) {
        const std::size_t bits = body.u16(), from = body.u16(), to = body.u16();
        if (copy_field) body.skip(2);
        const auto source = read_whole_field(body);
        if (!source) return fail(source.error());
        const auto destination = read_whole_field(body);
        if (!destination) return fail(destination.error());
        if (!body.zeros(body.left())) return fail(Error::nxbrc_must_be_zero);
        if (bits == 0 || from + bits > source->bits || to + bits > destination->bits)
            return fail(Error::bac_bad_set_len);
        if (!match_field(destination->field).writable) return fail(Error::bac_bad_set_argument);
        return add(
            Move{part_of(*source, static_cast<unsigned>(from), static_cast<unsigned>(bits)),
                 part_of(*destination, static_cast<unsigned>(to), static_cast<unsigned>(bits)),
                 copy_field});
    }
    static std::expected<Subfield, Error> read_whole_field(Reader& body) {
        const bool masked = body.left() >= 4 && (body.rest()[2] & 1) != 0;
        const FieldHeader header = decode_field_header(body);
        if (!header.field) return fail(body.ok() ? Error::bmc_bad_field : Error::bac_bad_len);
        if (masked) return fail(Error::bmc_bad_mask);
        return whole_field(*header.field, header.nicira);
    }

    Done read_dec_ttl(Reader& body) {
        const std::size_t count = body.u16();
        body.skip(4);
        if (!body.ok() || count * 2 > body.left()) return fail(Error::bac_bad_len);
        DecTtl dec;
        for (std::size_t i = 0; i < count; ++i) dec.controller_ids.push_back(body.u16());
        return add(std::move(dec));
    }

    Done read_controller2(Reader& body) {
        const bool zeros = body.zeros(6);
        if (!body.ok()) return fail(Error::bac_bad_len);
        if (!zeros) return fail(Error::nxbrc_must_be_zero);
        Controller controller;
        while (body.left() != 0) {
            const std::uint16_t type = body.u16();
            const std::size_t length = body.u16();
            if (!body.ok() || length < 4 || length - 4 > body.left())
                return fail(Error::bpc_bad_len);
            Reader value(body.take(length - 4));
            body.skip(std::min(padded_to_8(length) - length, body.left()));
            switch (type) {
                case controller_property::max_len: controller.max_len = value.u16(); break;
                case controller_property::controller_id:
                    controller.controller_id = value.u16();
                    break;
                case controller_property::reason: controller.reason = value.u8(); break;
                case controller_property::userdata:
                    controller.userdata.assign(value.rest().begin(), value.rest().end());
                    break;
                default: return fail(Error::bpc_bad_type);
            }
            if (!value.ok()) return fail(Error::bpc_bad_len);
        }
        return add(std::move(controller));
    }

    Version version_;
    const Match& match_;
    RuleActions actions_;
};

bool in_order(const RuleActions& actions) {
    for (std::size_t i = 1; i < actions.size(); ++i) {
        const unsigned before = instruction_rank(actions[i - 1]),
                       after = instruction_rank(actions[i]);
        if (after < before || (after == before && after != 0)) return false;
    }
    return true;
}

// An action set has neither what only makes sense in order nor what sends packets on the way.
bool fits_action_set(const RuleAction& action) {
    return instruction_rank(action) == 0 && !std::holds_alternative<Controller>(action.what) &&
           !std::holds_alternative<PopQueue>(action.what) &&
           !std::holds_alternative<Note>(action.what);
}

}  // namespace

std::expected<RuleActions, Error> decode_actions(ByteSpan actions, Version version,
                                                 const Match& match) {
    auto decoded = ActionReader(version, match).read(actions);
    if (decoded && !in_order(*decoded)) return std::unexpected(Error::bac_unsupported_order);
    return decoded;
}

std::expected<RuleActions, Error> decode_instructions(ByteSpan instructions, Version version,
                                                      const Match& match) {
    if (instructions.size() % 8 != 0) return std::unexpected(Error::brc_bad_len);
    RuleActions apply;
    std::optional<ClearActions> clear;
    std::optional<WriteActions> write;
    std::optional<WriteMetadata> metadata;
    std::optional<GotoTable> to;
    std::uint32_t seen = 0;
    Reader reader(instructions);
    while (reader.left() != 0) {
        const std::uint16_t type = reader.u16();
        const std::size_t length = reader.u16();
        if (length < 8 || length % 8 != 0 || length - 4 > reader.left())
            return std::unexpected(Error::bic_bad_len);
        Reader body(reader.take(length - 4));
        if (type == type_vendor) return std::unexpected(Error::bic_bad_experimenter);
        const bool meters = version == Version::v1_3 || version == Version::v1_4;
        if (type == 0 || type > instruction::meter || (type == instruction::meter && !meters))
            return std::unexpected(Error::bic_unknown_inst);
        if ((seen & 1u << type) != 0) return std::unexpected(Error::bic_dup_inst);
        seen |= 1u << type;
        const bool lists = type == instruction::apply_actions || type == instruction::write_actions;
        const std::size_t bytes = type == instruction::write_metadata ? 20 : 4;
        if (!lists && body.left() != bytes) return std::unexpected(Error::bic_bad_len);
        switch (type) {
            case instruction::goto_table: to = GotoTable{body.u8()}; break;
            case instruction::write_metadata:
                body.skip(4);
                metadata.emplace();
                metadata->value = body.u64();
                metadata->mask = body.u64();
                break;
            case instruction::clear_actions: clear.emplace(); break;
            case instruction::meter: return std::unexpected(Error::mmfc_invalid_meter);
            default: {
                body.skip(4);
                auto actions = ActionReader(version, match).read(body.rest());
                if (!actions) return std::unexpected(actions.error());
                if (type == instruction::apply_actions) {
                    apply = std::move(*actions);
                    break;
                }
                if (!std::ranges::all_of(*actions, fits_action_set))
                    return std::unexpected(Error::bac_bad_type);
                if (!actions->empty()) write.emplace(std::move(*actions));
            }
        }
    }
    if (clear) apply.emplace_back(*clear);
    if (write) apply.emplace_back(std::move(*write));
    if (metadata) apply.emplace_back(*metadata);
    if (to) apply.emplace_back(*to);
    if (!in_order(apply)) return std::unexpected(Error::bac_unsupported_order);
    return apply;
}

}  // namespace switchd::openflow
