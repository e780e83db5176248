// The header of every OpenFlow message (1.5.1, section 7.1): version, type, length of the whole
// message, and the transaction that a reply repeats.
#pragma once

#include <optional>

#include "flows/openflow/version.h"
#include "flows/openflow/wire.h"

namespace switchd::openflow {

inline constexpr std::size_t header_bytes = 8;
inline constexpr std::size_t vendor_header_bytes = 16;  // with vendor and subtype behind it
inline constexpr std::size_t message_bytes_max = 65535;

// OFP_NO_BUFFER: packets are told whole, and none is kept for whoever asks later.
inline constexpr std::uint32_t no_buffer = 0xffffffff;

inline constexpr std::uint32_t vendor_nicira = 0x00002320;
inline constexpr std::uint32_t vendor_onf = 0x4f4e4600;

// The types that have the same number in every version.
namespace message_type {
inline constexpr std::uint8_t error = 1;
inline constexpr std::uint8_t vendor = 4;
inline constexpr std::uint8_t flow_removed = 11;
inline constexpr std::uint8_t flow_mod = 14;
}  // namespace message_type

// Subtypes of Nicira's messages (NXT_*).
namespace nicira_type {
inline constexpr std::uint32_t role_request = 10, role_reply = 11, flow_format = 12, flow_mod = 13,
                               flow_removed = 14, flow_mod_table_id = 15, packet_in_format = 16,
                               packet_in = 17, flow_age = 18, async_config = 19, controller_id = 20,
                               async_config2 = 27, resume = 28, packet_in2 = 30;
}  // namespace nicira_type

struct Header {
    std::uint8_t version = 0;  // may be none of ours
    std::uint8_t type = 0;
    std::uint16_t length = 0;  // may be less than header_bytes
    std::uint32_t xid = 0;
};

// None: fewer than header_bytes bytes.
inline std::optional<Header> read_header(ByteSpan bytes) {
    Reader reader(bytes);
    Header header;
    header.version = reader.u8();
    header.type = reader.u8();
    header.length = reader.u16();
    header.xid = reader.u32();
    if (!reader.ok()) return std::nullopt;
    return header;
}

// Returns where the message begins, for end_message().
inline std::size_t begin_message(Writer& writer, Version version, std::uint8_t type,
                                 std::uint32_t xid) {
    const std::size_t start = writer.size();
    writer.u8(static_cast<std::uint8_t>(version));
    writer.u8(type);
    writer.u16(0);
    writer.u32(xid);
    return start;
}
inline std::size_t begin_nicira_message(Writer& writer, Version version, std::uint32_t subtype,
                                        std::uint32_t xid) {
    const std::size_t start = begin_message(writer, version, message_type::vendor, xid);
    writer.u32(vendor_nicira);
    writer.u32(subtype);
    return start;
}
// Fills in the length. A message that is too long is taken back; false.
inline bool end_message(Writer& writer, std::size_t start) {
    const std::size_t length = writer.size() - start;
    if (length > message_bytes_max) {
        writer.cut(start);
        return false;
    }
    writer.patch_u16(start + 2, static_cast<std::uint16_t>(length));
    return true;
}

}  // namespace switchd::openflow
