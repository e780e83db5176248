// Takes connections on a passive target (ptcp:, pssl:, punix:), and has a session made for each.
#pragma once

#include <list>
#include <memory>

#include "switchd/core/listener.h"
#include "switchd/core/log.h"
#include "switchd/core/log_limit.h"
#include "switchd/core/stream_target.h"
#include "switchd/stream_link.h"

namespace switchd {

class StreamListener final : private StreamLink::Owner {
public:
    // `mode` is that of a unix socket. `tls` may be null where the target needs none. What is
    // referred to must outlive this. Throws SetupError.
    StreamListener(RequestTurns& turns, Log& log, const StreamTarget& target, unsigned mode,
                   const TlsContext* tls, StreamHost& host);

    // As it was asked for, with the port that it has got.
    const StreamTarget& target() const { return target_; }
    std::size_t connections() const { return links_.size(); }

    // Lets everybody go and removes a unix socket.
    void close() noexcept;
    bool idle() const { return listener_.idle(); }

private:
    // Controllers are few. Whoever comes when so many are there takes the place of the one that has
    // been silent the longest, and is turned away if all have said what they are.
    static constexpr std::size_t connections_max = 64;

    void on_connection(Fd connection) noexcept;
    bool make_room() noexcept;
    // About something that a peer can do as often as it likes.
    void note(Log::Level level, std::string_view text) noexcept;
    std::unique_ptr<StreamSession> link_opened(StreamLink& link) noexcept override;
    void link_ended(StreamLink& link, std::string_view reason) noexcept override;

    RequestTurns& turns_;
    Reactor& reactor_;
    Log& log_;
    StreamTarget target_;
    const TlsContext* tls_;
    StreamHost& host_;
    std::list<std::unique_ptr<StreamLink>> links_;  // the oldest first
    LogLimit log_limit_;
    Listener listener_;
};

}  // namespace switchd
