#include "switchd/core/listener.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>

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
    reactor_.accept(accept_, socket_.get());
}

void Listener::close() noexcept {
    closed_ = true;
    reactor_.cancel(accept_);
}

void Listener::on_accepted(Completion& completion) noexcept {
    if (completion.result >= 0) {
        Fd connection{completion.result};
        if (!closed_) handler_(owner_, std::move(connection));
    } else if (completion.result == -EMFILE || completion.result == -ENFILE) {
        turn_away();
    }
    if (!completion.more && !closed_) reactor_.accept(accept_, socket_.get());
}

void Listener::turn_away() noexcept {
    reserve_.reset();
    Fd{::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    reserve_ = open_reserve();
}

}  // namespace switchd
