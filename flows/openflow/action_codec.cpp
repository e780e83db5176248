#include "flows/openflow/action_codec.h"

#include <array>
#include <bit>
#include <optional>

#include "flows/openflow/action_numbers.h"
#include "flows/openflow/header.h"
#include "flows/openflow/match_codec.h"

namespace switchd::openflow {
namespace {

using namespace rule_action;

constexpr std::uint16_t type_vendor = 0xffff;  // of actions and instructions
constexpr std::uint16_t vlan_id_bits = 0x0fff;

using Standard = StandardAction;

namespace nicira_action {
constexpr std::uint16_t resubmit = 1, set_queue = 4, pop_queue = 5, move = 6, load = 7, note = 8,
                        resubmit_table = 14, dec_ttl = 18, controller = 20, dec_ttl_ids = 21,
                        write_metadata = 22, load2 = 33, controller2 = 37, group = 40;
constexpr std::uint16_t set_tunnel = 2, set_tunnel64 = 9;
}  // namespace nicira_action
constexpr std::uint16_t onf_copy_field = 3200;
namespace controller_property {
constexpr std::uint16_t max_len = 0, controller_id = 1, reason = 2, userdata = 3;
}  // namespace controller_property

constexpr std::uint8_t protocol_tcp = 6, protocol_udp = 17, protocol_sctp = 132;
struct PortFields {
    std::uint8_t protocol;
    FieldId source;
    FieldId destination;
};
constexpr std::array port_fields{
    PortFields{protocol_tcp, FieldId::tcp_src, FieldId::tcp_dst},
    PortFields{protocol_udp, FieldId::udp_src, FieldId::udp_dst},
    PortFields{protocol_sctp, FieldId::sctp_src, FieldId::sctp_dst},
};

unsigned lowest_bit(FieldValue value) {
    if (value.low != 0) return static_cast<unsigned>(std::countr_zero(value.low));
    return 64 + static_cast<unsigned>(std::countr_zero(value.high));
}
std::uint64_t low_ones(unsigned bits) {
    return lowest_bits(bits).low;
}

// How a field stands in a load: which bits of the written field are the switch's own.
struct LoadLayout {
    unsigned bits = 0;   // of the written field
    unsigned shift = 0;  // the switch's field begins that far up
};
LoadLayout load_layout(const FieldHeader& header) {
    const MatchField& field = *header.field;
    if (header.nicira && field.id == FieldId::in_port) return {16, 0};
    const unsigned shift = header.nicira ? field.nxm_shift : 0u;
    return {field.bits + shift, shift};
}

SetField old_set(FieldId id, std::uint64_t value) {
    return {id, {0, value}, match_field(id).ones(), SetField::Spelling::old_action};
}

bool has_onf_copy_field(Version version) {
    return version == Version::v1_3 || version == Version::v1_4;
}

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

// Where an entry of the list stands among the instructions; those of apply-actions first.
unsigned rank(const RuleAction& action) {
    if (std::holds_alternative<ClearActions>(action.what)) return 1;
    if (std::holds_alternative<WriteActions>(action.what)) return 2;
    if (std::holds_alternative<WriteMetadata>(action.what)) return 3;
    if (std::holds_alternative<GotoTable>(action.what)) return 4;
    return 0;
}

bool in_order(const RuleActions& actions) {
    for (std::size_t i = 1; i < actions.size(); ++i) {
        const unsigned before = rank(actions[i - 1]), after = rank(actions[i]);
        if (after < before || (after == before && after != 0)) return false;
    }
    return true;
}

// An action set has neither what only makes sense in order nor what sends packets on the way.
bool fits_action_set(const RuleAction& action) {
    return rank(action) == 0 && !std::holds_alternative<Controller>(action.what) &&
           !std::holds_alternative<PopQueue>(action.what) &&
           !std::holds_alternative<Note>(action.what);
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

// The checks of a list, in order, with what it has done to the packet's tags so far.
class ActionChecker {
public:
    ActionChecker(const Match& match, std::uint8_t table, Version version)
        : match_(match), table_(table), strict_(version >= Version::v1_1) {
        if (prerequisite_met(Prerequisite::vlan, match)) tags_ = 1;
    }

    std::expected<void, Error> check(const RuleActions& actions) {
        for (const RuleAction& action : actions)
            if (const auto error =
                    std::visit([&](const auto& kind) { return wrong(kind); }, action.what))
                return std::unexpected(*error);
        return {};
    }

private:
    using Wrong = std::optional<Error>;
    static constexpr unsigned tags_max = 2;

    // What 1.0 lets pass: it has no effect on packets that lack the field.
    Wrong unless(bool consistent) const {
        if (consistent || !strict_) return std::nullopt;
        return Error::bac_match_inconsistent;
    }
    Wrong wrong(const Output& output) const {
        if (output.port < 0xff00 ||
            (output.port >= reserved_port::in_port && output.port != reserved_port::any))
            return std::nullopt;
        return Error::bac_bad_out_port;
    }
    Wrong wrong(const Enqueue& enqueue) const {
        if (enqueue.port < 0xff00 || enqueue.port == reserved_port::in_port ||
            enqueue.port == reserved_port::local)
            return std::nullopt;
        return Error::bac_bad_out_port;
    }
    Wrong wrong(const SetField& set) {
        const MatchField& field = match_field(set.field);
        const bool on_tag =
            field.prerequisite == Prerequisite::vlan || set.field == FieldId::vlan_vid;
        const bool met = on_tag ? tags_ != 0 : prerequisite_met(field.prerequisite, match_);
        if (set.spelling == SetField::Spelling::old_action) return unless(met);
        if (!met) return Error::bac_match_inconsistent;
        if (set.field == FieldId::vlan_tci && (set.mask.low & tci_present) != 0)
            tags_ = (set.value.low & tci_present) != 0 ? std::max(tags_, 1u) : 0;
        return std::nullopt;
    }
    Wrong wrong(const Move& move) const {
        for (const Subfield& part : {move.source, move.destination}) {
            const Prerequisite needed = match_field(part.field).prerequisite;
            const bool met =
                needed == Prerequisite::vlan ? tags_ != 0 : prerequisite_met(needed, match_);
            if (!met) return Error::bac_match_inconsistent;
        }
        return std::nullopt;
    }
    Wrong wrong(const SetVlanVid& set) { return set_vlan(set.push); }
    Wrong wrong(const SetVlanPcp& set) { return set_vlan(set.push); }
    Wrong set_vlan(bool push) {
        const Wrong error = unless(push || tags_ != 0);
        tags_ = std::max(tags_, 1u);
        return error;
    }
    Wrong wrong(const PopVlan&) {
        const Wrong error = unless(tags_ != 0);
        if (tags_ != 0) --tags_;
        return error;
    }
    Wrong wrong(const PushVlan&) {
        if (tags_ >= tags_max) return Error::bac_bad_tag;
        ++tags_;
        return std::nullopt;
    }
    Wrong wrong(const DecTtl&) const { return unless(prerequisite_met(Prerequisite::ip, match_)); }
    // The order in which an action set is carried out is not this one.
    Wrong wrong(const WriteActions& written) {
        const bool strict = strict_;
        strict_ = false;
        const auto checked = check(written.actions);
        strict_ = strict;
        if (!checked) return checked.error();
        return std::nullopt;
    }
    Wrong wrong(const GotoTable& to) const {
        if (to.table < table_count && (table_ == table_all || to.table > table_))
            return std::nullopt;
        return Error::bic_bad_table_id;
    }
    template <class Kind>
    Wrong wrong(const Kind&) const {
        return std::nullopt;
    }

    const Match& match_;
    std::uint8_t table_;
    bool strict_;
    unsigned tags_ = 0;
};

void write_instruction(Writer& writer, std::uint16_t type, std::span<const RuleAction> actions,
                       Version version, const Match& match) {
    const Open open(writer, type);
    writer.zeros(4);
    ActionWriter(writer, version, match).write(actions);
}

std::span<const RuleAction> applied(std::span<const RuleAction> actions) {
    const auto end =
        std::ranges::find_if(actions, [](const RuleAction& a) { return rank(a) != 0; });
    return {actions.begin(), end};
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

std::expected<void, Error> check_actions(const RuleActions& actions, const Match& match,
                                         std::uint8_t table, Version version) {
    return ActionChecker(match, table, version).check(actions);
}

}  // namespace switchd::openflow
