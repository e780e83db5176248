#include "flows/openflow/packet_in_codec.h"

#include "flows/match_field.h"
#include "flows/openflow/header.h"
#include "flows/openflow/match_codec.h"
#include "flows/openflow/property.h"
#include "flows/rule_actions.h"

namespace switchd::openflow {
namespace {

constexpr std::uint64_t no_cookie = ~std::uint64_t{0};
constexpr std::uint8_t packet_in_type = 10;

namespace packet_in2 {  // properties
constexpr std::uint16_t packet = 0;
constexpr std::uint16_t table = 3;
constexpr std::uint16_t cookie = 4;
constexpr std::uint16_t reason = 5;
constexpr std::uint16_t metadata = 6;
constexpr std::uint16_t userdata = 7;
}  // namespace packet_in2

std::uint8_t wire_reason(PacketInReason reason, Version version) {
    if (reason == PacketInReason::implicit_miss) reason = PacketInReason::no_match;
    if (reason == PacketInReason::explicit_miss)
        reason = version < Version::v1_3 ? PacketInReason::action : PacketInReason::no_match;
    if (reason > PacketInReason::invalid_ttl && version < Version::v1_4)
        reason = PacketInReason::action;
    return static_cast<std::uint8_t>(reason);
}

// What the tables had noted about the packet: its port, and what of the rest is not zero.
Match noted(const FlowKey& pipeline) {
    Match match;
    const auto note = [&](FieldId id) {
        const MatchField& field = match_field(id);
        const FieldValue value = field.get(pipeline);
        if (value.zero() && id != FieldId::in_port) return;
        field.set(match.key, value);
        field.fold(match.mask);
    };
    note(FieldId::in_port);
    note(FieldId::metadata);
    note(FieldId::tun_id);
    const auto first = static_cast<unsigned>(FieldId::reg0);
    for (unsigned n = 0; n < 16; ++n) note(static_cast<FieldId>(first + n));
    return match;
}

std::uint16_t length_of(ByteSpan frame) {
    return static_cast<std::uint16_t>(std::min<std::size_t>(frame.size(), 0xffff));
}

void write_1_0(Writer& writer, const PacketInRequest& request, ByteSpan frame) {
    writer.u32(no_buffer);
    writer.u16(length_of(frame));
    writer.u16(port_to_16(request.pipeline.in_port()));
    writer.u8(wire_reason(request.reason, Version::v1_0));
    writer.u8(0);
    writer.bytes(frame);
}

void write_1_1(Writer& writer, const PacketInRequest& request, ByteSpan frame) {
    writer.u32(no_buffer);
    writer.u32(request.pipeline.in_port());
    writer.u32(request.pipeline.in_port());  // the physical one
    writer.u16(length_of(frame));
    writer.u8(wire_reason(request.reason, Version::v1_1));
    writer.u8(request.table);
    writer.bytes(frame);
}

void write_1_2(Writer& writer, const PacketInRequest& request, ByteSpan frame, Version version) {
    writer.u32(no_buffer);
    writer.u16(length_of(frame));
    writer.u8(wire_reason(request.reason, version));
    writer.u8(request.table);
    if (version >= Version::v1_3) writer.u64(request.cookie);
    encode_match(writer, noted(request.pipeline), version);
    writer.zeros(2);
    writer.bytes(frame);
}

void write_nicira(Writer& writer, const PacketInRequest& request, ByteSpan frame, Version version) {
    writer.u32(no_buffer);
    writer.u16(length_of(frame));
    writer.u8(wire_reason(request.reason, version));
    writer.u8(request.table);
    writer.u64(request.cookie);
    const std::size_t length_at = writer.size();
    writer.zeros(8);  // length of the match, padding
    const std::size_t match_at = writer.size();
    encode_nxm_fields(writer, noted(request.pipeline));
    writer.patch_u16(length_at, static_cast<std::uint16_t>(writer.size() - match_at));
    writer.pad_to_8(match_at);
    writer.zeros(2);
    writer.bytes(frame);
}

// False: some property does not fit.
bool write_nicira2(Writer& writer, const PacketInRequest& request, ByteSpan frame,
                   Version version) {
    const bool packet = write_property(writer, packet_in2::packet, [&] { writer.bytes(frame); });
    write_property(writer, packet_in2::table, [&] { writer.u8(request.table); });
    if (request.cookie != no_cookie)
        write_property(writer, packet_in2::cookie, [&] {
            writer.zeros(4);
            writer.u64(request.cookie);
        });
    write_property(writer, packet_in2::reason,
                   [&] { writer.u8(wire_reason(request.reason, version)); });
    write_property(writer, packet_in2::metadata, [&] {
        if (version >= Version::v1_2)
            encode_oxm_fields(writer, noted(request.pipeline), version);
        else
            encode_nxm_fields(writer, noted(request.pipeline));
    });
    if (request.userdata.empty()) return packet;
    return write_property(writer, packet_in2::userdata, [&] { writer.bytes(request.userdata); }) &&
           packet;
}

bool write_body(Writer& writer, const PacketInRequest& request, ByteSpan frame,
                PacketInFormat format, Version version) {
    if (format == PacketInFormat::nicira2) return write_nicira2(writer, request, frame, version);
    if (format == PacketInFormat::nicira)
        write_nicira(writer, request, frame, version);
    else if (version == Version::v1_0)
        write_1_0(writer, request, frame);
    else if (version == Version::v1_1)
        write_1_1(writer, request, frame);
    else
        write_1_2(writer, request, frame, version);
    return true;
}

}  // namespace

bool encode_packet_in(Writer& writer, const PacketInRequest& request, ByteSpan frame,
                      PacketInFormat format, Version version) {
    const std::size_t start =
        format == PacketInFormat::standard
            ? begin_message(writer, version, packet_in_type, 0)
            : begin_nicira_message(writer, version,
                                   format == PacketInFormat::nicira ? nicira_type::packet_in
                                                                    : nicira_type::packet_in2,
                                   0);
    if (write_body(writer, request, frame, format, version)) return end_message(writer, start);
    writer.cut(start);
    return false;
}

}  // namespace switchd::openflow
