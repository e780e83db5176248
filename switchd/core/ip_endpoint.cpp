#include "switchd/core/ip_endpoint.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <net/if.h>

#include <charconv>
#include <cstring>

namespace switchd {

std::optional<IpEndpoint> IpEndpoint::parse(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == text.npos || text.find('\0') != text.npos) return std::nullopt;
    std::uint16_t port = 0;
    const char* const end = text.data() + text.size();
    const auto [last, error] = std::from_chars(text.data() + colon + 1, end, port);
    if (error != std::errc{} || last != end) return std::nullopt;

    std::string host(text.substr(0, colon));
    IpEndpoint endpoint;
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
        endpoint.ipv6_ = {};
        endpoint.ipv6_.sin6_family = AF_INET6;
        endpoint.ipv6_.sin6_port = htons(port);
        if (const std::size_t zone = host.find('%'); zone != host.npos) {
            endpoint.ipv6_.sin6_scope_id = ::if_nametoindex(host.c_str() + zone + 1);
            if (endpoint.ipv6_.sin6_scope_id == 0) return std::nullopt;
            host.resize(zone);
        }
        if (::inet_pton(AF_INET6, host.c_str(), &endpoint.ipv6_.sin6_addr) != 1)
            return std::nullopt;
    } else {
        endpoint.ipv4_.sin_family = AF_INET;
        endpoint.ipv4_.sin_port = htons(port);
        if (::inet_pton(AF_INET, host.c_str(), &endpoint.ipv4_.sin_addr) != 1) return std::nullopt;
    }
    return endpoint;
}

std::optional<IpEndpoint> IpEndpoint::of(const sockaddr* address, socklen_t bytes) {
    IpEndpoint endpoint;
    const bool ipv6 = bytes >= sizeof endpoint.ipv6_ && address->sa_family == AF_INET6;
    if (!ipv6 && (bytes < sizeof endpoint.ipv4_ || address->sa_family != AF_INET))
        return std::nullopt;
    std::memcpy(static_cast<void*>(&endpoint.ipv6_), address,
                ipv6 ? sizeof endpoint.ipv6_ : sizeof endpoint.ipv4_);
    return endpoint;
}

std::uint16_t IpEndpoint::port() const {
    return ntohs(is_ipv6() ? ipv6_.sin6_port : ipv4_.sin_port);
}

std::string IpEndpoint::text() const {
    char host[INET6_ADDRSTRLEN] = "";
    if (is_ipv6()) {
        ::inet_ntop(AF_INET6, &ipv6_.sin6_addr, host, sizeof host);
        char zone[IF_NAMESIZE] = "";
        const bool has_zone =
            ipv6_.sin6_scope_id != 0 && ::if_indextoname(ipv6_.sin6_scope_id, zone) != nullptr;
        return fmt::format("[{}{}{}]:{}", host, has_zone ? "%" : "", zone, port());
    }
    ::inet_ntop(AF_INET, &ipv4_.sin_addr, host, sizeof host);
    return fmt::format("{}:{}", host, port());
}

}  // namespace switchd
