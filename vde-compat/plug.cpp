#include "vde-compat/plug.h"

#include <poll.h>
#include <sys/socket.h>

namespace switchd::vde {

Plug::Plug(Reactor& reactor, FrameSink& sink, Fd data, Fd ctl, std::string path,
           std::string description)
    : DatagramEndpoint(reactor, sink, std::move(data)),
      id_(socket()),
      ctl_(std::move(ctl)),
      path_(std::move(path)) {
    description_ = std::move(description);
}

void Plug::start() {
    DatagramEndpoint::start();
    // Not a read: a client may send what it likes on the stream, at the cost of its own buffer.
    reactor_.poll(hangup_, ctl_.get(), POLLRDHUP);
}

bool Plug::idle() const {
    return DatagramEndpoint::idle() && !hangup_.in_flight();
}

void Plug::on_hangup(Completion& completion) noexcept {
    if (!closed() && completion.result != 0) sink_.ended(*this);
}

void Plug::close_peer() noexcept {
    DatagramEndpoint::close_peer();
    reactor_.cancel(hangup_);
    ::unlink(path_.c_str());
    // The client sees the end at once, also while cancelled requests keep this object alive.
    ::shutdown(ctl_.get(), SHUT_RDWR);
}

}  // namespace switchd::vde
