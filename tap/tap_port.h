// A port behind a TAP interface. When the interface is deleted, the port has no peer any more.
#pragma once

#include <string>

#include "switchd/core/port_link.h"
#include "tap/tap_endpoint.h"

namespace switchd {

class TapPort final : public PortLink {
public:
    // Throws SetupError. `host` must outlive this.
    TapPort(Reactor& reactor, PortLinkHost& host, const TapSettings& settings);

    void endpoint_left(const Endpoint& endpoint) noexcept override {
        if (&endpoint == endpoint_) endpoint_ = nullptr;
    }
    // The interface has no carrier while the port is down.
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
    TapEndpoint* endpoint_ = nullptr;  // the host's
};

}  // namespace switchd
