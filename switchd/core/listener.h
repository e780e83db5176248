// A listening stream socket on the loop: hands each new connection to its owner.
//
// When the process has no descriptor left, the connection that waits is accepted with one kept in
// reserve and closed at once: that client is refused, and the loop is not woken for it again and
// again.
#pragma once

#include "switchd/core/fd.h"
#include "switchd/core/reactor.h"

namespace switchd {

class Listener {
public:
    // Listener listener_ = Listener::calling<&ControlSocket::on_connection>(reactor, fd, this);
    // `method` takes the connection as an Fd. Listening begins at once.
    template <auto method>
    static Listener calling(Reactor& reactor, Fd socket, auto* owner) {
        return Listener{reactor, std::move(socket), owner, [](void* to, Fd connection) noexcept {
                            (static_cast<decltype(owner)>(to)->*method)(std::move(connection));
                        }};
    }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    // No more connections; the socket itself stays open until this is destroyed.
    void close() noexcept;
    bool idle() const { return !accept_.in_flight() && !client_waits_.in_flight(); }

private:
    using Handler = void (*)(void* owner, Fd connection) noexcept;
    Listener(Reactor& reactor, Fd socket, void* owner, Handler handler);

    void on_accepted(Completion& completion) noexcept;
    void on_client_waits(Completion& completion) noexcept;
    Fd accept_now() noexcept;

    Reactor& reactor_;
    Fd socket_;
    Fd reserve_;
    void* owner_;
    Handler handler_;
    bool closed_ = false;
    Operation accept_ = Operation::calling<&Listener::on_accepted>(this);
    Operation client_waits_ = Operation::calling<&Listener::on_client_waits>(this);
};

}  // namespace switchd
