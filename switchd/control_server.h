// The control socket: JSON-RPC 2.0 over a unix stream, one object per line each way.
//
// Only the owner of the process can open it. A client that sends what is no request gets the error
// that JSON-RPC has for it; one that sends a line without end, or does not read, is cut off.
#pragma once

#include <list>
#include <memory>
#include <string>

#include "switchd/control_commands.h"
#include "switchd/core/listener.h"

namespace switchd {

class ControlServer {
public:
    // Binds `path`, in place of a socket that nobody listens on. Throws SetupError.
    ControlServer(Reactor& reactor, const std::string& path, ControlContext context);
    ~ControlServer();

    // Lets all clients go and removes the socket.
    void close() noexcept;
    bool idle() const { return listener_.idle(); }

private:
    class Session;
    static constexpr std::size_t sessions_max = 64;  // beyond, the oldest goes
    static constexpr std::size_t request_bytes_max = 64 << 10;
    static constexpr std::size_t reply_bytes_max = 64 << 20;  // 65,536 megaflows have 15 MiB

    void on_connection(Fd connection) noexcept;
    void end(Session& session) noexcept;
    std::string answer(std::string_view request) const;
    nlohmann::json run(const ControlCommand& command, const nlohmann::json& id,
                       const std::optional<std::vector<std::string>>& words) const;

    Reactor& reactor_;
    std::string path_;
    ControlContext context_;
    std::list<std::unique_ptr<Session>> sessions_;  // oldest first
    Listener listener_;
};

}  // namespace switchd
