// What a NAT network is like, and which ports of the host lead into it.
#pragma once

#include <netinet/in.h>

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "switchd/core/ip_endpoint.h"

namespace switchd {

// A port of the host whose connections or datagrams go to a machine in the network, as QEMU writes
// it (hostfwd):  tcp:127.0.0.1:2222-10.0.2.15:22   udp:[::1]:53-[fec0::15]:53
// The host's address may be left out: all of IPv4.
struct NatForward {
    bool udp = false;
    IpEndpoint host, guest;  // both of IPv4, or both of IPv6

    // The error is one line.
    static std::expected<NatForward, std::string> parse(std::string_view text);
    // "tcp:127.0.0.1:2222": without a guest.
    static std::expected<NatForward, std::string> parse_host(std::string_view text);
    std::string host_text() const;
    std::string text() const { return host_text() + "-" + guest.text(); }
    // Of the same port of the host; the guest does not matter.
    bool same_host(const NatForward& other) const { return host_text() == other.host_text(); }
};

struct NatSettings {
    // Of IPv4: its router is .2, its DNS server .3, its guests get addresses from .15 on.
    in_addr network{}, netmask{};
    std::optional<in6_addr> network6;  // /64; none: no IPv6
    bool restricted = false;           // guests reach each other and the forwards, nothing else
    bool host_loopback = true;         // the router's address leads to the host's own services
    std::vector<NatForward> forwards;

    // "10.0.2.0/24", of 8 to 27 bits; "fec0::/64" or "off". The error is one line.
    std::expected<void, std::string> set_network(std::string_view text);
    std::expected<void, std::string> set_network6(std::string_view text);
    // Forwards with plus signs between them.
    std::expected<void, std::string> set_forwards(std::string_view text);

    // There can be such a guest here. The error is one line.
    std::expected<void, std::string> check(const NatForward& forward) const;

    // The address in the IPv4 network with this number.
    in_addr host_number(std::uint32_t number) const;
};

}  // namespace switchd
