#include "tap/device_endpoint.h"

#include <algorithm>
#include <utility>

namespace switchd {

std::optional<Offload> DeviceEndpoint::take_header(Frame& frame) noexcept {
    if (frame.size() < virtio_header_bytes) {
        count_drop(DropReason::runt);
        return std::nullopt;
    }
    const auto header = frame.bytes().first<virtio_header_bytes>();
    const auto offload = read_virtio_header(header, frame.bytes().subspan(virtio_header_bytes));
    if (!offload) count_drop(DropReason::bad_offload);
    frame.move_front(virtio_header_bytes);
    return offload;
}

// What fits an ordinary buffer goes there: large ones are few, and the frame may have to wait
// somewhere.
void DeviceEndpoint::deliver_received(Frame frame, const Offload& offload) noexcept {
    if (frame.size() <= frame_bytes_max) {
        Frame copy = reactor_.pool().take();
        if (!copy) return count_drop(DropReason::buffer_exhausted);
        copy.resize(frame.size());
        std::ranges::copy(frame.bytes(), copy.writable().begin());
        frame = std::move(copy);
    } else if (offload.segments == Offload::Segments::none) {
        return count_drop(DropReason::too_long);
    }
    frame.set_offload(offload);
    deliver(std::move(frame));
}

}  // namespace switchd
