// Properties: what OpenFlow 1.4 and later, and some of Nicira's messages, hang behind fixed
// structures (1.5.1, section 7.2.1): type, length without padding, value, padded to 8 bytes.
#pragma once

#include <optional>

#include "flows/openflow/wire.h"

namespace switchd::openflow {

inline constexpr std::size_t property_header_bytes = 4;

struct Property {
    std::uint16_t type = 0;
    ByteSpan value;

    // Of a property whose value is one number of 32 bits.
    std::optional<std::uint32_t> number() const {
        Reader reader(value);
        const std::uint32_t number = reader.u32();
        if (!reader.ok() || reader.left() != 0) return std::nullopt;
        return number;
    }
};

// None, and the reader has failed: what is there is no property. Padding may be cut off at the end.
inline std::optional<Property> read_property(Reader& reader) {
    Property property;
    property.type = reader.u16();
    const std::size_t length = reader.u16();
    if (length < property_header_bytes) reader.skip(reader.left() + 1);
    if (!reader.ok()) return std::nullopt;
    property.value = reader.take(length - property_header_bytes);
    if (!reader.ok()) return std::nullopt;
    reader.skip(std::min(padded_to_8(length) - length, reader.left()));
    return property;
}

// `value` writes the value. False: it is too long, and nothing is written.
template <class Value>
bool write_property(Writer& writer, std::uint16_t type, const Value& value) {
    const std::size_t start = writer.size();
    writer.u16(type);
    writer.u16(0);
    value();
    const std::size_t length = writer.size() - start;
    if (length > 0xffff) {
        writer.cut(start);
        return false;
    }
    writer.patch_u16(start + 2, static_cast<std::uint16_t>(length));
    writer.pad_to_8(start);
    return true;
}

}  // namespace switchd::openflow
