#include "switchd/core/datagram_endpoint.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>

namespace switchd {

namespace {

// More than the kernel lets an ordinary user have (net.core.wmem_max): it takes what it allows.
constexpr int send_buffer_wish_bytes = 1 << 20;

int deepen_send_buffer(int socket) {
    ::setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &send_buffer_wish_bytes, sizeof(int));
    int bytes = 0;
    socklen_t size = sizeof bytes;
    ::getsockopt(socket, SOL_SOCKET, SO_SNDBUF, &bytes, &size);
    return bytes;
}

// What a datagram of `bytes` takes of the send buffer (the kernel's truesize): the data and
// skb_shared_info in the next power of two, and the sk_buff itself. Measured: 768 for 60 bytes,
// 2304 for 1514, 16640 for 9014.
std::int64_t cost_of(std::size_t bytes) {
    constexpr std::size_t shared_info_bytes = 320;
    constexpr std::size_t buffer_head_bytes = 256;
    return static_cast<std::int64_t>(std::bit_ceil(bytes + shared_info_bytes) + buffer_head_bytes);
}

}  // namespace

DatagramEndpoint::DatagramEndpoint(Reactor& reactor, FrameSink& sink, Fd socket)
    : Endpoint(reactor, sink), socket_(std::move(socket)) {
    window_bytes_ = deepen_send_buffer(socket_.get()) / 4 * 3;
    credit_bytes_ = window_bytes_;
}

void DatagramEndpoint::start() {
    reactor_.receive_frames(receive_, socket_.get());
}

bool DatagramEndpoint::idle() const {
    return Endpoint::idle() && !receive_.in_flight() && !writable_.in_flight() &&
           submitted_.empty() && !settle_hook_.queued();
}

void DatagramEndpoint::close_peer() noexcept {
    reactor_.cancel(receive_);
    reactor_.cancel(writable_);
}

void DatagramEndpoint::on_received(Completion& completion) noexcept {
    if (closed()) return;
    if (completion.result > 0) {
        const std::size_t size = completion.frame.size();
        if (size > frame_bytes_max)
            count_drop(DropReason::too_long);
        else
            deliver(std::move(completion.frame));
    }
    // An empty datagram, a pending error of the socket and a moment without free buffers end the
    // multishot; none of them says that the peer has gone.
    if (!completion.more) start();
}

void DatagramEndpoint::flush() noexcept {
    if (refuses_) return flush_until_refused();
    while (!queue_.empty()) {
        const std::int64_t cost = cost_of(queue_.front().size());
        if (cost > credit_bytes_) break;
        credit_bytes_ -= cost;
        since_poll_bytes_ += cost;
        submitted_.push_back(queue_.pop_front());
        reactor_.send_frame(send_, socket_.get(), submitted_.back().bytes(),
                            static_cast<std::uint16_t>(submitted_.size()));
    }
    if (!submitted_.empty()) reactor_.after_submit(settle_hook_);
    if (credit_bytes_ < window_bytes_ / 2 && !writable_.in_flight()) {
        since_poll_bytes_ = 0;
        reactor_.poll(writable_, socket_.get(), POLLOUT);
    }
}

void DatagramEndpoint::flush_until_refused() noexcept {
    std::array<mmsghdr, FrameBatch::frames_max> messages;
    std::array<iovec, FrameBatch::frames_max> parts;
    while (!queue_.empty()) {
        const std::size_t count = std::min(queue_.size(), messages.size());
        for (std::size_t i = 0; i < count; ++i) {
            const auto bytes = queue_[i].bytes();
            parts[i] = {const_cast<std::byte*>(bytes.data()), bytes.size()};
            messages[i] = {};
            messages[i].msg_hdr.msg_iov = &parts[i];
            messages[i].msg_hdr.msg_iovlen = 1;
        }
        const int sent = ::sendmmsg(socket_.get(), messages.data(), static_cast<unsigned>(count),
                                    MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) break;
        if (sent < 0) {
            count_failure(errno);
            queue_.pop_front();
        }
        for (int i = 0; i < sent; ++i) queue_.pop_front();
    }
    if (!queue_.empty() && !writable_.in_flight()) reactor_.poll(writable_, socket_.get(), POLLOUT);
}

void DatagramEndpoint::on_writable(Completion& completion) noexcept {
    if (closed() || completion.result < 0) return;
    credit_bytes_ = window_bytes_ - since_poll_bytes_;
    if (!queue_.empty()) flush_soon();
}

void DatagramEndpoint::on_send_failed(Completion& completion) noexcept {
    if (completion.result == -EAGAIN)
        refused_.push_back(static_cast<std::uint16_t>(completion.tag - 1));
    else if (completion.result < 0)
        count_failure(-completion.result);
}

void DatagramEndpoint::count_failure(int error) noexcept {
    switch (error) {
        case EMSGSIZE: count_drop(DropReason::too_long); break;
        case ENOBUFS:
        case ENOMEM: count_drop(DropReason::buffer_exhausted); break;
        // ECONNREFUSED, EPERM: the protocol above decides when it ends.
        default: count_drop(DropReason::port_gone); break;
    }
}

// The last submission is over: what passed is free, what the peer's own queue refused goes back.
void DatagramEndpoint::settle() noexcept {
    if (!refused_.empty() && !closed()) {
        refuses_ = true;
        for (auto index = refused_.rbegin(); index != refused_.rend(); ++index)
            queue_.push_front(std::move(submitted_[*index]));
        flush_soon();
    }
    refused_.clear();
    submitted_.clear();
}

}  // namespace switchd
