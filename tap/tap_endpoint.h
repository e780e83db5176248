// A TAP interface as an endpoint: the host's network stack plugged into the switch.
//
// The kernel takes every frame at once or not at all, so nothing ever waits here: what it refuses
// (the interface is down) is dropped and counted. Large frames and open checksums pass whole in
// both directions.
#pragma once

#include <string>
#include <vector>

#include "switchd/core/endpoint.h"
#include "switchd/core/fd.h"
#include "tap/tap_device.h"

namespace switchd {

class TapEndpoint final : public Endpoint {
public:
    // `device` comes from open_tap(name).
    TapEndpoint(Reactor& reactor, FrameSink& sink, Fd device, std::string name);

    // Begins to receive.
    void start() { reactor_.read_large_frames(read_, device_.get()); }

    // The host's network stack sees whether there is a cable.
    void set_carrier(bool carrier) noexcept { set_tap_carrier(device_, carrier); }

    int id() const override { return id_; }
    std::string_view module() const override { return "tuntap"; }
    bool takes_offloads() const override { return true; }
    bool idle() const override;
    void set_paused(bool paused) noexcept override;

protected:
    void flush() noexcept override;
    void close_peer() noexcept override {
        forget_offloads(device_);
        reactor_.cancel(read_);
    }

private:
    void on_read(Completion& completion) noexcept;
    void receive(Frame frame) noexcept;
    void on_write_failed(Completion& completion) noexcept;
    void settle() noexcept { submitted_.clear(); }

    Fd device_;
    int id_;
    std::vector<Frame> submitted_;  // of the last submission
    Operation read_ = Operation::calling<&TapEndpoint::on_read>(this);
    Operation write_ = Operation::calling<&TapEndpoint::on_write_failed>(this);
    TurnHook settle_hook_ = TurnHook::calling<&TapEndpoint::settle>(this);
};

}  // namespace switchd
