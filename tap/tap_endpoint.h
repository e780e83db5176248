// A TAP interface as an endpoint: the host's network stack plugged into the switch.
#pragma once

#include <string>

#include "tap/device_endpoint.h"
#include "tap/tap_device.h"

namespace switchd {

class TapEndpoint final : public DeviceEndpoint {
public:
    // `device` comes from open_tap(name).
    TapEndpoint(Reactor& reactor, FrameSink& sink, Fd device, std::string name)
        : DeviceEndpoint(reactor, sink, std::move(device), std::move(name)) {}

    void start() noexcept override { reactor_.read_large_frames(read_, device().get()); }
    // The host's network stack sees whether there is a cable.
    void set_carrier(bool carrier) noexcept override { set_tap_carrier(device(), carrier); }

    std::string_view module() const override { return "tuntap"; }
    bool idle() const override { return DeviceEndpoint::idle() && !read_.in_flight(); }
    void set_paused(bool paused) noexcept override {
        if (resumes(read_, paused)) start();
    }

protected:
    void flush() noexcept override;
    void close_peer() noexcept override {
        forget_offloads(device());
        reactor_.cancel(read_);
    }

private:
    void on_read(Completion& completion) noexcept;
    void on_write_failed(Completion& completion) noexcept;

    Operation read_ = Operation::calling<&TapEndpoint::on_read>(this);
    Operation write_ = Operation::calling<&TapEndpoint::on_write_failed>(this);
};

}  // namespace switchd
