// A unix stream socket on which tools of the process's owner ask, and are answered: what JSON-RPC's
// two dialects have in common.
//
// Answers are made piece by piece as their reader takes them, within the time that requests have
// (core/request_turns.h): lists of a million rules take neither memory nor anybody's time. The next
// request is looked at when the last answer has gone. Only the owner can open the socket.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "switchd/core/listener.h"
#include "switchd/core/request_turns.h"

namespace switchd {

// What one client says, and what it is told.
class CommandDialog {
public:
    enum class Progress {
        more,   // there is, or may be, more to say at once
        waits,  // for what the client says next
        over,   // the client is let go once it has read what it was told
    };

    virtual ~CommandDialog() = default;
    // False: it is too much, the client is cut off.
    virtual bool hear(std::string_view bytes) = 0;
    // Does a little: carries out a request, or appends the next piece of an answer to `reply`.
    virtual Progress go_on(std::string& reply) = 0;
};

class CommandSocket {
public:
    using MakeDialog = std::function<std::unique_ptr<CommandDialog>()>;

    // Binds `path`, in place of a socket that nobody listens on. Throws SetupError.
    CommandSocket(RequestTurns& turns, const std::string& path, MakeDialog make_dialog);
    ~CommandSocket();

    // Lets all clients go and removes the socket.
    void close() noexcept;
    bool idle() const { return listener_.idle(); }

private:
    class Session;
    static constexpr std::size_t sessions_max = 64;  // beyond, the oldest goes

    void on_connection(Fd connection) noexcept;
    void end(Session& session) noexcept;

    RequestTurns& turns_;
    std::string path_;
    MakeDialog make_dialog_;
    std::list<std::unique_ptr<Session>> sessions_;  // oldest first
    Listener listener_;
};

}  // namespace switchd
