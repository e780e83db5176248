// Frames as senders make them that leave checksums and segments to others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include "switchd/core/offload.h"

namespace switchd::test {

using Bytes = std::vector<std::byte>;

inline void put(Bytes& bytes, std::initializer_list<unsigned> values) {
    for (const unsigned value : values) bytes.push_back(static_cast<std::byte>(value));
}
inline void put_16(Bytes& bytes, std::size_t value) {
    put(bytes, {static_cast<unsigned>(value >> 8 & 0xff), static_cast<unsigned>(value & 0xff)});
}
inline unsigned get_16(std::span<const std::byte> bytes, std::size_t at) {
    return std::to_integer<unsigned>(bytes[at]) << 8 | std::to_integer<unsigned>(bytes[at + 1]);
}
inline std::uint32_t get_32(std::span<const std::byte> bytes, std::size_t at) {
    return get_16(bytes, at) << 16 | get_16(bytes, at + 2);
}

// RFC 1071, word by word.
inline unsigned plain_sum(std::span<const std::byte> bytes, std::uint64_t sum = 0) {
    for (std::size_t i = 0; i < bytes.size(); ++i)
        sum += std::to_integer<unsigned>(bytes[i]) << (i % 2 == 0 ? 8 : 0);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<unsigned>(sum);
}

struct Shape {
    bool ipv4 = true;
    bool tcp = true;
    std::size_t tags = 0;
    std::size_t ip_options = 0;   // words of IPv4, units of 8 bytes of IPv6
    std::size_t tcp_options = 0;  // words
    std::size_t payload = 0;
    unsigned tcp_flags = 0x10;
};

struct Large {
    Bytes frame;
    Offload offload;
    std::size_t ip_at = 0;
    std::size_t transport_at = 0;

    unsigned protocol() const { return offload.checksum_offset == 16 ? 6 : 17; }
    std::size_t address_at() const { return ip_at + (ipv4() ? 12 : 8); }
    std::size_t address_bytes() const { return ipv4() ? 8 : 32; }
    bool ipv4() const { return std::to_integer<unsigned>(frame[ip_at]) >> 4 == 4; }
    unsigned pseudo_sum(std::span<const std::byte> of) const {
        return plain_sum(of.subspan(address_at(), address_bytes()),
                         protocol() + of.size() - transport_at);
    }
};

// A frame as a sender hands it on: the checksum is the pseudo header's.
inline Large large(const Shape& shape, std::size_t segment_bytes) {
    Large result;
    Bytes& frame = result.frame;
    put(frame, {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1});
    for (std::size_t i = 0; i < shape.tags; ++i)
        put(frame, {i + 1 < shape.tags ? 0x88u : 0x81u, i + 1 < shape.tags ? 0xa8u : 0x00u, 0, 7});
    put_16(frame, shape.ipv4 ? 0x0800 : 0x86dd);
    result.ip_at = frame.size();
    const std::size_t transport_bytes =
        (shape.tcp ? 20 + 4 * shape.tcp_options : 8) + shape.payload;
    const unsigned protocol = shape.tcp ? 6 : 17;
    if (shape.ipv4) {
        const std::size_t header = 20 + 4 * shape.ip_options;
        put(frame, {static_cast<unsigned>(0x40 + header / 4), 0});
        put_16(frame, header + transport_bytes);
        put(frame, {0xff, 0xfe, 0x40, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2});
        for (std::size_t i = 0; i < shape.ip_options; ++i) put(frame, {1, 1, 1, 1});
    } else {
        put(frame, {0x60, 0, 0, 0});
        put_16(frame, 8 * shape.ip_options + transport_bytes);
        put(frame, {shape.ip_options == 0 ? protocol : 60, 64});
        for (unsigned i = 0; i < 32; ++i) put(frame, {i});
        for (std::size_t i = 0; i < shape.ip_options; ++i)
            put(frame, {i + 1 < shape.ip_options ? 60 : protocol, 0, 1, 4, 0, 0, 0, 0});
    }
    result.transport_at = frame.size();
    put(frame, {0x12, 0x34, 0, 80});
    if (shape.tcp) {
        put(frame, {0xff, 0xff, 0xf0, 0, 0, 0, 0, 9});
        put(frame, {static_cast<unsigned>(0x50 + 0x10 * shape.tcp_options), shape.tcp_flags, 1, 0});
        put(frame, {0, 0, 0, 0});
        for (std::size_t i = 0; i < shape.tcp_options; ++i) put(frame, {1, 1, 1, 1});
    } else {
        put_16(frame, transport_bytes);
        put(frame, {0, 0});
    }
    for (std::size_t i = 0; i < shape.payload; ++i)
        put(frame, {static_cast<unsigned>(i * 7 & 0xff)});
    using enum Offload::Segments;
    result.offload = {.checksum = true,
                      .checksum_start = static_cast<std::uint16_t>(result.transport_at),
                      .checksum_offset = static_cast<std::uint16_t>(shape.tcp ? 16 : 6),
                      .segments = !shape.tcp   ? udp
                                  : shape.ipv4 ? tcp_ipv4
                                               : tcp_ipv6,
                      .segment_bytes = static_cast<std::uint16_t>(segment_bytes)};
    const unsigned sum = result.pseudo_sum(frame);
    const std::size_t at = result.transport_at + result.offload.checksum_offset;
    frame[at] = static_cast<std::byte>(sum >> 8);
    frame[at + 1] = static_cast<std::byte>(sum & 0xff);
    return result;
}

}  // namespace switchd::test
