// A port that listens for one peer that speaks frames in a stream (stream_endpoint.h); when he has
// gone, the next one may come.
#pragma once

#include <string>

#include "switchd/core/listener.h"
#include "switchd/core/log.h"
#include "switchd/core/log_limit.h"
#include "switchd/core/port_link.h"
#include "switchd/core/stream_socket.h"
#include "switchd/links/stream_endpoint.h"

namespace switchd {

class StreamServerPort final : public PortLink {
public:
    // `target` is passive and none of TLS; `mode` is that of a unix socket. `name` is the port's,
    // for the log. The others must outlive this. Throws SetupError.
    StreamServerPort(Reactor& reactor, Log& log, PortLinkHost& host, std::string name,
                     const StreamTarget& target, unsigned mode);

    void endpoint_left(const Endpoint& endpoint) noexcept override;
    void set_up(bool up) noexcept override;
    std::string place() const override { return target_.text(); }
    void close() noexcept override;
    bool idle() const override { return listener_.idle(); }

private:
    static Fd listen(StreamTarget& target, unsigned mode);
    void on_connection(Fd connection) noexcept;
    void note(Log::Level level, const std::string& text) noexcept;

    Reactor& reactor_;
    Log& log_;
    LogLimit log_limit_;
    PortLinkHost& host_;
    std::string name_;
    StreamTarget target_;  // with the port that it has got
    bool up_ = true;
    StreamEndpoint* endpoint_ = nullptr;  // the host's; null: nobody is there
    Listener listener_;
};

}  // namespace switchd
