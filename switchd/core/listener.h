// A listening stream socket on the loop: hands each new connection to its owner.
//
// When the process has no descriptor left, the connection that waits is accepted with one kept in
// reserve, and ended: that client is turned away, and the loop is not woken for it again and again.
#pragma once

#include "switchd/core/fd.h"
#include "switchd/core/reactor.h"

namespace switchd {

class Listener {
public:
    // Listener listener_ = Listener::calling<&ControlSocket::on_connection>(reactor, fd, this);
    // `method` takes the connection as an Fd. `turn_away`, given a const Fd&, may say a last word
    // to a client that is turned away. Listening begins at once.
    template <auto method, auto turn_away = nullptr>
    static Listener calling(Reactor& reactor, Fd socket, auto* owner) {
        return Listener{reactor, std::move(socket), owner,
                        [](void* to, Fd& connection, bool welcome) noexcept {
                            auto* const self = static_cast<decltype(owner)>(to);
                            if (welcome)
                                (self->*method)(std::move(connection));
                            else if constexpr (turn_away != nullptr)
                                (self->*turn_away)(connection);
                        }};
    }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    // No more connections; the socket itself stays open until this is destroyed.
    void close() noexcept;
    bool idle() const { return !accept_.in_flight() && !client_waits_.in_flight(); }

private:
    using Handler = void (*)(void* owner, Fd& connection, bool welcome) noexcept;
    Listener(Reactor& reactor, Fd socket, void* owner, Handler handler);

    void on_accepted(Completion& completion) noexcept;
    void on_client_waits(Completion& completion) noexcept;
    void turn_away() noexcept;
    Fd accept_now() noexcept;

    Reactor& reactor_;
    Fd socket_;
    Fd reserve_;  // or the connection of the client that was turned away last
    void* owner_;
    Handler handler_;
    bool closed_ = false;
    Operation accept_ = Operation::calling<&Listener::on_accepted>(this);
    Operation client_waits_ = Operation::calling<&Listener::on_client_waits>(this);
};

}  // namespace switchd
