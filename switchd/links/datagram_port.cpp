#include "switchd/links/datagram_port.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "switchd/core/error.h"
#include "switchd/core/unix_socket.h"

namespace switchd {

namespace {

// A burst is to wait here rather than be lost; the system gives what it allows.
constexpr int buffer_wish_bytes = 1 << 20;

[[noreturn]] void fail(const DatagramAddress& address, std::string_view what) {
    const int error = errno;
    throw SetupError(fmt::format("cannot {} {}: {}", what, address.text(), errno_text(error)),
                     "choose an address of this machine that is free, and a peer it can reach");
}

Fd deepened(Fd socket) {
    for (const int option : {SO_RCVBUF, SO_SNDBUF})
        ::setsockopt(socket.get(), SOL_SOCKET, option, &buffer_wish_bytes, sizeof(int));
    return socket;
}

Fd udp_socket(int family) {
    Fd socket{::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    if (!socket) throw SetupError("cannot make a socket: " + errno_text(errno));
    return deepened(std::move(socket));
}

Fd bind_udp(const DatagramAddress& local, const DatagramAddress& remote) {
    Fd socket = udp_socket(local.family());
    if (::bind(socket.get(), local.data(), local.bytes()) != 0) fail(local, "receive on");
    if (::connect(socket.get(), remote.data(), remote.bytes()) != 0) fail(remote, "send to");
    return socket;
}

// All that use a group on one machine receive on the same port, and hear what the others send from
// there. We send from a port of our own, so that we can tell what is ours.
DatagramSockets join(const DatagramAddress& group, const DatagramAddress& interface) {
    DatagramSockets sockets{udp_socket(AF_INET), udp_socket(AF_INET), group};
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
    if (local.is_unix()) return {deepened(receive_on(local.path(), mode)), {}, remote};
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
