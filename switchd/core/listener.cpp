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
        if (!closed_) handler_(owner_, std::move(connection));
    }
    if (completion.more || closed_) return;
    if (completion.result == -EMFILE || completion.result == -ENFILE)
        reactor_.poll(client_waits_, socket_.get(), POLLIN);
    else
        reactor_.accept(accept_, socket_.get());
}

void Listener::on_client_waits(Completion& completion) noexcept {
    if (closed_ || completion.result < 0) return;
    if (Fd connection = accept_now()) {
        refuse_descriptors(connection.get());
        handler_(owner_, std::move(connection));
    } else {
        reserve_.reset();
        accept_now();  // and closed
        reserve_ = open_reserve();
    }
    if (!closed_) reactor_.accept(accept_, socket_.get());
}

// Only for when a client is known to wait.
Fd Listener::accept_now() noexcept {
    return Fd{::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
}

}  // namespace switchd
