#include "switchd/links/datagram_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "switchd/core/printable.h"
#include "switchd/core/unix_socket.h"

namespace switchd {

namespace {

constexpr std::size_t path_at = offsetof(sockaddr_un, sun_path);

std::unexpected<std::string> wrong(std::string_view text, std::string_view remedy) {
    return std::unexpected(
        fmt::format("'{}' is no address of datagrams ({})", printable(text), remedy));
}

}  // namespace

DatagramAddress::DatagramAddress(std::span<const std::byte> name) noexcept
    : bytes_(static_cast<socklen_t>(std::min(name.size(), sizeof unix_))) {
    std::memcpy(static_cast<void*>(&unix_), name.data(), bytes_);
}

std::expected<DatagramAddress, std::string> DatagramAddress::parse(std::string_view text) {
    DatagramAddress address;
    if (text.starts_with("unix:")) {
        const std::string path(text.substr(5));
        const auto named = unix_address(path);
        if (!path.starts_with('/') || path.find('\0') != path.npos)
            return wrong(text, "write an absolute path behind unix:");
        if (!named)
            return wrong(text, fmt::format("use a path of at most {} bytes", unix_path_bytes_max));
        address.unix_ = *named;
        address.bytes_ = static_cast<socklen_t>(path_at + path.size() + 1);
        return address;
    }
    if (!text.starts_with("udp:")) return wrong(text, "begin with unix: or udp:");
    const std::string_view rest = text.substr(4);
    const std::size_t colon = rest.rfind(':');
    std::string host(rest.substr(0, colon));
    const std::string port(colon == rest.npos ? "" : rest.substr(colon + 1));
    const bool bracketed = host.starts_with('[') && host.ends_with(']');
    if (bracketed) host = host.substr(1, host.size() - 2);
    addrinfo hints{};
    hints.ai_family = bracketed ? AF_INET6 : AF_INET;
    hints.ai_socktype = SOCK_DGRAM;
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    in_addr plain{};
    const bool number = !port.empty() && port.size() <= 5 &&
                        port.find_first_not_of("0123456789") == port.npos &&
                        std::stoul(port) <= 0xffff;
    if (!number || (!bracketed && ::inet_pton(AF_INET, host.c_str(), &plain) != 1) ||
        ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0)
        return wrong(text, "write udp:IP:PORT, an IPv6 address in brackets");
    address.bytes_ = static_cast<socklen_t>(found->ai_addrlen);
    std::memcpy(static_cast<void*>(&address.unix_), found->ai_addr, address.bytes_);
    ::freeaddrinfo(found);
    return address;
}

DatagramAddress DatagramAddress::of(int socket) noexcept {
    DatagramAddress address;
    socklen_t bytes = sizeof address.unix_;
    if (::getsockname(socket, &address.any_, &bytes) == 0)
        address.bytes_ = std::min<socklen_t>(bytes, sizeof address.unix_);
    return address;
}

bool DatagramAddress::is_multicast() const {
    return family() == AF_INET && IN_MULTICAST(ntohl(inet_.sin_addr.s_addr));
}

std::uint16_t DatagramAddress::port() const {
    return family() == AF_INET    ? ntohs(inet_.sin_port)
           : family() == AF_INET6 ? ntohs(inet6_.sin6_port)
                                  : std::uint16_t{0};
}

std::string DatagramAddress::path() const {
    if (!is_unix()) return {};
    const char* const begin = unix_.sun_path;
    return {begin, std::find(begin, begin + (bytes_ - path_at), '\0')};
}

std::string DatagramAddress::text() const {
    char host[INET6_ADDRSTRLEN] = "";
    switch (family()) {
        case AF_UNIX:
            if (is_abstract())
                return fmt::format("unix:@{}",
                                   printable({unix_.sun_path + 1, bytes_ - path_at - 1}));
            return "unix:" + path();
        case AF_INET:
            ::inet_ntop(AF_INET, &inet_.sin_addr, host, sizeof host);
            return fmt::format("udp:{}:{}", host, port());
        case AF_INET6:
            ::inet_ntop(AF_INET6, &inet6_.sin6_addr, host, sizeof host);
            return fmt::format("udp:[{}]:{}", host, port());
        default: return "nobody";
    }
}

// The kernel counts a path with its NUL, and so does a peer, or not.
bool DatagramAddress::operator==(const DatagramAddress& other) const noexcept {
    if (is_unix() && other.is_unix() && !is_abstract() && !other.is_abstract())
        return path() == other.path();
    return bytes_ == other.bytes_ && std::memcmp(&unix_, &other.unix_, bytes_) == 0;
}

}  // namespace switchd
