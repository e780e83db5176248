#include "tap/tap_endpoint.h"

#include <cerrno>

#include "switchd/core/virtio_header.h"
#include "tap/received_frame.h"

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
        receive(std::move(completion.frame));
    } else if (completion.result < 0 && completion.result != -ENOBUFS &&
               completion.result != -EAGAIN && completion.result != -EINTR &&
               completion.result != -ECANCELED) {
        return sink_.ended(*this);  // EBADFD, EIO: the interface was deleted
    }
    if (!completion.more && !paused_) start();
}

void TapEndpoint::receive(Frame frame) noexcept {
    if (frame.size() < virtio_header_bytes) return count_drop(DropReason::runt);
    const auto header = frame.bytes().first<virtio_header_bytes>();
    const auto offload = read_virtio_header(header, frame.bytes().subspan(virtio_header_bytes));
    if (!offload) return count_drop(DropReason::bad_offload);
    frame.move_front(virtio_header_bytes);
    auto received = received_frame(std::move(frame), *offload, reactor_.pool());
    received ? deliver(std::move(*received)) : count_drop(received.error());
}

void TapEndpoint::set_paused(bool paused) noexcept {
    if (resumes(read_, paused)) start();
}

void TapEndpoint::flush() noexcept {
    while (!queue_.empty()) {
        Frame frame = queue_.pop_front();
        if (frame.headroom() < virtio_header_bytes) {
            count_drop(DropReason::buffer_exhausted);
            continue;
        }
        const auto header = frame.front_room(virtio_header_bytes).first<virtio_header_bytes>();
        write_virtio_header(header, frame.offload(), frame.bytes());
        submitted_.push_back(std::move(frame));
        reactor_.write_frame(write_, device_.get(),
                             {header.data(), header.size() + submitted_.back().size()},
                             static_cast<std::uint16_t>(submitted_.size()));
    }
    if (!submitted_.empty()) reactor_.after_submit(settle_hook_);
}

// The kernel reads the header with an eye to the frame, and refuses what does not fit.
void TapEndpoint::on_write_failed(Completion& completion) noexcept {
    if (completion.result < 0)
        count_drop(completion.result == -EIO      ? DropReason::port_down
                   : completion.result == -EINVAL ? DropReason::bad_offload
                                                  : DropReason::queue_full);
}

}  // namespace switchd
