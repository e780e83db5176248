#include "tap/tap_endpoint.h"

#include <cerrno>

namespace switchd {

TapEndpoint::TapEndpoint(Reactor& reactor, FrameSink& sink, Fd device, std::string name)
    : Endpoint(reactor, sink), device_(std::move(device)), id_(device_.get()) {
    description_ = std::move(name);
}

bool TapEndpoint::idle() const {
    return Endpoint::idle() && !read_.in_flight() && submitted_.empty() && !settle_hook_.queued();
}

void TapEndpoint::on_read(Completion& completion) noexcept {
    if (closed()) return;
    if (completion.result > 0) {
        if (completion.frame.size() > frame_bytes_max)
            count_drop(DropReason::too_long);
        else
            deliver(std::move(completion.frame));
    } else if (completion.result < 0 && completion.result != -ENOBUFS &&
               completion.result != -EAGAIN && completion.result != -EINTR &&
               completion.result != -ECANCELED) {
        return sink_.ended(*this);  // EBADFD, EIO: the interface was deleted
    }
    if (!completion.more && !paused_) start();
}

// A read that is being cancelled starts anew when it has ended.
void TapEndpoint::set_paused(bool paused) noexcept {
    if (paused_ == paused || closed()) return;
    paused_ = paused;
    if (paused)
        reactor_.cancel(read_);
    else if (!read_.in_flight())
        start();
}

void TapEndpoint::flush() noexcept {
    while (!queue_.empty()) {
        submitted_.push_back(queue_.pop_front());
        reactor_.write_frame(write_, device_.get(), submitted_.back().bytes(),
                             static_cast<std::uint16_t>(submitted_.size()));
    }
    if (!submitted_.empty()) reactor_.after_submit(settle_hook_);
}

void TapEndpoint::on_write_failed(Completion& completion) noexcept {
    if (completion.result < 0)
        count_drop(completion.result == -EIO ? DropReason::port_down : DropReason::queue_full);
}

}  // namespace switchd
