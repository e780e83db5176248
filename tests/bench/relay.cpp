// What a switch could carry at most: two plugs and nothing between them.
//
//   relay -s DIR
//
// Admits two plugs at DIR/ctl and moves what one sends to the other, up to 32 frames a system
// call, without a look at them. The distance between this and a switch is what the switch costs;
// the distance between this and any wish is what the kernel's unix sockets cost.
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string>
#include <string_view>

#include <fmt/core.h>

#include "switchd/core/fd.h"

using switchd::Fd;

namespace {

constexpr unsigned batch_max = 32;
constexpr std::size_t frame_octets_max = 2048;
constexpr int send_buffer_bytes = 1 << 20;  // what the switch asks for, too
constexpr std::size_t client_offset = 12;   // in a request: after magic, version, type

struct Plug {
    Fd ctl, data;
};

sockaddr_un address(const std::string& path) {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    path.copy(to.sun_path, sizeof to.sun_path - 1);
    return to;
}

const sockaddr* generic(const sockaddr_un& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

Plug admit(int listener, const std::string& directory, std::size_t number) {
    Plug plug{Fd(::accept(listener, nullptr, nullptr)), Fd(::socket(AF_UNIX, SOCK_DGRAM, 0))};
    std::array<char, 512> request{};
    sockaddr_un client{};
    if (::recv(plug.ctl.get(), request.data(), request.size(), 0) >=
        static_cast<ssize_t>(client_offset + sizeof client))
        std::memcpy(&client, request.data() + client_offset, sizeof client);
    const std::string path = directory + "/" + std::to_string(number);
    const sockaddr_un own = address(path);
    ::setsockopt(plug.data.get(), SOL_SOCKET, SO_SNDBUF, &send_buffer_bytes, sizeof(int));
    if (::bind(plug.data.get(), generic(own), sizeof own) < 0 ||
        ::connect(plug.data.get(), generic(client), sizeof client) < 0 ||
        ::send(plug.ctl.get(), &own, sizeof own, MSG_NOSIGNAL) != sizeof own)
        fmt::print(stderr, "relay: plug {}: {}\n", number, std::strerror(errno));
    return plug;
}

void relay(const std::array<Plug, 2>& plugs) {
    std::array<std::array<std::byte, frame_octets_max>, batch_max> frames;
    std::array<iovec, batch_max> parts{};
    std::array<mmsghdr, batch_max> messages{};
    for (std::size_t i = 0; i < batch_max; ++i) {
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    for (;;) {
        std::array<pollfd, 4> polled{};
        for (std::size_t i = 0; i < 2; ++i) {
            polled[i] = {plugs[i].data.get(), POLLIN, 0};
            polled[2 + i] = {plugs[i].ctl.get(), POLLIN, 0};  // says only that the plug has gone
        }
        ::poll(polled.data(), polled.size(), -1);
        if (polled[2].revents != 0 || polled[3].revents != 0) return;
        for (std::size_t i = 0; i < 2; ++i) {
            if (polled[i].revents == 0) continue;
            for (std::size_t k = 0; k < batch_max; ++k)
                parts[k] = {frames[k].data(), frame_octets_max};
            const int got =
                ::recvmmsg(plugs[i].data.get(), messages.data(), batch_max, MSG_DONTWAIT, nullptr);
            for (int k = 0; k < got; ++k) {
                const auto at = static_cast<std::size_t>(k);
                parts[at].iov_len = messages[at].msg_len;
            }
            if (got > 0)
                ::sendmmsg(plugs[1 - i].data.get(), messages.data(), static_cast<unsigned>(got),
                           MSG_DONTWAIT | MSG_NOSIGNAL);
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3 || std::string_view(argv[1]) != "-s") {
        fmt::print(stderr, "usage: {} -s DIR\n", argv[0]);
        return 2;
    }
    const std::string directory = argv[2];
    ::mkdir(directory.c_str(), 0700);
    const sockaddr_un ctl = address(directory + "/ctl");
    const Fd listener(::socket(AF_UNIX, SOCK_STREAM, 0));
    if (::bind(listener.get(), generic(ctl), sizeof ctl) < 0 || ::listen(listener.get(), 2) < 0) {
        fmt::print(stderr, "relay: {}/ctl: {}\n", directory, std::strerror(errno));
        return 1;
    }
    relay({admit(listener.get(), directory, 0), admit(listener.get(), directory, 1)});
}
