#include "tap/raw_endpoint.h"

#include <cerrno>
#include <cstring>

#include "switchd/core/bytes.h"
#include "switchd/core/virtio_header.h"
#include "tap/received_frame.h"

namespace switchd {

namespace {

constexpr std::size_t addresses_bytes = 12, tag_bytes = 4;

// The tag goes where it stood, behind the addresses; a checksum's place moves with what follows.
void put_back(const StrippedTag& tag, Frame& frame, Offload& offload) {
    frame.move_front(-std::ptrdiff_t{tag_bytes});
    std::byte* const at = frame.writable().data();
    std::memmove(at, at + tag_bytes, addresses_bytes);
    store_big_endian(at + addresses_bytes, tag.tpid);
    store_big_endian(at + addresses_bytes + 2, tag.tci);
    if (offload.checksum)
        offload.checksum_start = static_cast<std::uint16_t>(offload.checksum_start + tag_bytes);
}

}  // namespace

RawEndpoint::RawEndpoint(Reactor& reactor, FrameSink& sink, Fd socket, std::string interface)
    : Endpoint(reactor, sink), socket_(std::move(socket)), id_(socket_.get()) {
    description_ = std::move(interface);
    shape_.msg_controllen = packet_control_bytes;
}

bool RawEndpoint::idle() const {
    return Endpoint::idle() && !receive_.in_flight() && submitted_.empty() &&
           !settle_hook_.queued() && look_.idle();
}

void RawEndpoint::on_received(Completion& completion) noexcept {
    if (closed()) return;
    if (completion.result > 0) receive(std::move(completion.frame));
    if (completion.result == -ENETDOWN) look_soon();
    // One whose large segments the header has no words for (of SCTP; before Linux 6.2, of UDP).
    if (completion.result == -EINVAL) count_drop(DropReason::bad_offload);
    if (!completion.more && !paused_) start();
}

void RawEndpoint::receive(Frame frame) noexcept {
    const BesideMessage beside = Reactor::take_message(shape_, frame);
    if (beside.cut) return count_drop(DropReason::too_long);
    if (frame.size() < virtio_header_bytes + addresses_bytes) return count_drop(DropReason::runt);
    const auto header = frame.bytes().first<virtio_header_bytes>();
    auto offload = read_virtio_header(header, frame.bytes().subspan(virtio_header_bytes));
    if (!offload) return count_drop(DropReason::bad_offload);
    const auto tag = stripped_tag(beside.control);
    frame.move_front(virtio_header_bytes);
    if (tag) put_back(*tag, frame, *offload);
    auto received = received_frame(std::move(frame), *offload, reactor_.pool());
    received ? deliver(std::move(*received)) : count_drop(received.error());
}

// The kernel says once that the interface went down, to whoever receives or sends first, and the
// socket works again when it is up. Whether it is to be deleted is known only afterwards, so it is
// looked after for as long as it is down.
void RawEndpoint::look_soon() noexcept {
    if (!closed() && !look_.armed()) look_.arm(reactor_.now() + std::chrono::milliseconds(200));
}

void RawEndpoint::look() noexcept {
    const InterfaceState state = interface_state(socket_);
    if (state == InterfaceState::gone) return sink_.ended(*this);
    if (state == InterfaceState::down) look_.arm(reactor_.now() + std::chrono::seconds(1));
}

void RawEndpoint::set_paused(bool paused) noexcept {
    if (resumes(receive_, paused)) start();
}

void RawEndpoint::flush() noexcept {
    while (!queue_.empty()) {
        Frame frame = queue_.pop_front();
        if (frame.headroom() < virtio_header_bytes) {
            count_drop(DropReason::buffer_exhausted);
            continue;
        }
        const auto header = frame.front_room(virtio_header_bytes).first<virtio_header_bytes>();
        write_virtio_header(header, frame.offload(), frame.bytes());
        submitted_.push_back(std::move(frame));
        reactor_.send_frame(send_, socket_.get(),
                            {header.data(), header.size() + submitted_.back().size()},
                            static_cast<std::uint16_t>(submitted_.size()));
    }
    if (!submitted_.empty()) reactor_.after_submit(settle_hook_);
}

void RawEndpoint::on_send_failed(Completion& completion) noexcept {
    switch (-completion.result) {
        case ENETDOWN:
        case ENXIO: look_soon(); return count_drop(DropReason::port_down);
        case EMSGSIZE: return count_drop(DropReason::too_long);
        case EINVAL: return count_drop(DropReason::bad_offload);
        default: return count_drop(DropReason::queue_full);
    }
}

}  // namespace switchd
