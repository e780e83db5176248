// A port that connects to a peer that speaks frames in a stream (stream_endpoint.h), and connects
// again when he has gone.
#pragma once

#include <string>

#include "switchd/core/dialer.h"
#include "switchd/core/port_link.h"
#include "switchd/links/stream_endpoint.h"

namespace switchd {

class StreamClientPort final : public PortLink {
public:
    // `target` is active and none of TLS. The others must outlive this.
    StreamClientPort(Reactor& reactor, Log& log, PortLinkHost& host, const StreamTarget& target);

    void endpoint_left(const Endpoint& endpoint) noexcept override;
    void set_up(bool up) noexcept override;
    std::string place() const override { return dialer_.target().text(); }
    void close() noexcept override { dialer_.close(); }
    bool idle() const override { return dialer_.idle(); }

private:
    void on_socket(Fd socket) noexcept;

    Reactor& reactor_;
    PortLinkHost& host_;
    StreamEndpoint* endpoint_ = nullptr;  // the host's; null: nobody is there
    Dialer dialer_;
};

}  // namespace switchd
