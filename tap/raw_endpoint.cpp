#include "tap/raw_endpoint.h"

#include <cerrno>
#include <cstring>

#include "switchd/core/bytes.h"

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
    : DeviceEndpoint(reactor, sink, std::move(socket), std::move(interface)) {
    shape_.msg_controllen = packet_control_bytes;
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
    auto offload = take_header(frame);
    if (!offload) return;
    if (frame.size() < addresses_bytes) return count_drop(DropReason::runt);
    if (const auto tag = stripped_tag(beside.control)) put_back(*tag, frame, *offload);
    deliver_received(std::move(frame), *offload);
}

// The kernel says once that the interface went down, to whoever receives or sends first, and the
// socket works again when it is up. Whether it is to be deleted is known only afterwards, so it is
// looked after for as long as it is down.
void RawEndpoint::look_soon() noexcept {
    if (!closed() && !look_.armed()) look_.arm(reactor_.now() + std::chrono::milliseconds(200));
}

void RawEndpoint::look() noexcept {
    const InterfaceState state = interface_state(device());
    if (state == InterfaceState::gone) return sink_.ended(*this);
    if (state == InterfaceState::down) look_.arm(reactor_.now() + std::chrono::seconds(1));
}

void RawEndpoint::flush() noexcept {
    submit_queue([&](std::span<const std::byte> bytes, std::uint16_t tag) {
        reactor_.send_frame(send_, device().get(), bytes, tag);
    });
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
