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

}  // namespace

std::expected<NatForward, std::string> NatForward::parse_host(std::string_view text) {
    constexpr std::string_view remedy = "write tcp: or udp:, and [IP]:PORT";
    NatForward forward;
    forward.udp = text.starts_with("udp:");
    if (!forward.udp && !text.starts_with("tcp:")) return wrong(text, "port of the host", remedy);
    const std::string_view rest = text.substr(4);
    const auto host = IpEndpoint::parse(rest.starts_with(':') ? fmt::format("0.0.0.0{}", rest)
                                                              : std::string(rest));
    if (!host || host->port() == 0) return wrong(text, "port of the host", remedy);
    forward.host = *host;
    return forward;
}

std::expected<NatForward, std::string> NatForward::parse(std::string_view text) {
    const std::size_t dash = std::min(text.find('-'), text.size());
    auto forward = parse_host(text.substr(0, dash));
    if (!forward) return forward;
    const auto guest = IpEndpoint::parse(text.substr(std::min(dash + 1, text.size())));
    if (!guest || guest->port() == 0)
        return wrong(text, "forward",
                     "write -IP:PORT of the guest, as in "
                     "tcp:127.0.0.1:2222-10.0.2.15:22");
    if (guest->is_ipv6() != forward->host.is_ipv6())
        return wrong(text, "forward", "both addresses are IPv4, or both IPv6");
    forward->guest = *guest;
    return forward;
}

std::string NatForward::host_text() const {
    return fmt::format("{}:{}", udp ? "udp" : "tcp", host.text());
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
    const IpEndpoint& guest = forward.guest;
    if (guest.is_ipv6() && !network6)
        return wrong(guest.text(), "guest of this NAT", "it has no IPv6: net6=off");
    const bool inside = guest.is_ipv6() ? std::memcmp(&guest.ipv6(), &*network6, 8) == 0
                                        : (guest.ipv4().s_addr & netmask.s_addr) == network.s_addr;
    if (!inside)
        return wrong(guest.text(), "guest of this NAT", "choose an address in its network");
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
