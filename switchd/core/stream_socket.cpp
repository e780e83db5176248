#include "switchd/core/stream_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "switchd/core/error.h"
#include "switchd/core/ip_endpoint.h"
#include "switchd/core/unix_socket.h"

namespace switchd {

namespace {

template <class Address>
SocketAddress stored(const Address& address) {
    SocketAddress result;
    std::memcpy(&result.storage, &address, sizeof address);
    result.size = sizeof address;
    return result;
}

// Of one end of the socket; none: there is nobody.
std::optional<SocketAddress> address_by(int (*name)(int, sockaddr*, socklen_t*), const Fd& socket) {
    SocketAddress address;
    address.size = sizeof address.storage;
    auto* const into = reinterpret_cast<sockaddr*>(&address.storage);
    return name(socket.get(), into, &address.size) == 0 ? std::optional(address) : std::nullopt;
}

}  // namespace

SocketAddress address_of(const StreamTarget& target) {
    if (target.kind == StreamTarget::Kind::unix_socket) return stored(*unix_address(target.path));
    sockaddr_in v4{};
    if (::inet_pton(AF_INET, target.host.c_str(), &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        v4.sin_port = htons(target.port);
        return stored(v4);
    }
    sockaddr_in6 v6{};
    ::inet_pton(AF_INET6, target.host.c_str(), &v6.sin6_addr);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(target.port);
    return stored(v6);
}

Fd make_stream_socket(const StreamTarget& target) {
    return Fd{::socket(address_of(target).storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
}

void send_at_once(const Fd& socket) {
    const int yes = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

Fd listen_on(const StreamTarget& target, unsigned mode) {
    if (target.kind == StreamTarget::Kind::unix_socket) return listen_on(target.path, mode);
    Fd socket = make_stream_socket(target);
    if (!socket) throw SetupError("cannot make a socket: " + errno_text(errno));
    const int yes = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    const SocketAddress address = address_of(target);
    if (::bind(socket.get(), address.get(), address.size) != 0 ||
        ::listen(socket.get(), SOMAXCONN) != 0) {
        const int error = errno;
        throw SetupError("cannot listen on '" + target.text() + "': " + errno_text(error),
                         error == EADDRINUSE ? "stop whoever uses it, or choose another port"
                         : error == EACCES   ? "choose a port from 1024 on"
                                             : "choose an address of this machine");
    }
    return socket;
}

std::uint16_t port_of(const Fd& socket) {
    const auto address = address_by(::getsockname, socket);
    const auto endpoint = address ? IpEndpoint::of(address->get(), address->size) : std::nullopt;
    return endpoint ? endpoint->port() : std::uint16_t{0};
}

std::string peer_text(const Fd& socket) {
    const auto address = address_by(::getpeername, socket);
    if (!address) return "nobody";
    const auto endpoint = IpEndpoint::of(address->get(), address->size);
    return endpoint ? "tcp:" + endpoint->text() : "unix";
}

}  // namespace switchd
