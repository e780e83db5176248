#include "switchd/links/addressed_endpoint.h"

#include <poll.h>

#include <cerrno>
#include <cstring>

#include "switchd/core/datagram_batch.h"

namespace switchd {

namespace {

// What vfkit says first, for a peer that wants to know its address. It is no frame.
constexpr char greeting[] = {'V', 'F', 'K', 'T'};

bool is_greeting(std::span<const std::byte> bytes) {
    return bytes.size() == sizeof greeting &&
           std::memcmp(bytes.data(), greeting, sizeof greeting) == 0;
}

}  // namespace

AddressedEndpoint::AddressedEndpoint(Reactor& reactor, FrameSink& sink, DatagramSockets sockets)
    : Endpoint(reactor, sink),
      sockets_(std::move(sockets)),
      id_(sockets_.receiving.get()),
      learns_(sockets_.peer.empty()) {
    if (sockets_.sending) own_ = DatagramAddress::of(sockets_.sending.get());
    description_ = sockets_.peer.text();
    shape_.msg_namelen = sizeof(sockaddr_un);
}

void AddressedEndpoint::on_received(Completion& completion) noexcept {
    if (closed()) return;
    if (completion.result > 0) receive(std::move(completion.frame));
    // That nobody was there for what was sent before. This and a moment without free buffers end
    // the multishot; neither says that the peer will not come.
    if (completion.result == -ECONNREFUSED) count_drop(DropReason::port_gone);
    if (!completion.more && !paused_) start();
}

void AddressedEndpoint::receive(Frame frame) noexcept {
    const BesideMessage beside = Reactor::take_message(shape_, frame);
    if (!comes_from_peer(DatagramAddress(beside.name))) return;
    if (is_greeting(frame.bytes())) return;
    if (beside.cut || frame.size() > frame_bytes_max) return count_drop(DropReason::too_long);
    if (frame.size() == 0) return count_drop(DropReason::runt);
    deliver(std::move(frame));
}

bool AddressedEndpoint::comes_from_peer(const DatagramAddress& sender) noexcept {
    if (sockets_.sending) return sender != own_;
    if (!sockets_.peer.is_unix() && !learns_) return true;  // the kernel looks after that
    if (sender == sockets_.peer) return true;
    if (!learns_) return false;
    // One without a name can be heard, and not be answered.
    if (sender.empty()) return true;
    sockets_.peer = sender;
    reactor_.cancel(writable_);  // that was the room of another
    description_ = sender.text();
    return true;
}

void AddressedEndpoint::flush() noexcept {
    if (writable_.in_flight()) return;
    if (sockets_.peer.empty()) return lose_queue();
    const Fd& socket = sockets_.sending ? sockets_.sending : sockets_.receiving;
    while (!queue_.empty()) {
        const auto sent =
            sockets_.peer.is_unix()
                ? send_front(socket.get(), queue_, sockets_.peer.data(), sockets_.peer.bytes())
                : send_front(socket.get(), queue_, nullptr, 0);
        if (sent) {
            for (std::size_t i = 0; i < *sent; ++i) queue_.pop_front();
            continue;
        }
        switch (sent.error()) {
            case EAGAIN:
                if (!await_room()) lose_queue();
                return;
            case ECONNREFUSED:
                count_drop(DropReason::port_gone);
                // With UDP it says so of a frame that was sent before.
                if (!sockets_.peer.is_unix()) continue;
                break;
            case ENOBUFS:
            case ENOMEM: count_drop(DropReason::queue_full); break;
            case EMSGSIZE: count_drop(DropReason::too_long); break;
            default: count_drop(DropReason::port_gone); break;  // nobody is there
        }
        queue_.pop_front();
    }
}

// False: it has gone meanwhile. What waits in its queue is charged to our socket, so that may be
// full first. A peer that is connected to our socket lets nobody else connect to it, and then
// poll(2) knows of it after all.
bool AddressedEndpoint::await_room() noexcept {
    int watched = (sockets_.sending ? sockets_.sending : sockets_.receiving).get();
    pollfd ours{watched, POLLOUT, 0};
    const bool has_room = ::poll(&ours, 1, 0) > 0;
    if (has_room && sockets_.peer.is_unix()) {
        watch_ = Fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
        if (!watch_) return false;
        if (::connect(watch_.get(), sockets_.peer.data(), sockets_.peer.bytes()) == 0)
            watched = watch_.get();
        else if (errno != EPERM)
            return false;
    }
    reactor_.poll(writable_, watched, POLLOUT);
    return true;
}

void AddressedEndpoint::on_writable(Completion&) noexcept {
    if (!closed() && !queue_.empty()) flush_soon();
}

void AddressedEndpoint::lose_queue() noexcept {
    for (; !queue_.empty(); queue_.pop_front()) count_drop(DropReason::port_gone);
}

}  // namespace switchd
