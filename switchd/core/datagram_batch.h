// Many datagrams in one system call.
#pragma once

#include <sys/socket.h>

#include <expected>

#include "switchd/core/frame_queue.h"

namespace switchd {

// Sends the foremost frames of the queue without waiting, a batch of them at most, to `to`, or
// where the socket is connected to if that is null. They stay in the queue. So many have gone, in
// their order; the error is the errno of the first.
std::expected<std::size_t, int> send_front(int socket, FrameQueue& queue, const sockaddr* to,
                                           socklen_t to_bytes) noexcept;

}  // namespace switchd
