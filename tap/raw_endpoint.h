// An interface of the kernel as an endpoint, by a packet socket: what arrives there comes into the
// switch, and what the switch sends leaves there, beside the host's own network stack.
#pragma once

#include <sys/socket.h>

#include <string>

#include "switchd/core/timer.h"
#include "tap/device_endpoint.h"
#include "tap/packet_socket.h"

namespace switchd {

class RawEndpoint final : public DeviceEndpoint {
public:
    // `socket` comes from open_packet_socket(interface).
    RawEndpoint(Reactor& reactor, FrameSink& sink, Fd socket, std::string interface);

    void start() noexcept override {
        reactor_.receive_messages(receive_, device().get(), shape_, Reactor::large);
    }
    // The interface is the host's too: its link is not ours to take down.
    void set_carrier(bool) noexcept override {}

    std::string_view module() const override { return "raw"; }
    bool idle() const override {
        return DeviceEndpoint::idle() && !receive_.in_flight() && look_.idle();
    }
    void set_paused(bool paused) noexcept override {
        if (resumes(receive_, paused)) start();
    }

protected:
    void flush() noexcept override;
    void close_peer() noexcept override {
        reactor_.cancel(receive_);
        look_.disarm();
    }

private:
    void on_received(Completion& completion) noexcept;
    void receive(Frame frame) noexcept;
    void on_send_failed(Completion& completion) noexcept;
    void look_soon() noexcept;
    void look() noexcept;

    msghdr shape_{};
    Operation receive_ = Operation::calling<&RawEndpoint::on_received>(this);
    Operation send_ = Operation::calling<&RawEndpoint::on_send_failed>(this);
    Timer look_ = Timer::calling<&RawEndpoint::look>(reactor_, this);
};

}  // namespace switchd
