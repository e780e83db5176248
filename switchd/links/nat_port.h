// A port behind which the rest of the world is: nat_endpoint.h.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "switchd/core/port_link.h"
#include "switchd/links/nat_endpoint.h"

namespace switchd {

class NatPort final : public PortLink {
public:
    // `host` must outlive this. Throws SetupError.
    NatPort(Reactor& reactor, PortLinkHost& host, const NatSettings& settings);

    // Of ports of the host into the network. The error is one line.
    const std::vector<NatForward>& forwards() const { return settings_.forwards; }
    std::expected<void, std::string> add(const NatForward& forward);
    // Of the same port of the host.
    std::expected<void, std::string> remove(const NatForward& forward);

    void endpoint_left(const Endpoint&) noexcept override { endpoint_ = nullptr; }
    void set_up(bool) noexcept override {}
    std::string place() const override;
    void close() noexcept override {}
    bool idle() const override { return true; }

private:
    NatSettings settings_;
    NatEndpoint* endpoint_ = nullptr;  // the host's
};

}  // namespace switchd
