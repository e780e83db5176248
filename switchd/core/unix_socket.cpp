#include "switchd/core/unix_socket.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>

#include "switchd/core/error.h"

namespace switchd {

namespace {

bool is_socket(const std::string& path) {
    struct stat file {};
    return ::lstat(path.c_str(), &file) == 0 && S_ISSOCK(file.st_mode);
}

}  // namespace

std::optional<sockaddr_un> unix_address(const std::string& path) {
    if (path.empty() || path.size() > unix_path_bytes_max) return std::nullopt;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, unix_path_bytes_max);
    return address;
}

void refuse_descriptors(int socket) {
    constexpr int so_passrights = 83;  // newer than the headers of Debian 12
    const int no = 0;
    ::setsockopt(socket, SOL_SOCKET, so_passrights, &no, sizeof no);
}

int probe_listener(const std::string& path) {
    constexpr int end_wait_ms = 500;
    const auto address = unix_address(path);
    if (!address) return ENAMETOOLONG;
    for (int attempt = 0; attempt < 10; ++attempt) {
        const Fd probe{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
        if (!probe) return errno;
        if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) !=
            0)
            return errno;
        pollfd end{probe.get(), POLLIN, 0};
        char byte = 0;
        if (::poll(&end, 1, end_wait_ms) == 0 || ::recv(probe.get(), &byte, 1, MSG_DONTWAIT) > 0)
            return 0;
    }
    return 0;
}

namespace {

// Binds the socket to the path, in place of a socket file that nobody uses any more: `used` tells,
// as an errno value with which it cannot be reached, or 0.
void bind_to_path(const Fd& socket, const std::string& path, unsigned mode, std::string_view verb,
                  int (*used)(const std::string& path)) {
    const auto address = unix_address(path);
    if (!address)
        throw SetupError("socket name '" + path + "' is too long",
                         "use a path of at most " + std::to_string(unix_path_bytes_max) + " bytes");
    const std::string failed = "cannot " + std::string(verb) + " on '" + path + "': ";
    const auto* const name = reinterpret_cast<const sockaddr*>(&*address);
    int bound = ::bind(socket.get(), name, sizeof *address);
    if (bound != 0 && errno == EADDRINUSE) {
        const int answer = used(path);
        if ((answer != ECONNREFUSED && answer != ENOENT) || !is_socket(path))
            throw SetupError(failed + "it is in use",
                             "stop whoever uses it, or choose another path");
        ::unlink(path.c_str());
        bound = ::bind(socket.get(), name, sizeof *address);
    }
    if (bound != 0)
        throw SetupError(
            failed + errno_text(errno),
            room_or(errno, "choose a directory that exists and that you may write to"));
    if (::chmod(path.c_str(), mode) != 0) {
        const int error = errno;
        ::unlink(path.c_str());
        throw SetupError(failed + errno_text(error));
    }
}

Fd new_socket(int type) {
    Fd socket{::socket(AF_UNIX, type | SOCK_CLOEXEC, 0)};
    if (!socket) throw SetupError("cannot make a socket: " + errno_text(errno));
    return socket;
}

// A datagram socket takes a connection without being asked.
int probe_receiver(const std::string& path) {
    const auto address = unix_address(path);
    const Fd probe{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    if (!address || !probe) return EINVAL;
    return ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) ==
                   0
               ? 0
               : errno;
}

}  // namespace

Fd listen_on(const std::string& path, unsigned mode) {
    Fd socket = new_socket(SOCK_STREAM);
    bind_to_path(socket, path, mode, "listen", probe_listener);
    if (::listen(socket.get(), SOMAXCONN) != 0) {
        const int error = errno;
        ::unlink(path.c_str());
        throw SetupError("cannot listen on '" + path + "': " + errno_text(error));
    }
    return socket;
}

Fd receive_on(const std::string& path, unsigned mode) {
    Fd socket = new_socket(SOCK_DGRAM);
    bind_to_path(socket, path, mode, "receive", probe_receiver);
    return socket;
}

}  // namespace switchd
