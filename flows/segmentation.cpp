#include "flows/segmentation.h"

#include <algorithm>
#include <cstring>

#include "flows/packet_headers.h"
#include "switchd/core/bytes.h"

namespace switchd {

namespace {

constexpr std::size_t tcp_bytes_min = 20, udp_bytes = 8;
constexpr std::size_t ipv4_total_length = 2, ipv4_id = 4, ipv4_checksum = 10;
constexpr std::size_t ipv6_payload_length = 4;
constexpr std::size_t tcp_sequence = 4, tcp_flags = 13, tcp_checksum = 16;
constexpr std::size_t udp_length = 4, udp_checksum = 6;
constexpr std::uint8_t tcp_fin = 0x01, tcp_psh = 0x08, tcp_cwr = 0x80;

void add_16(std::byte* at, std::size_t value) {
    store_big_endian(at, static_cast<std::uint16_t>(load_big_endian<std::uint16_t>(at) + value));
}
void store_16(std::byte* at, std::size_t value) {
    store_big_endian(at, static_cast<std::uint16_t>(value));
}

// The one's complement sum of 16-bit words (RFC 1071), not folded yet: in any byte order, so in the
// machine's, and turned round at the end.
std::uint64_t sum_of(std::span<const std::byte> bytes) {
    std::uint64_t sum = 0;
    const std::byte* at = bytes.data();
    std::size_t left = bytes.size();
    for (; left >= 4; at += 4, left -= 4) {
        std::uint32_t word;
        std::memcpy(&word, at, sizeof word);
        sum += word;
    }
    std::byte rest[4]{};
    std::copy_n(at, left, rest);
    std::uint32_t word;
    std::memcpy(&word, rest, sizeof word);
    return sum + word;
}

// As the wire has it, to be stored with memcpy.
std::uint16_t folded(std::uint64_t sum) {
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(sum);
}

std::uint64_t sum_of_number(std::size_t value) {
    std::byte bytes[4];
    store_big_endian(bytes, static_cast<std::uint32_t>(value));
    return sum_of(bytes);
}
// To be added where the number was.
std::uint64_t sum_without(std::size_t value) {
    return static_cast<std::uint16_t>(~folded(sum_of_number(value)));
}

enum class Zero : bool { sum, none };  // a checksum of zero is one, or says that there is none
void store_checksum(std::byte* at, std::uint64_t sum, Zero zero) {
    auto checksum = static_cast<std::uint16_t>(~folded(sum));
    if (checksum == 0 && zero == Zero::none) checksum = 0xffff;
    std::memcpy(at, &checksum, sizeof checksum);
}

}  // namespace

bool fill_checksum(std::span<std::byte> frame, const Offload& offload) {
    const std::size_t at = std::size_t{offload.checksum_start} + offload.checksum_offset;
    if (at + 2 > frame.size()) return false;
    store_checksum(frame.data() + at, sum_of(frame.subspan(offload.checksum_start)), Zero::none);
    return true;
}

std::optional<Segmentation> Segmentation::of(std::span<const std::byte> frame,
                                             const Offload& offload) {
    Segmentation result;
    Rest rest{frame};
    if (offload.segment_bytes == 0 || !rest.has(ether::header_bytes)) return std::nullopt;
    rest.skip(ether::addresses_bytes);
    take_vlan_tags(rest);
    const std::uint16_t type = take_eth_type(rest);
    result.ipv4_ = type == ether::ipv4 && has_ipv4(rest);
    if (!result.ipv4_ && !(type == ether::ipv6 && has_ipv6(rest))) return std::nullopt;
    result.ip_at_ = static_cast<std::size_t>(rest.at() - frame.data());
    const Transport transport = result.ipv4_ ? ipv4_transport(rest) : ipv6_transport(rest);
    if (!transport.readable || transport.fragment != 0) return std::nullopt;
    result.transport_at_ = static_cast<std::size_t>(transport.rest.at() - frame.data());

    using enum Offload::Segments;
    result.tcp_ = offload.segments == (result.ipv4_ ? tcp_ipv4 : tcp_ipv6);
    if (!result.tcp_ && offload.segments != udp) return std::nullopt;
    if (transport.protocol != (result.tcp_ ? ip::tcp : ip::udp)) return std::nullopt;
    std::size_t bytes = result.tcp_ ? tcp_bytes_min : udp_bytes;
    if (!transport.rest.has(bytes)) return std::nullopt;
    if (result.tcp_) bytes = std::size_t{transport.rest.u8(12)} / 16 * 4;
    if (bytes < (result.tcp_ ? tcp_bytes_min : udp_bytes) || !transport.rest.has(bytes))
        return std::nullopt;
    result.checksum_at_ = result.transport_at_ + (result.tcp_ ? tcp_checksum : udp_checksum);
    if (!offload.checksum || offload.checksum_start != result.transport_at_ ||
        result.transport_at_ + offload.checksum_offset != result.checksum_at_)
        return std::nullopt;

    result.transport_bytes_ = transport.rest.size();
    result.header_bytes_ = result.transport_at_ + bytes;
    result.headers_ = frame.first(result.header_bytes_);
    result.payload_ = frame.subspan(result.header_bytes_, transport.rest.size() - bytes);
    result.segment_bytes_ = offload.segment_bytes;
    result.count_ = std::max<std::size_t>(
        1, (result.payload_.size() + result.segment_bytes_ - 1) / result.segment_bytes_);
    if (result.count_ > segments_max) return std::nullopt;
    return result;
}

std::size_t Segmentation::payload_of(std::size_t index) const {
    return std::min(segment_bytes_, payload_.size() - index * segment_bytes_);
}

void Segmentation::write(std::size_t index, std::span<std::byte> into) const {
    const std::size_t payload_bytes = payload_of(index);
    std::ranges::copy(headers_, into.begin());
    std::ranges::copy(payload_.subspan(index * segment_bytes_, payload_bytes),
                      into.begin() + static_cast<std::ptrdiff_t>(header_bytes_));

    std::byte* const ip_header = into.data() + ip_at_;
    const std::size_t ip_bytes = into.size() - ip_at_;
    if (ipv4_) {
        store_16(ip_header + ipv4_total_length, ip_bytes);
        add_16(ip_header + ipv4_id, index);
        store_16(ip_header + ipv4_checksum, 0);
        const std::size_t bytes = std::to_integer<std::size_t>(ip_header[0] & std::byte{0x0f}) * 4;
        store_checksum(ip_header + ipv4_checksum, sum_of({ip_header, bytes}), Zero::sum);
    } else {
        store_16(ip_header + ipv6_payload_length, ip_bytes - ip::v6_bytes);
    }

    std::byte* const transport = into.data() + transport_at_;
    const std::size_t transport_bytes = into.size() - transport_at_;
    if (tcp_) {
        const auto before = static_cast<std::uint32_t>(index * segment_bytes_);
        std::byte* const sequence = transport + tcp_sequence;
        store_big_endian(sequence, load_big_endian<std::uint32_t>(sequence) + before);
        std::byte& flags = transport[tcp_flags];
        if (index + 1 < count_) flags &= ~std::byte{tcp_fin | tcp_psh};
        if (index > 0) flags &= ~std::byte{tcp_cwr};
    } else {
        store_16(transport + udp_length, transport_bytes);
    }
    // The sum of the pseudo header is there already, with the length of the whole.
    store_checksum(into.data() + checksum_at_,
                   sum_without(transport_bytes_) + sum_of_number(transport_bytes) +
                       sum_of({transport, transport_bytes}),
                   tcp_ ? Zero::sum : Zero::none);
}

}  // namespace switchd
