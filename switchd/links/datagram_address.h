// Where datagrams come from or go to: "unix:PATH" or "udp:HOST:PORT". HOST is an IP address, one of
// IPv6 in brackets; names are not looked up. PATH is absolute.
#pragma once

#include <netinet/in.h>
#include <sys/un.h>

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "switchd/core/ip_endpoint.h"

namespace switchd {

class DatagramAddress {
public:
    DatagramAddress() = default;
    // As the kernel gives it: cut, if it is too long.
    explicit DatagramAddress(std::span<const std::byte> name) noexcept;

    // The error is one line.
    static std::expected<DatagramAddress, std::string> parse(std::string_view text);
    // Of a bound socket.
    static DatagramAddress of(int socket) noexcept;

    bool empty() const { return bytes_ <= sizeof(sa_family_t); }
    int family() const { return empty() ? AF_UNSPEC : any_.sa_family; }
    bool is_unix() const { return family() == AF_UNIX; }
    bool is_abstract() const { return is_unix() && unix_.sun_path[0] == '\0'; }
    bool is_multicast() const;   // of IPv4
    std::uint16_t port() const;  // of UDP
    std::string path() const;    // of a unix socket
    std::string text() const;

    const sockaddr* data() const { return empty() ? nullptr : &any_; }
    socklen_t bytes() const { return empty() ? 0 : bytes_; }
    // For AF_INET.
    const in_addr& ipv4() const { return inet_.sin_addr; }

    bool operator==(const DatagramAddress& other) const noexcept;

private:
    std::optional<IpEndpoint> ip() const;

    socklen_t bytes_ = 0;
    union {
        sockaddr any_;
        sockaddr_in inet_;
        sockaddr_un unix_{};
    };
};

}  // namespace switchd
