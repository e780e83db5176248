// An Ethernet address (IEEE 802 EUI-48): six bytes as on the wire, a plain value.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace switchd {

struct MacAddress {
    std::array<std::uint8_t, 6> bytes{};

    static constexpr MacAddress broadcast() { return {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}; }

    // From the low 48 bits, first byte on the wire most significant; and back.
    static constexpr MacAddress from_u64(std::uint64_t value) {
        MacAddress mac;
        for (int i = 5; i >= 0; --i, value >>= 8)
            mac.bytes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(value);
        return mac;
    }
    constexpr std::uint64_t to_u64() const {
        std::uint64_t value = 0;
        for (const auto byte : bytes) value = value << 8 | byte;
        return value;
    }

    // "02:00:00:00:00:01", also with dots and with one-digit bytes, as vde_switch takes it.
    // Nothing but an address may stand in `text`.
    static std::optional<MacAddress> parse(std::string_view text);
    std::string to_string() const;

    // Multicast or broadcast: never the source of a correct frame.
    constexpr bool is_group() const { return (bytes[0] & 1) != 0; }

    constexpr auto operator<=>(const MacAddress&) const = default;
};

}  // namespace switchd
