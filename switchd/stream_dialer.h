// Has a session made for each time that an active target (tcp:, ssl:, unix:) is connected to; see
// switchd/core/dialer.h for when that is tried.
#pragma once

#include <memory>

#include "switchd/core/dialer.h"
#include "switchd/stream_link.h"

namespace switchd {

class StreamDialer final : private StreamLink::Owner {
public:
    // `tls` may be null where the target needs none. What is referred to must outlive this.
    StreamDialer(RequestTurns& turns, Log& log, const StreamTarget& target, const TlsContext* tls,
                 StreamHost& host);

    const StreamTarget& target() const { return dialer_.target(); }
    // There is a session.
    bool connected() const { return dialer_.is_established(); }

    void close() noexcept;
    bool idle() const { return dialer_.idle(); }

private:
    void on_socket(Fd socket) noexcept;
    std::unique_ptr<StreamSession> link_opened(StreamLink& link) noexcept override;
    void link_ended(StreamLink& link, std::string_view reason) noexcept override;

    RequestTurns& turns_;
    const TlsContext* tls_;
    StreamHost& host_;
    std::unique_ptr<StreamLink> link_;  // while it is connected
    Dialer dialer_;
};

}  // namespace switchd
