// The control socket: JSON-RPC 2.0 over a unix stream, one object per line each way.
//
// Parameters are an array of words; of another bridge than the first they are an object,
// {"bridge": NAME, "words": [...]}.
//
// A client that sends what is no request gets the error that JSON-RPC has for it; one that sends a
// line that is too long is let go then.
#pragma once

#include <string>

#include "switchd/command_socket.h"
#include "switchd/control_commands.h"

namespace switchd {

class ControlServer {
public:
    static constexpr std::size_t request_bytes_max = 64 << 10;

    // `bridges` must outlive this. Throws SetupError, as CommandSocket.
    ControlServer(RequestTurns& turns, const std::string& path, ControlledBridges& bridges);

    void close() noexcept { socket_.close(); }
    bool idle() const { return socket_.idle(); }

private:
    CommandSocket socket_;
};

}  // namespace switchd
