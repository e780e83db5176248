// An IP address and a port, as sockets take them and as people write them: "127.0.0.1:80",
// "[::1]:80", "[fe80::1%eth0]:80". Names are not looked up.
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace switchd {

class IpEndpoint {
public:
    IpEndpoint() : ipv4_{} {}  // 0.0.0.0:0, of no family

    // The port may be 0. Nothing: it is none.
    static std::optional<IpEndpoint> parse(std::string_view text);
    // Of AF_INET or AF_INET6; nothing if it is another.
    static std::optional<IpEndpoint> of(const sockaddr* address, socklen_t bytes);

    bool is_ipv6() const { return any_.sa_family == AF_INET6; }
    std::uint16_t port() const;
    std::string text() const;

    const sockaddr* data() const { return &any_; }
    socklen_t bytes() const { return is_ipv6() ? sizeof ipv6_ : sizeof ipv4_; }
    const in_addr& ipv4() const { return ipv4_.sin_addr; }    // unless it is one of IPv6
    const in6_addr& ipv6() const { return ipv6_.sin6_addr; }  // if it is

private:
    union {
        sockaddr any_;
        sockaddr_in ipv4_;
        sockaddr_in6 ipv6_;
    };
};

}  // namespace switchd
