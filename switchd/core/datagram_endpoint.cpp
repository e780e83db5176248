#include "switchd/core/datagram_endpoint.h"

#include <poll.h>
#include <sys/socket.h>

#include <bit>
#include <cerrno>

#include "switchd/core/datagram_batch.h"

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
    if (completion.result >= 0) take(std::move(completion.frame));
    // An empty datagram, a pending error of the socket and a moment without free buffers end the
    // multishot; none of them says that the peer has gone.
    if (!completion.more && !paused_) start();
}

void DatagramEndpoint::set_paused(bool paused) noexcept {
    if (resumes(receive_, paused)) start();
}

void DatagramEndpoint::take(Frame frame) noexcept {
    if (!frame || frame.size() == 0)
        count_drop(DropReason::runt);
    else if (frame.size() > frame_bytes_max)
        count_drop(DropReason::too_long);
    else
        deliver(std::move(frame));
}

void DatagramEndpoint::flush() noexcept {
    if (!proven_) return flush_unproven();
    while (!queue_.empty()) {
        const std::int64_t cost = cost_of(queue_.front().size());
        if (cost > credit_bytes_) break;
        credit_bytes_ -= cost;
        since_poll_bytes_ += cost;
        submit_front();
    }
    if (credit_bytes_ < window_bytes_ / 2) ask_for_report();
}

void DatagramEndpoint::submit_front() noexcept {
    submitted_.push_back(queue_.pop_front());
    reactor_.send_frame(send_, socket_.get(), submitted_.back().bytes(),
                        static_cast<std::uint16_t>(submitted_.size()));
    reactor_.after_submit(settle_hook_);
}

void DatagramEndpoint::ask_for_report() noexcept {
    if (writable_.in_flight()) return;
    since_poll_bytes_ = 0;
    reactor_.poll(writable_, socket_.get(), POLLOUT);
}

// A single frame goes with the others of the turn, and nothing can overtake it. Several go in one
// system call, which stops at the first that is refused.
void DatagramEndpoint::flush_unproven() noexcept {
    if (queue_.empty()) return;
    if (!submitted_.empty()) return ask_for_report();  // which comes when that one is decided
    if (queue_.size() == 1) return submit_front();

    while (!queue_.empty()) {
        const auto sent = send_front(socket_.get(), queue_, nullptr, 0);
        if (!sent && sent.error() == EAGAIN) return ask_for_report();
        if (!sent) {
            count_failure(sent.error());
            queue_.pop_front();
            continue;
        }
        for (std::size_t i = 0; i < *sent; ++i)
            since_poll_bytes_ += cost_of(queue_.pop_front().size());
        if (*sent >= proof_frames) {
            // What is in the socket by now is not known: the next report tells.
            proven_ = true;
            credit_bytes_ = 0;
            return ask_for_report();
        }
    }
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
        proven_ = false;
        for (auto index = refused_.rbegin(); index != refused_.rend(); ++index)
            queue_.push_front(std::move(submitted_[*index]));
        ask_for_report();
    }
    refused_.clear();
    submitted_.clear();
}

void DatagramEndpoint::drain() noexcept {
    for (std::size_t i = 0; i < drain_frames_max; ++i) {
        Frame frame = reactor_.pool().take();
        if (!frame) return;
        const ssize_t bytes =
            ::recv(socket_.get(), frame.writable().data(), frame.room(), MSG_DONTWAIT);
        if (bytes < 0) return;
        frame.resize(static_cast<std::size_t>(bytes));
        take(std::move(frame));
    }
}

}  // namespace switchd
