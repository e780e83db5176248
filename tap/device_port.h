// A port behind an interface of the kernel: a TAP, a card, one end of a veth pair. When the
// interface is deleted, the port has no peer any more.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "switchd/core/port_link.h"
#include "tap/device_endpoint.h"

namespace switchd {

class DevicePort final : public PortLink {
public:
    DevicePort(PortLinkHost& host, std::unique_ptr<DeviceEndpoint> endpoint)
        : interface_(endpoint->description()), endpoint_(endpoint.get()) {
        endpoint_->set_carrier(true);
        host.attach(std::move(endpoint));
        endpoint_->start();
    }

    void endpoint_left(const Endpoint& endpoint) noexcept override {
        if (&endpoint == endpoint_) endpoint_ = nullptr;
    }
    void set_up(bool up) noexcept override {
        if (endpoint_) endpoint_->set_carrier(up);
    }
    std::string place() const override {
        return endpoint_ ? interface_ : interface_ + " (it was deleted)";
    }
    void close() noexcept override {}
    bool idle() const override { return true; }

private:
    std::string interface_;
    DeviceEndpoint* endpoint_;  // the host's
};

}  // namespace switchd
