// A port whose peer sends frames as datagrams (addressed_endpoint.h). It is there as soon as the
// port is: nobody can see whether somebody is at the other end.
#pragma once

#include <string>

#include "switchd/core/port_link.h"
#include "switchd/links/addressed_endpoint.h"

namespace switchd {

class DatagramPort final : public PortLink {
public:
    // `local` is a unix socket that is made, or where UDP is received. `remote` may be empty for a
    // unix socket; a group of IPv4 multicast needs no local address, or that of the interface to
    // use. `mode` is that of a unix socket. Throws SetupError.
    DatagramPort(Reactor& reactor, PortLinkHost& host, const DatagramAddress& local,
                 const DatagramAddress& remote, unsigned mode);

    void endpoint_left(const Endpoint&) noexcept override { endpoint_ = nullptr; }
    void set_up(bool) noexcept override {}
    std::string place() const override;
    void close() noexcept override;
    bool idle() const override { return true; }

private:
    DatagramAddress local_;
    AddressedEndpoint* endpoint_ = nullptr;  // the host's
};

}  // namespace switchd
