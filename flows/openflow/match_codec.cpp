#include "flows/openflow/match_codec.h"

#include "flows/openflow/fixed_match_codec.h"
#include "flows/openflow/header.h"

namespace switchd::openflow {
namespace {

constexpr std::uint32_t class_nicira_max = 0x0001;
constexpr std::uint32_t class_experimenter = 0xffff;
constexpr std::uint32_t onf_tcp_flags = 42;
constexpr std::uint16_t match_type_oxm = 1;

constexpr std::uint32_t code(std::uint32_t oxm_class, std::uint32_t number, std::uint32_t bytes) {
    return oxm_class << 16 | number << 9 | bytes;
}
// No fields of a packet: a condition on the rule, and the one packet type that there is here.
constexpr std::uint32_t cookie_code = code(0x0001, 30, 8);
constexpr std::uint32_t packet_type_code = code(0x8000, 44, 4);

FieldValue read_value(Reader& reader, std::size_t bytes) {
    FieldValue value;
    if (bytes > 8) value.high = reader.number(bytes - 8);
    value.low = reader.number(std::min<std::size_t>(bytes, 8));
    return value;
}

void write_value(Writer& writer, FieldValue value, std::size_t bytes) {
    if (bytes > 8) writer.number(value.high, bytes - 8);
    writer.number(value.low, std::min<std::size_t>(bytes, 8));
}

// A code as it stands on the wire: `code` is that of the field without a mask.
struct EntryHeader {
    std::uint32_t code = 0;
    std::size_t bytes = 0;  // of the value
    bool masked = false;
    bool known_class = true;
    bool nicira() const { return code >> 16 <= class_nicira_max; }
};

std::expected<EntryHeader, Error> read_entry_header(Reader& reader) {
    const std::uint32_t header = reader.u32();
    EntryHeader entry;
    entry.masked = (header & 0x100) != 0;
    std::uint32_t oxm_class = header >> 16;
    const std::uint32_t number = header >> 9 & 0x7f;
    std::size_t length = header & 0xff;
    if (oxm_class == class_experimenter) {
        if (length < 4) return std::unexpected(Error::bmc_bad_len);
        length -= 4;
        entry.known_class = reader.u32() == vendor_onf && number == onf_tcp_flags;
        oxm_class = 0x8000;
    }
    if (!reader.ok()) return std::unexpected(Error::bmc_bad_len);
    if (entry.masked && length % 2 != 0) return std::unexpected(Error::bmc_bad_field);
    entry.bytes = entry.masked ? length / 2 : length;
    entry.code = code(oxm_class, number, static_cast<std::uint32_t>(entry.bytes));
    return entry;
}

const MatchField* field_of(const EntryHeader& header) {
    if (!header.known_class) return nullptr;
    return header.nicira() ? field_of_nxm(header.code) : field_of_oxm(header.code);
}

FieldValue all_ones(std::size_t bytes) {
    if (bytes >= 16) return {~std::uint64_t{0}, ~std::uint64_t{0}};
    if (bytes >= 8) return {0, ~std::uint64_t{0}};
    return {0, (std::uint64_t{1} << 8 * bytes) - 1};
}

// The value and the mask behind the header, as they stand there.
struct RawValue {
    FieldValue value;
    FieldValue mask;
};
std::expected<RawValue, Error> read_raw_value(Reader& reader, const EntryHeader& header) {
    RawValue raw;
    raw.value = read_value(reader, header.bytes);
    raw.mask = header.masked ? read_value(reader, header.bytes) : all_ones(header.bytes);
    if (!reader.ok()) return std::unexpected(Error::bmc_bad_len);
    if (!(raw.value & ~raw.mask).zero()) return std::unexpected(Error::bmc_bad_wildcards);
    return raw;
}

std::expected<FieldEntry, Error> read_entry_value(Reader& reader, const EntryHeader& header,
                                                  const MatchField& field) {
    const auto raw = read_raw_value(reader, header);
    if (!raw) return std::unexpected(raw.error());
    FieldEntry entry{&field, raw->value, raw->mask, header.nicira()};
    if (header.nicira() && field.nxm_shift != 0) {
        const std::uint64_t lost = (std::uint64_t{1} << field.nxm_shift) - 1;
        if ((entry.value.low & lost) != 0) return std::unexpected(Error::bmc_bad_value);
        entry.value.low >>= field.nxm_shift;
        entry.mask.low >>= field.nxm_shift;
    }
    const FieldValue ones = field.ones();
    if (!(entry.value & ~ones).zero()) return std::unexpected(Error::bmc_bad_value);
    entry.mask = entry.mask & ones;
    if (field.id == FieldId::in_port && !entry.mask.zero()) {
        if (header.nicira()) {
            entry.value.low = port_from_16(static_cast<std::uint16_t>(entry.value.low));
            if (entry.mask.low == 0xffff) entry.mask = ones;
        } else if (!valid_port(static_cast<PortNumber>(entry.value.low))) {
            return std::unexpected(Error::bmc_bad_value);
        }
    }
    // An operation beyond one byte is none that ARP has.
    if (field.id == FieldId::arp_op && entry.value.low > 0xff)
        return std::unexpected(Error::bmc_bad_value);
    if (!field.maskable && !entry.mask.zero() && entry.mask != ones)
        return std::unexpected(Error::bmc_bad_mask);
    return entry;
}

std::expected<Match, Error> decode_typed_match(Reader& reader) {
    const std::uint16_t type = reader.u16();
    const std::size_t length = reader.u16();
    if (!reader.ok() || length < 4) return std::unexpected(Error::bmc_bad_len);
    if (type == match_type_standard) {
        if (length != match_1_1_bytes) return std::unexpected(Error::bmc_bad_len);
        return decode_match_1_1(reader);
    }
    if (type != match_type_oxm) return std::unexpected(Error::bmc_bad_type);
    const ByteSpan fields = reader.take(length - 4);
    reader.skip(padded_to_8(length) - length);
    if (!reader.ok()) return std::unexpected(Error::bmc_bad_len);
    return decode_match_fields(fields);
}

// How a field is written in messages of a version.
struct WrittenCode {
    std::uint32_t code = 0;
    bool experimenter = false;
    bool nicira() const { return code >> 16 <= class_nicira_max; }
    std::size_t bytes() const { return code & 0xff; }
};
WrittenCode written_code(const MatchField& field, Version version, bool prefer_oxm) {
    std::uint32_t oxm = field.oxm;
    bool experimenter = false;
    // These two became standard fields later than the others.
    if (field.id == FieldId::tun_id && version < Version::v1_3) oxm = 0;
    if (field.id == FieldId::tcp_flags) {
        if (version < Version::v1_3) oxm = 0;
        experimenter = version < Version::v1_5;
    }
    const bool use_oxm = oxm != 0 && (prefer_oxm || field.nxm == 0);
    return {use_oxm ? oxm : field.nxm, use_oxm && experimenter};
}

void write_entry_header(Writer& writer, const WrittenCode& written, bool masked) {
    const std::size_t length = written.bytes() * (masked ? 2 : 1);
    const std::uint32_t number = written.code >> 9 & 0x7f;
    const std::uint32_t mask_bit = masked ? 0x100 : 0;
    if (written.experimenter) {
        writer.u32(code(class_experimenter, number, static_cast<std::uint32_t>(length + 4)) |
                   mask_bit);
        writer.u32(vendor_onf);
        return;
    }
    writer.u32(code(written.code >> 16, number, static_cast<std::uint32_t>(length)) | mask_bit);
}

// In the order in which the fields are written; what shares its place in the key with another field
// has a prerequisite that tells them apart.
constexpr FieldId layer_2_order[]{FieldId::in_port, FieldId::eth_src, FieldId::eth_dst,
                                  FieldId::eth_type};
constexpr FieldId network_order[]{
    FieldId::ipv4_src,    FieldId::ipv4_dst,    FieldId::ipv6_src,    FieldId::ipv6_dst,
    FieldId::ip_frag,     FieldId::ip_dscp,     FieldId::ip_ecn,      FieldId::ip_ttl,
    FieldId::ipv6_label,  FieldId::ip_proto,    FieldId::arp_op,      FieldId::arp_spa,
    FieldId::arp_tpa,     FieldId::arp_sha,     FieldId::arp_tha,     FieldId::tcp_src,
    FieldId::tcp_dst,     FieldId::tcp_flags,   FieldId::udp_src,     FieldId::udp_dst,
    FieldId::sctp_src,    FieldId::sctp_dst,    FieldId::icmpv4_type, FieldId::icmpv4_code,
    FieldId::icmpv6_type, FieldId::icmpv6_code, FieldId::nd_target,   FieldId::nd_sll,
    FieldId::nd_tll,      FieldId::tun_id};

class FieldListWriter {
public:
    FieldListWriter(Writer& writer, const Match& match, Version version, bool prefer_oxm)
        : writer_(writer), match_(match), version_(version), prefer_oxm_(prefer_oxm) {}

    void write() {
        for (const FieldId id : layer_2_order) write_field(id);
        write_vlan();
        for (const FieldId id : network_order) write_field(id);
        // 1.5 has registers of its own: pairs of Nicira's.
        const bool pairs = prefer_oxm_ && version_ >= Version::v1_5;
        write_range(pairs ? FieldId::xreg0 : FieldId::reg0,
                    pairs ? FieldId::xreg7 : FieldId::reg15);
        write_field(FieldId::metadata);
    }

private:
    void write_field(FieldId id) {
        const MatchField& field = match_field(id);
        const FieldValue mask = field.get(match_.mask);
        if (mask.zero() || !prerequisite_met(field.prerequisite, match_)) return;
        write_entry(field, field.get(match_.key), mask);
    }
    void write_entry(const MatchField& field, FieldValue value, FieldValue mask) {
        encode_field_entry(writer_, {&field, value, mask, !prefer_oxm_}, version_);
    }
    void write_range(FieldId first, FieldId last) {
        for (auto id = static_cast<unsigned>(first); id <= static_cast<unsigned>(last); ++id)
            write_field(static_cast<FieldId>(id));
    }
    // OXM has the VLAN and the priority as fields of their own and needs a tag for the latter. The
    // priority of no tag need not be said; what else is odd about a tag only Nicira's field can
    // say.
    void write_vlan() {
        const MatchField& tci = match_field(FieldId::vlan_tci);
        const std::uint64_t value = tci.get(match_.key).low;
        const std::uint64_t mask = tci.get(match_.mask).low;
        if (mask == 0) return;
        const std::uint64_t priority_mask = mask >> 13;
        const bool untagged = (mask & tci_present) != 0 && (value & tci_present) == 0;
        const bool tagged = (mask & tci_present) != 0 && !untagged;
        const bool separable =
            priority_mask == 0 || (priority_mask == 7 && tagged) || (untagged && value >> 13 == 0);
        if (!prefer_oxm_ || !separable) {
            write_entry(match_field(FieldId::vlan_tci), {0, value}, {0, mask});
            return;
        }
        write_entry(match_field(FieldId::vlan_vid), {0, value & 0x1fff}, {0, mask & 0x1fff});
        if (priority_mask != 0 && tagged) write_field(FieldId::vlan_pcp);
    }

    Writer& writer_;
    const Match& match_;
    Version version_;
    bool prefer_oxm_;
};

void encode_oxm_match(Writer& writer, const Match& match, Version version) {
    const std::size_t start = writer.size();
    writer.u16(match_type_oxm);
    writer.u16(0);
    encode_oxm_fields(writer, match, version);
    writer.patch_u16(start + 2, static_cast<std::uint16_t>(writer.size() - start));
    writer.pad_to_8(start);
}

}  // namespace

std::expected<Match, Error> decode_match(Reader& reader, Version version) {
    return version == Version::v1_0 ? decode_match_1_0(reader) : decode_typed_match(reader);
}

void encode_match(Writer& writer, const Match& match, Version version) {
    if (version == Version::v1_0) return encode_match_1_0(writer, match);
    if (version == Version::v1_1) {
        std::vector<std::uint8_t> standard;
        Writer standard_writer(standard);
        encode_match_1_1(standard_writer, match);
        Reader reader(standard);
        if (decode_typed_match(reader) == match) return writer.bytes(standard);
    }
    encode_oxm_match(writer, match, version);
}

bool prerequisite_met(Prerequisite prerequisite, const Match& match) {
    const MatchField& code = match_field(FieldId::icmpv6_code);
    if (!code.get(match.mask).zero()) return satisfied(prerequisite, match.key, match.mask);
    FlowMask mask = match.mask;
    code.fold(mask);
    return satisfied(prerequisite, match.key, mask);
}

std::expected<Match, Error> decode_match_fields(ByteSpan fields, CookieMatch* cookie) {
    Match match;
    Reader reader(fields);
    bool cookie_seen = false;
    while (reader.left() != 0) {
        const auto header = read_entry_header(reader);
        if (!header) return std::unexpected(header.error());
        const bool is_cookie = cookie && header->code == cookie_code;
        if (is_cookie || (header->known_class && header->code == packet_type_code)) {
            const auto raw = read_raw_value(reader, *header);
            if (!raw) return std::unexpected(raw.error());
            if (!is_cookie) {
                if (!raw->value.zero()) return std::unexpected(Error::bmc_bad_value);
                continue;
            }
            if (cookie_seen) return std::unexpected(Error::bmc_dup_field);
            cookie_seen = true;
            *cookie = {raw->value.low, raw->mask.low};
            continue;
        }
        const MatchField* field = field_of(*header);
        if (!field) return std::unexpected(Error::bmc_bad_field);
        const auto entry = read_entry_value(reader, *header, *field);
        if (!entry) return std::unexpected(entry.error());
        if (!prerequisite_met(field->prerequisite, match))
            return std::unexpected(Error::bmc_bad_prereq);
        if (!field->get(match.mask).zero()) return std::unexpected(Error::bmc_dup_field);
        field->set(match.key, (field->get(match.key) & ~entry->mask) | entry->value);
        field->fold(match.mask, entry->mask);
        if (asks_ports_of_later_fragments(match.key, match.mask))
            return std::unexpected(Error::bmc_bad_prereq);
    }
    return match;
}

void encode_oxm_fields(Writer& writer, const Match& match, Version version) {
    FieldListWriter(writer, match, version, true).write();
}

void encode_nxm_fields(Writer& writer, const Match& match) {
    FieldListWriter(writer, match, Version::v1_0, false).write();
}

std::expected<FieldEntry, Error> decode_field_entry(Reader& reader) {
    const auto header = read_entry_header(reader);
    if (!header) return std::unexpected(header.error());
    const MatchField* field = field_of(*header);
    if (!field) return std::unexpected(Error::bmc_bad_field);
    return read_entry_value(reader, *header, *field);
}

void encode_field_entry(Writer& writer, const FieldEntry& entry, Version version) {
    const MatchField& field = *entry.field;
    const WrittenCode written = written_code(field, version, !entry.nicira);
    const bool masked = entry.mask != field.ones();
    const bool shifts = written.nicira() && field.nxm_shift != 0;
    write_entry_header(writer, written, masked);
    const auto write = [&](FieldValue value) {
        write_value(writer, shifts ? shifted_left(value, field.nxm_shift) : value, written.bytes());
    };
    write(entry.value);
    if (masked) write(entry.mask);
}

FieldHeader decode_field_header(Reader& reader) {
    const auto header = read_entry_header(reader);
    if (!header) return {};
    return {field_of(*header), header->nicira()};
}

void encode_field_header(Writer& writer, const FieldHeader& header, Version version, bool masked) {
    write_entry_header(writer, written_code(*header.field, version, !header.nicira), masked);
}

bool settable(const FieldHeader& header) {
    return header.field->writable && (header.field->id != FieldId::in_port || header.nicira);
}

std::vector<FieldHeader> known_headers() {
    std::vector<FieldHeader> headers;
    for (const MatchField& field : match_fields()) {
        headers.push_back({&field, field.oxm == 0});
        if (field.two_layouts()) headers.push_back({&field, true});
    }
    return headers;
}

}  // namespace switchd::openflow
