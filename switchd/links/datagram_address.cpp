#include "switchd/links/datagram_address.h"

#include <fmt/format.h>
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
    const auto endpoint = IpEndpoint::parse(text.substr(4));
    if (!endpoint) return wrong(text, "write udp:IP:PORT, an IPv6 address in brackets");
    address.bytes_ = endpoint->bytes();
    std::memcpy(static_cast<void*>(&address.unix_), endpoint->data(), address.bytes_);
    return address;
}

DatagramAddress DatagramAddress::of(int socket) noexcept {
    DatagramAddress address;
    socklen_t bytes = sizeof address.unix_;
    if (::getsockname(socket, &address.any_, &bytes) == 0)
        address.bytes_ = std::min<socklen_t>(bytes, sizeof address.unix_);
    return address;
}

std::optional<IpEndpoint> DatagramAddress::ip() const {
    return empty() ? std::nullopt : IpEndpoint::of(&any_, bytes_);
}

bool DatagramAddress::is_multicast() const {
    return family() == AF_INET && IN_MULTICAST(ntohl(ipv4().s_addr));
}

std::uint16_t DatagramAddress::port() const {
    const auto endpoint = ip();
    return endpoint ? endpoint->port() : std::uint16_t{0};
}

std::string DatagramAddress::path() const {
    if (!is_unix()) return {};
    const char* const begin = unix_.sun_path;
    return {begin, std::find(begin, begin + (bytes_ - path_at), '\0')};
}

std::string DatagramAddress::text() const {
    if (const auto endpoint = ip()) return "udp:" + endpoint->text();
    if (!is_unix()) return "nobody";
    if (!is_abstract()) return "unix:" + path();
    return fmt::format("unix:@{}", printable({unix_.sun_path + 1, bytes_ - path_at - 1}));
}

// The kernel counts a path with its NUL, and so does a peer, or not.
bool DatagramAddress::operator==(const DatagramAddress& other) const noexcept {
    if (is_unix() && other.is_unix() && !is_abstract() && !other.is_abstract())
        return path() == other.path();
    return bytes_ == other.bytes_ && std::memcmp(&unix_, &other.unix_, bytes_) == 0;
}

}  // namespace switchd
