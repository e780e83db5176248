#include "switchd/links/datagram_port.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "switchd/core/error.h"

namespace switchd {

namespace {

// A burst is to wait here rather than be lost; the system gives what it allows.
constexpr int buffer_wish_bytes = 1 << 20;

[[noreturn]] void fail(const DatagramAddress& address, std::string_view what) {
    const int error = errno;
    throw SetupError(fmt::format("cannot {} {}: {}", what, address.text(), errno_text(error)),
                     "choose an address of this machine that is free, and a peer it can reach");
}

Fd datagram_socket(int family) {
    Fd socket{::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    if (!socket) throw SetupError("cannot make a socket: " + errno_text(errno));
    for (const int option : {SO_RCVBUF, SO_SNDBUF})
        ::setsockopt(socket.get(), SOL_SOCKET, option, &buffer_wish_bytes, sizeof(int));
    return socket;
}

bool is_deserted_socket(const DatagramAddress& address) {
    struct stat file {};
    if (::lstat(address.path().c_str(), &file) != 0 || !S_ISSOCK(file.st_mode)) return false;
    const Fd probe = datagram_socket(AF_UNIX);
    return ::connect(probe.get(), address.data(), address.bytes()) != 0 && errno == ECONNREFUSED;
}

Fd bind_unix(const DatagramAddress& local, unsigned mode) {
    Fd socket = datagram_socket(AF_UNIX);
    const auto bind = [&] { return ::bind(socket.get(), local.data(), local.bytes()) == 0; };
    bool bound = bind();
    if (!bound && errno == EADDRINUSE) {
        if (!is_deserted_socket(local))
            throw SetupError("cannot receive on " + local.text() + ": it is in use",
                             "stop whoever uses it, or choose another path");
        ::unlink(local.path().c_str());
        bound = bind();
    }
    if (!bound)
        throw SetupError(
            "cannot receive on " + local.text() + ": " + errno_text(errno),
            room_or(errno, "choose a directory that exists and that you may write to"));
    if (::chmod(local.path().c_str(), mode) != 0) {
        const int error = errno;
        ::unlink(local.path().c_str());
        throw SetupError("cannot receive on " + local.text() + ": " + errno_text(error));
    }
    return socket;
}

Fd bind_udp(const DatagramAddress& local, const DatagramAddress& remote) {
    Fd socket = datagram_socket(local.family());
    if (::bind(socket.get(), local.data(), local.bytes()) != 0) fail(local, "receive on");
    if (::connect(socket.get(), remote.data(), remote.bytes()) != 0) fail(remote, "send to");
    return socket;
}

// All that use a group on one machine receive on the same port, and hear what the others send from
// there. We send from a port of our own, so that we can tell what is ours.
DatagramSockets join(const DatagramAddress& group, const DatagramAddress& interface) {
    DatagramSockets sockets{datagram_socket(AF_INET), datagram_socket(AF_INET), group};
    constexpr int on = 1;
    ip_mreq membership{group.ipv4(), {}};
    if (!interface.empty()) membership.imr_interface = interface.ipv4();
    if (::setsockopt(sockets.receiving.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        ::bind(sockets.receiving.get(), group.data(), group.bytes()) != 0)
        fail(group, "receive on");
    if (::setsockopt(sockets.receiving.get(), IPPROTO_IP, IP_ADD_MEMBERSHIP, &membership,
                     sizeof membership) != 0)
        throw SetupError(fmt::format("cannot join {}: {}", group.text(), errno_text(errno)),
                         "name the address of an interface: local=udp:127.0.0.1:0");
    if (!interface.empty() &&
        ::setsockopt(sockets.sending.get(), IPPROTO_IP, IP_MULTICAST_IF, &membership.imr_interface,
                     sizeof membership.imr_interface) != 0)
        fail(interface, "send from");
    if (::connect(sockets.sending.get(), group.data(), group.bytes()) != 0) fail(group, "send to");
    return sockets;
}

DatagramSockets open(const DatagramAddress& local, const DatagramAddress& remote, unsigned mode) {
    if (remote.is_multicast()) return join(remote, local);
    if (local.is_unix()) return {bind_unix(local, mode), {}, remote};
    return {bind_udp(local, remote), {}, remote};
}

}  // namespace

DatagramPort::DatagramPort(Reactor& reactor, PortLinkHost& host, const DatagramAddress& local,
                           const DatagramAddress& remote, unsigned mode)
    : local_(local) {
    DatagramSockets sockets = open(local, remote, mode);
    if (!remote.is_multicast() && !local.is_unix())
        local_ = DatagramAddress::of(sockets.receiving.get());
    auto endpoint = std::make_unique<AddressedEndpoint>(reactor, host.sink(), std::move(sockets));
    endpoint_ = endpoint.get();
    host.attach(std::move(endpoint));
    endpoint_->start();
}

std::string DatagramPort::place() const {
    const DatagramAddress peer = endpoint_ ? endpoint_->peer() : DatagramAddress();
    if (local_.empty()) return peer.text();
    return peer.empty() ? local_.text() : fmt::format("{} with {}", local_.text(), peer.text());
}

void DatagramPort::close() noexcept {
    if (local_.is_unix()) ::unlink(local_.path().c_str());
}

}  // namespace switchd
