#include "flows/openflow/hello.h"

#include <bit>

#include "flows/openflow/property.h"

namespace switchd::openflow {
namespace {

constexpr std::uint16_t version_bitmap = 1;

// Every version from 1.0 up to the one of this number.
VersionSet up_to(unsigned number) {
    if (number >= 31) return {~1U};
    return {((1U << (number + 1)) - 1) & ~1U};
}

}  // namespace

std::optional<Version> highest_common(VersionSet ours, VersionSet theirs) {
    const std::uint32_t common = ours.bits & theirs.bits & all_versions.bits;
    if (common == 0) return std::nullopt;
    return static_cast<Version>(std::bit_width(common) - 1);
}

void encode_hello(Writer& writer, VersionSet versions, std::uint32_t xid) {
    const auto highest = static_cast<unsigned>(std::bit_width(versions.bits) - 1);
    const std::size_t start = begin_message(writer, static_cast<Version>(highest), 0, xid);
    if (versions != up_to(highest))
        write_property(writer, version_bitmap, [&] { writer.u32(versions.bits); });
    end_message(writer, start);
}

VersionSet decode_hello(ByteSpan message) {
    Reader reader(message);
    const unsigned highest = reader.u8();
    reader.skip(header_bytes - 1);
    while (reader.left() != 0) {
        const auto element = read_property(reader);
        if (!element) break;
        Reader bitmap(element->value);
        const std::uint32_t bits = bitmap.u32();
        if (element->type == version_bitmap && bitmap.ok()) return {bits};
    }
    return up_to(highest);
}

}  // namespace switchd::openflow
