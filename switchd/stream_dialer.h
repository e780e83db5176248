// Keeps a connection to an active target (tcp:, ssl:, unix:), and has a session made for each time
// that it is there.
//
// Connects at once, and again 1, 2, 4 and from then on 8 seconds after each failure. A connection
// that lasted longer than the pause before the next attempt starts anew with 1 second. What fails
// again and again is logged once.
#pragma once

#include <memory>
#include <optional>

#include "switchd/core/log.h"
#include "switchd/core/timer.h"
#include "switchd/stream_link.h"
#include "switchd/stream_socket.h"

namespace switchd {

class StreamDialer final : private StreamLink::Owner {
public:
    // `tls` may be null where the target needs none. What is referred to must outlive this.
    StreamDialer(RequestTurns& turns, Log& log, const StreamTarget& target, const TlsContext* tls,
                 StreamHost& host);

    const StreamTarget& target() const { return target_; }
    // There is a session.
    bool connected() const { return connected_since_.has_value(); }

    void close() noexcept;
    bool idle() const { return !connect_.in_flight() && timer_.idle(); }

private:
    static constexpr Duration pause_min = std::chrono::seconds{1};
    static constexpr Duration pause_max = std::chrono::seconds{8};
    // An attempt that takes longer is given up.
    static constexpr Duration attempt_max = std::chrono::seconds{8};

    void dial() noexcept;
    void on_timer() noexcept;
    void on_connected(Completion& completion) noexcept;
    void dial_later(std::string_view reason) noexcept;
    std::unique_ptr<StreamSession> link_opened(StreamLink& link) noexcept override;
    void link_ended(StreamLink& link, std::string_view reason) noexcept override;

    RequestTurns& turns_;
    Reactor& reactor_;
    Log& log_;
    StreamTarget target_;
    SocketAddress address_;
    const TlsContext* tls_;
    StreamHost& host_;
    Fd socket_;                         // while it is being connected
    std::unique_ptr<StreamLink> link_;  // from then on
    std::optional<TimePoint> connected_since_;
    Duration pause_ = pause_min;  // before the attempt after the next failure
    bool timed_out_ = false;
    bool reported_ = false;  // that it is not there
    bool closed_ = false;
    Operation connect_ = Operation::calling<&StreamDialer::on_connected>(this);
    Timer timer_ = Timer::calling<&StreamDialer::on_timer>(reactor_, this);  // of pause or attempt
};

}  // namespace switchd
