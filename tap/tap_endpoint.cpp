#include "tap/tap_endpoint.h"

#include <cerrno>

namespace switchd {

void TapEndpoint::on_read(Completion& completion) noexcept {
    if (closed()) return;
    if (completion.result > 0) {
        if (const auto offload = take_header(completion.frame))
            deliver_received(std::move(completion.frame), *offload);
    } else if (completion.result < 0 && completion.result != -ENOBUFS &&
               completion.result != -EAGAIN && completion.result != -EINTR &&
               completion.result != -ECANCELED) {
        return sink_.ended(*this);  // EBADFD, EIO: the interface was deleted
    }
    if (!completion.more && !paused_) start();
}

void TapEndpoint::flush() noexcept {
    submit_queue([&](std::span<const std::byte> bytes, std::uint16_t tag) {
        reactor_.write_frame(write_, device().get(), bytes, tag);
    });
}

// The kernel reads the header with an eye to the frame, and refuses what does not fit.
void TapEndpoint::on_write_failed(Completion& completion) noexcept {
    if (completion.result < 0)
        count_drop(completion.result == -EIO      ? DropReason::port_down
                   : completion.result == -EINVAL ? DropReason::bad_offload
                                                  : DropReason::queue_full);
}

}  // namespace switchd
