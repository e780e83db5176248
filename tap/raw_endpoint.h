// An interface of the kernel as an endpoint, by a packet socket: what arrives there comes into the
// switch, and what the switch sends leaves there, beside the host's own network stack.
//
// The kernel takes every frame at once or not at all, so nothing ever waits here: what it refuses
// is dropped and counted. Large frames and open checksums pass whole in both directions.
#pragma once

#include <sys/socket.h>

#include <string>
#include <vector>

#include "switchd/core/endpoint.h"
#include "switchd/core/fd.h"
#include "switchd/core/timer.h"
#include "tap/packet_socket.h"

namespace switchd {

class RawEndpoint final : public Endpoint {
public:
    // `socket` comes from open_packet_socket(interface).
    RawEndpoint(Reactor& reactor, FrameSink& sink, Fd socket, std::string interface);

    // Begins to receive.
    void start() { reactor_.receive_messages(receive_, socket_.get(), shape_, Reactor::large); }

    int id() const override { return id_; }
    std::string_view module() const override { return "raw"; }
    bool takes_offloads() const override { return true; }
    bool idle() const override;
    void set_paused(bool paused) noexcept override;

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
    void settle() noexcept { submitted_.clear(); }
    void look_soon() noexcept;
    void look() noexcept;

    Fd socket_;
    int id_;
    msghdr shape_{};
    std::vector<Frame> submitted_;  // of the last submission
    Operation receive_ = Operation::calling<&RawEndpoint::on_received>(this);
    Operation send_ = Operation::calling<&RawEndpoint::on_send_failed>(this);
    Timer look_ = Timer::calling<&RawEndpoint::look>(reactor_, this);
    TurnHook settle_hook_ = TurnHook::calling<&RawEndpoint::settle>(this);
};

}  // namespace switchd
