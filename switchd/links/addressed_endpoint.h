// An endpoint whose frames are datagrams on a socket that is bound to an address, and whose peer
// has one too: what QEMU calls -netdev dgram and -netdev socket,mcast= or udp=, and vfkit, libkrun
// and gvproxy speak on a unix socket.
//
// There is no connection: the peer is whoever has the address, and it may come and go unseen. On a
// unix socket it need not be known beforehand, for each datagram says who sent it.
#pragma once

#include <sys/socket.h>

#include "switchd/core/endpoint.h"
#include "switchd/core/fd.h"
#include "switchd/links/datagram_address.h"

namespace switchd {

struct DatagramSockets {
    Fd receiving;  // bound
    // For multicast: connected to the group. What comes from its own address is not received.
    Fd sending;
    // Empty: who sent the last datagram. The receiving socket is connected to it if it is of UDP.
    DatagramAddress peer;
};

class AddressedEndpoint final : public Endpoint {
public:
    AddressedEndpoint(Reactor& reactor, FrameSink& sink, DatagramSockets sockets);

    // Begins to receive.
    void start() noexcept {
        reactor_.receive_messages(receive_, sockets_.receiving.get(), shape_, Reactor::ordinary);
    }
    // Who frames are sent to.
    const DatagramAddress& peer() const { return sockets_.peer; }

    int id() const override { return id_; }
    std::string_view module() const override { return "dgram"; }
    bool idle() const override {
        return Endpoint::idle() && !receive_.in_flight() && !writable_.in_flight();
    }
    void set_paused(bool paused) noexcept override {
        if (resumes(receive_, paused)) start();
    }

protected:
    void flush() noexcept override;
    void close_peer() noexcept override {
        reactor_.cancel(receive_);
        reactor_.cancel(writable_);
    }

private:
    void on_received(Completion& completion) noexcept;
    void receive(Frame frame) noexcept;
    bool comes_from_peer(const DatagramAddress& sender) noexcept;
    bool await_room() noexcept;
    void on_writable(Completion& completion) noexcept;
    void lose_queue() noexcept;

    DatagramSockets sockets_;
    int id_;
    bool learns_;
    DatagramAddress own_;  // of the sending socket
    // Connected to the peer, for nothing but to hear when it has room again: on an unconnected
    // socket poll(2) knows of no peer.
    Fd watch_;
    msghdr shape_{};
    Operation receive_ = Operation::calling<&AddressedEndpoint::on_received>(this);
    Operation writable_ = Operation::calling<&AddressedEndpoint::on_writable>(this);
};

}  // namespace switchd
