#include "switchd/core/virtio_header.h"

#include <algorithm>
#include <cstdint>

namespace switchd {

namespace {

constexpr std::size_t flags_at = 0, kind_at = 1, headers_bytes_at = 2, segment_bytes_at = 4,
                      checksum_start_at = 6, checksum_offset_at = 8;
// VIRTIO_NET_HDR_F_ and VIRTIO_NET_HDR_GSO_.
constexpr std::byte needs_checksum{1};
constexpr std::byte gso_none{0}, gso_tcp_ipv4{1}, gso_tcp_ipv6{4}, gso_udp{5}, gso_ecn{0x80};

constexpr std::size_t checksum_bytes = 2;
constexpr std::size_t udp_bytes = 8, tcp_offset_at = 12;

std::uint16_t load_16(const std::byte* at) {
    return static_cast<std::uint16_t>(std::to_integer<unsigned>(at[0]) |
                                      std::to_integer<unsigned>(at[1]) << 8);
}
void store_16(std::byte* at, std::size_t value) {
    at[0] = static_cast<std::byte>(value);
    at[1] = static_cast<std::byte>(value >> 8);
}

// Where the payload begins, as a hint to who copies the headers for each segment.
std::size_t headers_bytes(const Offload& offload, std::span<const std::byte> frame) {
    std::size_t bytes = offload.checksum_start;
    if (offload.segments == Offload::Segments::udp)
        bytes += udp_bytes;
    else if (const std::size_t at = bytes + tcp_offset_at; at < frame.size())
        bytes += (std::to_integer<std::size_t>(frame[at]) >> 4) * 4;
    return std::min(bytes, frame.size());
}

}  // namespace

std::optional<Offload> read_virtio_header(std::span<const std::byte, virtio_header_bytes> header,
                                          std::span<const std::byte> frame) {
    using enum Offload::Segments;
    Offload offload;
    if ((header[flags_at] & needs_checksum) != std::byte{0}) {
        offload.checksum = true;
        offload.checksum_start = load_16(&header[checksum_start_at]);
        offload.checksum_offset = load_16(&header[checksum_offset_at]);
        if (std::size_t{offload.checksum_start} + offload.checksum_offset + checksum_bytes >
            frame.size())
            return std::nullopt;
    }
    // That a TCP packet says "congestion" makes no other kind of it.
    const std::byte kind = header[kind_at] & ~gso_ecn;
    if (kind == gso_none) return offload;
    if (kind == gso_tcp_ipv4)
        offload.segments = tcp_ipv4;
    else if (kind == gso_tcp_ipv6)
        offload.segments = tcp_ipv6;
    else if (kind == gso_udp)
        offload.segments = udp;
    else
        return std::nullopt;
    offload.segment_bytes = load_16(&header[segment_bytes_at]);
    if (!offload.checksum || offload.segment_bytes == 0) return std::nullopt;
    return offload;
}

void write_virtio_header(VirtioHeader header, const Offload& offload,
                         std::span<const std::byte> frame) {
    using enum Offload::Segments;
    std::ranges::fill(header, std::byte{0});
    if (offload.checksum) {
        header[flags_at] = needs_checksum;
        store_16(&header[checksum_start_at], offload.checksum_start);
        store_16(&header[checksum_offset_at], offload.checksum_offset);
    }
    if (offload.segments == none) return;
    header[kind_at] = offload.segments == tcp_ipv4   ? gso_tcp_ipv4
                      : offload.segments == tcp_ipv6 ? gso_tcp_ipv6
                                                     : gso_udp;
    store_16(&header[headers_bytes_at], headers_bytes(offload, frame));
    store_16(&header[segment_bytes_at], offload.segment_bytes);
}

}  // namespace switchd
