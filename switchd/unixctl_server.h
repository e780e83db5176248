// ovs-appctl's side door: commands over a unix stream, JSON-RPC 1.0 objects without framing.
//
// The tool finds DIR/ovs-vswitchd.pid, asks who holds that file's lock, and connects to
// DIR/ovs-vswitchd.PID.ctl, so that OVS_RUNDIR=DIR is all it has to be told. Only the owner of the
// process can open the socket. A client that sends what is no request, or more than a request has,
// is cut off.
#pragma once

#include <string>

#include "switchd/command_socket.h"
#include "switchd/pid_file.h"
#include "switchd/unixctl_commands.h"

namespace switchd {

class UnixctlServer {
public:
    // Binds the socket in this directory, and removes those that dead processes left. Throws
    // SetupError: another process is ovs-vswitchd there.
    UnixctlServer(RequestTurns& turns, const std::string& run_directory, UnixctlContext context);

    void close() noexcept { socket_.close(); }
    bool idle() const { return socket_.idle(); }

private:
    UnixctlContext context_;
    PidFile pid_file_;
    CommandSocket socket_;
};

}  // namespace switchd
