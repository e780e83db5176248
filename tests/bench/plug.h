// A client of a VDE switch as QEMU is one (libvdeplug 4): it registers over the stream DIR/ctl,
// then exchanges one frame per datagram over its own socket, connected to the switch's.
//
// A Plug is attached from its construction to its end. The constructor throws std::system_error or
// std::runtime_error if the switch refuses or does not answer within 5 s. Both descriptors block.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include "switchd/core/fd.h"

namespace switchd::bench {

class Plug {
public:
    explicit Plug(const std::string& directory) {
        ctl_ = connected(SOCK_STREAM, address(directory + "/ctl"), "connect to the switch");
        const timeval patience{.tv_sec = 5, .tv_usec = 0};
        ::setsockopt(ctl_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);

        static int sequence = 0;
        const std::string own =
            directory + "/." + std::to_string(::getpid()) + "-" + std::to_string(sequence++);
        const Request request{0xfeedface, 3, 0, address(own), {'b', 'e', 'n', 'c', 'h'}};
        data_ = Fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        check(::bind(data_.get(), generic(request.client), sizeof request.client), "bind a plug");
        sockaddr_un reply{};
        const bool answered =
            ::send(ctl_.get(), &request, sizeof request, MSG_NOSIGNAL) == sizeof request &&
            ::recv(ctl_.get(), &reply, sizeof reply, 0) == sizeof reply;
        const bool connected =
            answered && ::connect(data_.get(), generic(reply), sizeof reply) == 0;
        ::unlink(own.c_str());  // both ends hold the socket now
        if (!connected) throw std::runtime_error("the switch does not take another plug");
    }

    int data() const { return data_.get(); }

    // The switch still holds its end of the ctl stream.
    bool attached() const {
        pollfd poll{.fd = ctl_.get(), .events = POLLIN, .revents = 0};
        return ::poll(&poll, 1, 0) == 0;
    }

private:
    struct [[gnu::packed]] Request {
        std::uint32_t magic;
        std::uint32_t version;
        std::uint32_t type;  // any port
        sockaddr_un client;
        char description[5];  // not terminated
    };
    static_assert(sizeof(Request) == 127);

    static void check(int result, const char* what) {
        if (result < 0) throw std::system_error(errno, std::generic_category(), what);
    }
    static sockaddr_un address(std::string_view path) {
        sockaddr_un to{};
        to.sun_family = AF_UNIX;
        if (path.size() >= sizeof to.sun_path)
            throw std::runtime_error("path too long for a socket");
        path.copy(to.sun_path, path.size());
        return to;
    }
    static const sockaddr* generic(const sockaddr_un& address) {
        return reinterpret_cast<const sockaddr*>(&address);
    }
    static Fd connected(int type, const sockaddr_un& to, const char* what) {
        Fd fd(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
        check(fd.get(), what);
        check(::connect(fd.get(), generic(to), sizeof to), what);
        return fd;
    }

    Fd ctl_;
    Fd data_;
};

}  // namespace switchd::bench
