// Sockets and a directory of a test's own.
#pragma once

#include <sys/socket.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "switchd/core/fd.h"
#include "switchd/core/unix_socket.h"

namespace switchd {

// Removed with everything in it at the end of the test.
class TemporaryDirectory {
public:
    TemporaryDirectory() {
        std::string path = std::filesystem::temp_directory_path() / "switchd-test-XXXXXX";
        if (!::mkdtemp(path.data())) throw std::runtime_error("mkdtemp: " + path);
        path_ = path;
    }
    ~TemporaryDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

inline int checked(int result) {
    if (result < 0) throw std::runtime_error(std::strerror(errno));
    return result;
}

inline std::pair<Fd, Fd> socket_pair(int type) {
    int fds[2];
    checked(::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds));
    return {Fd{fds[0]}, Fd{fds[1]}};
}

inline Fd unix_socket(int type) {
    return Fd{checked(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0))};
}

inline void bind_to(const Fd& socket, const std::filesystem::path& path) {
    const sockaddr_un address = unix_address(path.string()).value();
    checked(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address));
}

inline int connect_to(const Fd& socket, const std::filesystem::path& path) {
    const sockaddr_un address = unix_address(path.string()).value();
    return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

// What can be read now without waiting: one datagram, or a piece of a stream; -1: nothing, 0: the
// end.
inline ssize_t receive_now(const Fd& socket, std::span<std::byte> into) {
    return ::recv(socket.get(), into.data(), into.size(), MSG_DONTWAIT);
}

}  // namespace switchd
