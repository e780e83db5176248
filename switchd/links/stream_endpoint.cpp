#include "switchd/links/stream_endpoint.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "switchd/core/error.h"

namespace switchd {

namespace {

constexpr std::size_t length_bytes = sizeof(be32);
constexpr std::size_t frame_bytes_min = 14;  // an Ethernet header

}  // namespace

StreamEndpoint::StreamEndpoint(Reactor& reactor, FrameSink& sink, Fd socket, std::string peer)
    : Endpoint(reactor, sink),
      socket_(std::move(socket)),
      id_(socket_.get()),
      input_(std::make_unique_for_overwrite<std::byte[]>(input_bytes)) {
    description_ = std::move(peer);
    sending_.reserve(frames_at_once);
}

void StreamEndpoint::start() noexcept {
    reactor_.read(read_, socket_.get(), {input_.get() + filled_, input_bytes - filled_});
}

bool StreamEndpoint::idle() const {
    return Endpoint::idle() && !read_.in_flight() && !send_.in_flight();
}

void StreamEndpoint::close_peer() noexcept {
    reactor_.cancel(read_);
    reactor_.cancel(send_);
    ::shutdown(socket_.get(), SHUT_RDWR);
}

void StreamEndpoint::end(std::string reason) noexcept {
    reason_ = std::move(reason);
    deliver_batch();
    sink_.ended(*this);
}

void StreamEndpoint::on_read(Completion& completion) noexcept {
    if (closed()) return;
    if (completion.result == 0) return end("it closed the connection");
    if (completion.result > 0) {
        filled_ += static_cast<std::size_t>(completion.result);
        cut();
        if (!reason_.empty()) return;
    } else if (completion.result != -EINTR && completion.result != -ECANCELED) {
        return end(errno_text(-completion.result));
    }
    if (!paused_) start();
}

// Takes the whole frames out of the input, and leaves the beginning of the next one at its front.
void StreamEndpoint::cut() noexcept {
    std::span<const std::byte> rest{input_.get(), filled_};
    while (!rest.empty()) {
        if (skip_ > 0) {
            const std::size_t skipped = std::min(skip_, rest.size());
            rest = rest.subspan(skipped);
            skip_ -= skipped;
            continue;
        }
        if (rest.size() < length_bytes) break;
        const std::size_t length = load_big_endian<std::uint32_t>(rest.data());
        if (length > length_max)
            return end("it announced a frame of " + std::to_string(length) +
                       " bytes, so it speaks something else");
        if (length > frame_bytes_max) {
            count_drop(DropReason::too_long);
            rest = rest.subspan(length_bytes);
            skip_ = length;
            continue;
        }
        if (rest.size() < length_bytes + length) break;
        take(rest.subspan(length_bytes, length));
        rest = rest.subspan(length_bytes + length);
    }
    std::ranges::copy(rest, input_.get());
    filled_ = rest.size();
}

void StreamEndpoint::take(std::span<const std::byte> bytes) noexcept {
    if (bytes.size() < frame_bytes_min) return count_drop(DropReason::runt);
    Frame frame = reactor_.pool().take();
    if (!frame) return count_drop(DropReason::buffer_exhausted);
    frame.resize(bytes.size());
    std::ranges::copy(bytes, frame.writable().begin());
    deliver(std::move(frame));
}

void StreamEndpoint::set_paused(bool paused) noexcept {
    if (resumes(read_, paused)) start();
}

// What the kernel has cannot give way to others, as the queue does, and a peer may never take it.
// So once half of the buffers are in use, it gets one frame at a time.
void StreamEndpoint::flush() noexcept {
    if (send_.in_flight() || queue_.empty()) return;
    const FramePool& pool = reactor_.pool();
    const std::size_t limit = pool.free() < pool.size() / 2 ? 1 : frames_at_once;
    while (!queue_.empty() && sending_.size() < limit) {
        const std::size_t at = sending_.size();
        const Frame& frame = sending_.emplace_back(queue_.pop_front());
        lengths_[at] = be32{static_cast<std::uint32_t>(frame.size())};
        pieces_[2 * at] = {&lengths_[at], length_bytes};
        pieces_[2 * at + 1] = {const_cast<std::byte*>(frame.bytes().data()), frame.size()};
    }
    message_.msg_iov = pieces_.data();
    message_.msg_iovlen = 2 * sending_.size();
    reactor_.send_message(send_, socket_.get(), message_);
}

// All of it may not have gone, in spite of being asked to wait: a signal came, for example.
void StreamEndpoint::on_sent(Completion& completion) noexcept {
    if (closed()) return;
    if (completion.result < 0 && completion.result != -EINTR)
        return end(errno_text(-completion.result));
    auto gone = static_cast<std::size_t>(std::max(completion.result, 0));
    while (message_.msg_iovlen > 0 && gone >= message_.msg_iov->iov_len) {
        gone -= message_.msg_iov->iov_len;
        ++message_.msg_iov;
        --message_.msg_iovlen;
    }
    if (message_.msg_iovlen > 0) {
        iovec& first = *message_.msg_iov;
        first = {static_cast<std::byte*>(first.iov_base) + gone, first.iov_len - gone};
        return reactor_.send_message(send_, socket_.get(), message_);
    }
    sending_.clear();
    if (!queue_.empty()) flush_soon();
}

}  // namespace switchd
