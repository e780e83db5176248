#include "switchd/core/datagram_batch.h"

#include <algorithm>
#include <array>
#include <cerrno>

namespace switchd {

std::expected<std::size_t, int> send_front(int socket, FrameQueue& queue, const sockaddr* to,
                                           socklen_t to_bytes) noexcept {
    std::array<mmsghdr, FrameBatch::frames_max> messages;
    std::array<iovec, FrameBatch::frames_max> parts;
    const std::size_t count = std::min(queue.size(), messages.size());
    for (std::size_t i = 0; i < count; ++i) {
        const auto bytes = queue[i].bytes();
        parts[i] = {const_cast<std::byte*>(bytes.data()), bytes.size()};
        messages[i] = {};
        messages[i].msg_hdr.msg_name = const_cast<sockaddr*>(to);
        messages[i].msg_hdr.msg_namelen = to_bytes;
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    const int sent = ::sendmmsg(socket, messages.data(), static_cast<unsigned>(count),
                                MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) return std::unexpected(errno);
    return static_cast<std::size_t>(sent);
}

}  // namespace switchd
