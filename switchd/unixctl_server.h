// ovs-appctl's side door: commands over a unix stream, JSON-RPC 1.0 objects without framing.
//
// The tool finds DIR/ovs-vswitchd.pid, asks who holds that file's lock, and connects to
// DIR/ovs-vswitchd.PID.ctl, so that OVS_RUNDIR=DIR is all it has to be told. Only the owner of the
// process can open the socket. A client that sends what is no request, or more than a request has,
// or that does not read, is cut off.
#pragma once

#include <list>
#include <memory>
#include <string>

#include "switchd/core/listener.h"
#include "switchd/pid_file.h"
#include "switchd/unixctl_commands.h"

namespace switchd {

class UnixctlServer {
public:
    // Binds the socket in this directory, and removes those that dead processes left. Throws
    // SetupError: another process is ovs-vswitchd there.
    UnixctlServer(Reactor& reactor, const std::string& run_directory, UnixctlContext context);
    ~UnixctlServer();

    // Lets all clients go and removes the socket.
    void close() noexcept;
    bool idle() const { return listener_.idle(); }

private:
    class Session;
    static constexpr std::size_t sessions_max = 64;  // beyond, the oldest goes
    static constexpr std::size_t request_bytes_max = 64 << 10;
    static constexpr std::size_t reply_bytes_max = 64 << 20;  // 65,536 megaflows have 25 MiB

    void on_connection(Fd connection) noexcept;
    void end(Session& session) noexcept;

    Reactor& reactor_;
    UnixctlContext context_;
    PidFile pid_file_;
    std::string path_;
    std::list<std::unique_ptr<Session>> sessions_;  // oldest first
    Listener listener_;
};

}  // namespace switchd
