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

// 0 when a process listens on the stream socket `path`, otherwise the errno value with which a
// connection to it fails. The kernel takes the requests of a killed process home after the process
// is gone, and its sockets answer until then: a listener whose process is dead is waited for.
int probe_listener(const std::string& path);

// A stream socket listening on `path`, with this mode. A socket file that nobody listens on any
// more is replaced. Throws SetupError: the path is too long, somebody listens there, the directory
// forbids.
Fd listen_on(const std::string& path, unsigned mode);

}  // namespace switchd
