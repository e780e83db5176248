// Byte order as a type, and bounded reading of wire formats.
//
// A be16 holds two bytes as they stand on the wire. It compares and copies; only host() and the
// constructor convert, so a forgotten conversion does not compile.
#pragma once

#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>

namespace switchd {

template <class Unsigned>
class BigEndian {
public:
    constexpr BigEndian() = default;
    constexpr explicit BigEndian(Unsigned host) : wire_(swap(host)) {}
    constexpr Unsigned host() const { return swap(wire_); }
    constexpr bool operator==(const BigEndian&) const = default;

private:
    static constexpr Unsigned swap(Unsigned value) {
        return std::endian::native == std::endian::little ? std::byteswap(value) : value;
    }
    Unsigned wire_ = 0;
};

using be16 = BigEndian<std::uint16_t>;
using be32 = BigEndian<std::uint32_t>;
using be64 = BigEndian<std::uint64_t>;

// A number in network byte order, wherever it stands.
template <class Unsigned>
Unsigned load_big_endian(const std::byte* at) {
    BigEndian<Unsigned> wire;
    std::memcpy(&wire, at, sizeof wire);
    return wire.host();
}
template <class Unsigned>
void store_big_endian(std::byte* at, Unsigned host) {
    const BigEndian<Unsigned> wire{host};
    std::memcpy(at, &wire, sizeof wire);
}

// Takes headers off the front of bytes that a peer chose. What is taken is a copy: the peer may
// change the original at any time. A take or skip beyond the end yields nothing and changes
// nothing.
class HeaderReader {
public:
    explicit HeaderReader(std::span<const std::byte> bytes) : rest_(bytes) {}

    template <class Header>
    std::optional<Header> take() {
        static_assert(std::is_trivially_copyable_v<Header>);
        auto header = peek<Header>();
        if (header) rest_ = rest_.subspan(sizeof(Header));
        return header;
    }

    template <class Header>
    std::optional<Header> peek() const {
        static_assert(std::is_trivially_copyable_v<Header>);
        if (rest_.size() < sizeof(Header)) return std::nullopt;
        Header header;
        std::memcpy(&header, rest_.data(), sizeof header);
        return header;
    }

    bool skip(std::size_t bytes) {
        if (rest_.size() < bytes) return false;
        rest_ = rest_.subspan(bytes);
        return true;
    }

    std::span<const std::byte> rest() const { return rest_; }

private:
    std::span<const std::byte> rest_;
};

}  // namespace switchd
