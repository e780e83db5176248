#include "switchd/core/listener.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include "switchd/core/unix_socket.h"

namespace switchd {

namespace {

Fd open_reserve() {
    return Fd{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
}

}  // namespace

Listener::Listener(Reactor& reactor, Fd socket, void* owner, Handler handler)
    : reactor_(reactor),
      socket_(std::move(socket)),
      reserve_(open_reserve()),
      owner_(owner),
      handler_(handler) {
    refuse_descriptors(socket_.get());
    reactor_.accept(accept_, socket_.get());
}

void Listener::close() noexcept {
    closed_ = true;
    reactor_.cancel(accept_);
    reactor_.cancel(client_waits_);
}

void Listener::on_accepted(Completion& completion) noexcept {
    if (completion.result >= 0) {
        Fd connection{completion.result};
        refuse_descriptors(connection.get());
        if (!closed_) handler_(owner_, connection, true);
    }
    if (completion.more || closed_) return;
    if (completion.result == -EMFILE || completion.result == -ENFILE)
        reactor_.poll(client_waits_, socket_.get(), POLLIN);
    else
        reactor_.accept(accept_, socket_.get());
}

void Listener::on_client_waits(Completion& completion) noexcept {
    if (closed_ || completion.result < 0) return;
    if (Fd connection = accept_now())
        handler_(owner_, connection, true);
    else
        turn_away();
    if (!closed_) reactor_.accept(accept_, socket_.get());
}

// It is not closed before the next one comes: a client that is still about to send its request
// would get EPIPE for that and never read what it is told.
void Listener::turn_away() noexcept {
    reserve_.reset();
    reserve_ = accept_now();
    if (!reserve_) {
        reserve_ = open_reserve();
        return;
    }
    handler_(owner_, reserve_, false);
    ::shutdown(reserve_.get(), SHUT_WR);
}

// Only for when a client is known to wait.
Fd Listener::accept_now() noexcept {
    Fd connection{::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    if (connection) refuse_descriptors(connection.get());
    return connection;
}

}  // namespace switchd
