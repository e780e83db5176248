// Sockets for targets: connecting and listening ones, over unix and TCP.
#pragma once

#include <sys/socket.h>

#include <string>

#include "switchd/core/fd.h"
#include "switchd/core/stream_target.h"

namespace switchd {

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;

    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

// The target must have come out of parse_stream_target().
SocketAddress address_of(const StreamTarget& target);

// Not connected yet; empty, with errno, if there can be none.
Fd make_stream_socket(const StreamTarget& target);

// What was said is sent at once: requests and answers are short and waited for.
void send_at_once(const Fd& socket);

// Listens on a passive target. `mode` is that of a unix socket, in place of one that nobody listens
// on. Throws SetupError.
Fd listen_on(const StreamTarget& target, unsigned mode);

// The port that a TCP listener has got.
std::uint16_t port_of(const Fd& socket);

// Who is at the other end, for people: "tcp:10.0.0.1:40312", "unix".
std::string peer_text(const Fd& socket);

}  // namespace switchd
