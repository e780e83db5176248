// A port on an interface of the kernel that exists already: a card, one end of a veth pair. When
// the interface is deleted, the port has no peer any more.
#pragma once

#include <string>

#include "switchd/core/port_link.h"
#include "tap/raw_endpoint.h"

namespace switchd {

class RawPort final : public PortLink {
public:
    // Throws SetupError. `host` must outlive this.
    RawPort(Reactor& reactor, PortLinkHost& host, std::string interface);

    void endpoint_left(const Endpoint& endpoint) noexcept override {
        if (&endpoint == endpoint_) endpoint_ = nullptr;
    }
    // The interface is the host's too: its link is not ours to take down.
    void set_up(bool) noexcept override {}
    std::string place() const override {
        return endpoint_ ? interface_ : interface_ + " (it was deleted)";
    }
    void close() noexcept override {}
    bool idle() const override { return true; }

private:
    std::string interface_;
    RawEndpoint* endpoint_ = nullptr;  // the host's
};

}  // namespace switchd
