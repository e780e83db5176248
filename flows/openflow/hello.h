// Which version two peers speak: the highest that both know (OpenFlow 1.5.1,
// sections 6.3.1, 7.5.1).
#pragma once

#include <cstdint>
#include <optional>

#include "flows/openflow/header.h"
#include "flows/openflow/version.h"
#include "flows/openflow/wire.h"

namespace switchd::openflow {

// Bit n: the version with number n on the wire; also those that do not exist yet.
struct VersionSet {
    std::uint32_t bits = 0;

    constexpr bool has(Version version) const {
        return (bits >> static_cast<unsigned>(version) & 1) != 0;
    }
    constexpr void add(Version version) { bits |= 1U << static_cast<unsigned>(version); }
    constexpr bool operator==(const VersionSet&) const = default;
};
inline constexpr VersionSet all_versions{0b111'1110};

// None: no version of ours is in both.
std::optional<Version> highest_common(VersionSet ours, VersionSet theirs);

// `versions` is not empty. Only a set with gaps is spelled out in an element.
void encode_hello(Writer& writer, VersionSet versions, std::uint32_t xid);
// What the sender of this hello message knows. Elements that are unknown or cut off say nothing.
VersionSet decode_hello(ByteSpan message);

}  // namespace switchd::openflow
