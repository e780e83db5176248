// Unix sockets by path: addresses that fit, listening in place of a dead predecessor.
#pragma once

#include <sys/un.h>

#include <optional>
#include <string>

#include "switchd/core/fd.h"

namespace switchd {

// The longest path that fits into an address with its final NUL.
inline constexpr std::size_t unix_path_bytes_max = sizeof(sockaddr_un::sun_path) - 1;

// None if the path is empty or too long. Never a cut one.
std::optional<sockaddr_un> unix_address(const std::string& path);

// Descriptors that a peer sends along with its bytes are not taken: closing one that we did not ask
// for could block the loop (a socket that lingers). Where Linux (before 6.16) does not know how to
// refuse them, they are still received and closed.
void refuse_descriptors(int socket);

// 0 when a process listens on the stream socket `path`, otherwise the errno value with which a
// connection to it fails. A process that was killed just now may still seem to listen, until the
// kernel has put away its ring; then the connection ends. One that lives speaks, or waits for us:
// in that case the answer takes half a second. Process ids would not tell: those of other
// containers are unknown here, and that of a daemon is not the one that began to listen.
int probe_listener(const std::string& path);

// A stream socket listening on `path`, with this mode. A socket file that nobody listens on any
// more is replaced. Throws SetupError: the path is too long, somebody listens there, the directory
// forbids.
Fd listen_on(const std::string& path, unsigned mode);

// A datagram socket that receives on `path`; the same otherwise.
Fd receive_on(const std::string& path, unsigned mode);

}  // namespace switchd
