#include "switchd/links/nat_frame.h"

#include <cstdint>

namespace switchd {

namespace {

constexpr std::size_t ethernet_bytes = 14, ipv6_bytes = 40;
constexpr unsigned type_ipv4 = 0x0800, type_ipv6 = 0x86dd;
constexpr unsigned tcp = 6, udp = 17, icmpv6 = 58;
constexpr unsigned dhcp_port = 67, tftp_port = 69, dhcpv6_port = 547;

class Bytes {
public:
    explicit Bytes(std::span<const std::byte> frame) : frame_(frame) {}
    unsigned u8(std::size_t at) const {
        return at < frame_.size() ? std::to_integer<unsigned>(frame_[at]) : 0;
    }
    unsigned u16(std::size_t at) const { return u8(at) << 8 | u8(at + 1); }
    unsigned eth_type() const { return u16(12); }

private:
    std::span<const std::byte> frame_;
};

bool opens(const Bytes& bytes, unsigned protocol, std::size_t transport) {
    constexpr unsigned syn = 0x02, ack = 0x10;
    if (protocol == tcp) return (bytes.u8(transport + 13) & (syn | ack)) == syn;
    if (protocol == udp) {
        const unsigned port = bytes.u16(transport + 2);
        return port != dhcp_port && port != tftp_port && port != dhcpv6_port;
    }
    return protocol != icmpv6;
}

}  // namespace

bool is_ipv4_fragment(std::span<const std::byte> frame) noexcept {
    constexpr unsigned more_or_offset = 0x3fff;
    const Bytes bytes(frame);
    return bytes.eth_type() == type_ipv4 && (bytes.u16(ethernet_bytes + 6) & more_or_offset) != 0;
}

bool may_open_a_socket(std::span<const std::byte> frame) noexcept {
    const Bytes bytes(frame);
    if (bytes.eth_type() == type_ipv4)
        return opens(bytes, bytes.u8(ethernet_bytes + 9),
                     ethernet_bytes + std::size_t{bytes.u8(ethernet_bytes) & 0x0f} * 4);
    if (bytes.eth_type() == type_ipv6)
        return opens(bytes, bytes.u8(ethernet_bytes + 6), ethernet_bytes + ipv6_bytes);
    return false;
}

}  // namespace switchd
