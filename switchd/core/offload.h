// What is left to do to a frame before it can stand on a wire, in the terms of virtio-net (virtio
// 1.2, section 5.1.6): fill in a checksum, and cut a large packet into segments.
//
// A sender that leaves these to others saves itself a walk over the bytes, and the switch most of
// its work: one large frame costs as much as a small one. Offsets count from the frame's first
// byte.
#pragma once

#include <cstdint>

namespace switchd {

struct Offload {
    enum class Segments : std::uint8_t { none, tcp_ipv4, tcp_ipv6, udp };

    // The checksum at checksum_start + checksum_offset holds the sum of a pseudo header and is to
    // become that of all bytes from checksum_start on. Always so where there are segments.
    bool checksum = false;
    std::uint16_t checksum_start = 0;
    std::uint16_t checksum_offset = 0;

    Segments segments = Segments::none;
    std::uint16_t segment_bytes = 0;  // of payload, in all but the last

    bool any() const { return checksum || segments != Segments::none; }
    bool operator==(const Offload&) const = default;
};

}  // namespace switchd
