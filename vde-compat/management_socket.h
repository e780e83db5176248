// The management socket (-M): every connection is a console session.
//
// A peer that does not read stops nobody: its session waits with one reply, further commands are
// not executed and further events are dropped. A peer that sends a line without end is cut off.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "switchd/core/listener.h"
#include "switchd/core/log.h"
#include "vde-compat/console.h"

namespace switchd::vde {

class ManagementSocket {
public:
    // Binds `path` (absolute, because a daemon changes its directory) in place of a socket that
    // nobody listens on. A group that cannot be given is logged. Throws SetupError.
    ManagementSocket(Reactor& reactor, Log& log, Console& console, DebugEvents& events,
                     const std::string& path, unsigned mode, std::optional<gid_t> group);
    ~ManagementSocket();

    // Lets all sessions go and removes the socket.
    void close() noexcept;
    bool idle() const { return listener_.idle(); }

    std::size_t session_count() const { return sessions_.size(); }

    static constexpr std::size_t sessions_max = 64;

private:
    class Session;

    void on_connection(Fd connection) noexcept;
    void end(Session& session) noexcept;

    Reactor& reactor_;
    Log& log_;
    Console& console_;
    DebugEvents& events_;
    std::string path_;
    std::list<std::unique_ptr<Session>> sessions_;  // oldest first
    Listener listener_;
};

}  // namespace switchd::vde
