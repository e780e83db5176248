#include "switchd/links/nat_settings.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <charconv>
#include <cstring>

#include "switchd/core/printable.h"

namespace switchd {

namespace {

// Room for router, DNS server and the 16 that libslirp leases addresses to, from .15 on.
constexpr unsigned prefix_min = 8, prefix_max = 27;

std::unexpected<std::string> wrong(std::string_view text, std::string_view what,
                                   std::string_view remedy) {
    return std::unexpected(fmt::format("'{}' is no {} ({})", printable(text), what, remedy));
}

std::optional<unsigned> number_in(std::string_view text, unsigned max) {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || number > max)
        return std::nullopt;
    return number;
}

struct Address {
    bool ipv6 = false;
    sockaddr_in6 socket{};  // of IPv4: a sockaddr_in
};

// "IP:PORT", an IPv6 address in brackets. An empty IP is 0.0.0.0.
std::optional<Address> address_in(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == text.npos) return std::nullopt;
    const auto port = number_in(text.substr(colon + 1), 0xffff);
    if (!port || *port == 0) return std::nullopt;
    std::string host(text.substr(0, colon));
    Address address;
    address.ipv6 = host.starts_with('[') && host.ends_with(']');
    if (address.ipv6) {
        host = host.substr(1, host.size() - 2);
        address.socket.sin6_family = AF_INET6;
        address.socket.sin6_port = htons(static_cast<std::uint16_t>(*port));
        if (::inet_pton(AF_INET6, host.c_str(), &address.socket.sin6_addr) != 1)
            return std::nullopt;
        return address;
    }
    sockaddr_in ipv4{};
    ipv4.sin_family = AF_INET;
    ipv4.sin_port = htons(static_cast<std::uint16_t>(*port));
    if (!host.empty() && ::inet_pton(AF_INET, host.c_str(), &ipv4.sin_addr) != 1)
        return std::nullopt;
    std::memcpy(&address.socket, &ipv4, sizeof ipv4);
    return address;
}

std::string text_of(const sockaddr_in6& socket, bool ipv6) {
    char text[INET6_ADDRSTRLEN] = "";
    if (ipv6) {
        ::inet_ntop(AF_INET6, &socket.sin6_addr, text, sizeof text);
        return fmt::format("[{}]:{}", text, ntohs(socket.sin6_port));
    }
    sockaddr_in ipv4;
    std::memcpy(&ipv4, &socket, sizeof ipv4);
    ::inet_ntop(AF_INET, &ipv4.sin_addr, text, sizeof text);
    return fmt::format("{}:{}", text, ntohs(ipv4.sin_port));
}

}  // namespace

std::expected<NatForward, std::string> NatForward::parse_host(std::string_view text) {
    NatForward forward;
    forward.udp = text.starts_with("udp:");
    const auto host =
        forward.udp || text.starts_with("tcp:") ? address_in(text.substr(4)) : std::nullopt;
    if (!host) return wrong(text, "port of the host", "write tcp: or udp:, and [IP]:PORT");
    forward.ipv6 = host->ipv6;
    forward.host = host->socket;
    return forward;
}

std::expected<NatForward, std::string> NatForward::parse(std::string_view text) {
    const std::size_t dash = std::min(text.find('-'), text.size());
    auto forward = parse_host(text.substr(0, dash));
    if (!forward) return forward;
    const std::string_view rest = text.substr(std::min(dash + 1, text.size()));
    const auto guest = rest.starts_with(':') ? std::nullopt : address_in(rest);
    if (!guest)
        return wrong(text, "forward",
                     "write -IP:PORT of the guest, as in "
                     "tcp:127.0.0.1:2222-10.0.2.15:22");
    if (guest->ipv6 != forward->ipv6)
        return wrong(text, "forward", "both addresses are IPv4, or both IPv6");
    forward->guest = guest->socket;
    return forward;
}

std::string NatForward::host_text() const {
    return fmt::format("{}:{}", udp ? "udp" : "tcp", text_of(host, ipv6));
}
std::string NatForward::guest_text() const {
    return text_of(guest, ipv6);
}

std::expected<void, std::string> NatSettings::set_network(std::string_view text) {
    const std::string address(text.substr(0, text.find('/')));
    const bool has_bits = address.size() < text.size();
    const unsigned bits =
        has_bits ? number_in(text.substr(address.size() + 1), prefix_max).value_or(0) : 0;
    const std::string remedy = fmt::format(
        "write ADDRESS/BITS with {} to {} bits, as in 10.0.2.0/24", prefix_min, prefix_max);
    if (bits < prefix_min || ::inet_pton(AF_INET, address.c_str(), &network) != 1)
        return wrong(text, "network of IPv4", remedy);
    netmask.s_addr = htonl(~std::uint32_t{0} << (32 - bits));
    if ((network.s_addr & ~netmask.s_addr) != 0)
        return wrong(text, "network of IPv4", "the bits behind the network's are to be zero");
    const std::uint32_t first = ntohl(network.s_addr) >> 24;
    if (first == 0 || first == 127 || first >= 224)
        return wrong(text, "network for guests", "choose one for private use, as 10.0.2.0/24");
    return {};
}

std::expected<void, std::string> NatSettings::set_network6(std::string_view text) {
    network6.reset();
    if (text == "off") return {};
    constexpr std::string_view remedy = "write PREFIX/64, as in fec0::/64, or off";
    if (!text.ends_with("/64")) return wrong(text, "network of IPv6", remedy);
    const std::string address(text.substr(0, text.size() - 3));
    in6_addr prefix{};
    if (::inet_pton(AF_INET6, address.c_str(), &prefix) != 1)
        return wrong(text, "network of IPv6", remedy);
    for (std::size_t i = 8; i < sizeof prefix.s6_addr; ++i)
        if (prefix.s6_addr[i] != 0)
            return wrong(text, "network of IPv6", "the bits behind the network's are to be zero");
    if (IN6_IS_ADDR_MULTICAST(&prefix) || IN6_IS_ADDR_UNSPECIFIED(&prefix))
        return wrong(text, "network for guests", "choose one for private use, as fec0::/64");
    network6 = prefix;
    return {};
}

std::expected<void, std::string> NatSettings::check(const NatForward& forward) const {
    if (forward.ipv6 && !network6)
        return wrong(forward.guest_text(), "guest of this NAT", "it has no IPv6: net6=off");
    bool inside = false;
    if (forward.ipv6) {
        inside = std::memcmp(&forward.guest.sin6_addr, &*network6, 8) == 0;
    } else {
        sockaddr_in guest;
        std::memcpy(&guest, &forward.guest, sizeof guest);
        inside = (guest.sin_addr.s_addr & netmask.s_addr) == network.s_addr;
    }
    if (!inside)
        return wrong(forward.guest_text(), "guest of this NAT", "choose an address in its network");
    return {};
}

std::expected<void, std::string> NatSettings::set_forwards(std::string_view text) {
    forwards.clear();
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t end = std::min(text.find('+', at), text.size());
        const auto forward = NatForward::parse(text.substr(at, end - at));
        if (!forward) return std::unexpected(forward.error());
        forwards.push_back(*forward);
        at = end + 1;
    }
    return {};
}

in_addr NatSettings::host_number(std::uint32_t number) const {
    return {htonl(ntohl(network.s_addr) | number)};
}

}  // namespace switchd
