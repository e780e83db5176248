#include "vde-compat/plug.h"

#include <sys/socket.h>

#include <cerrno>

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
    watch();
}

void Plug::watch() {
    reactor_.read(read_, ctl_.get(), forgotten_);
}

bool Plug::idle() const {
    return DatagramEndpoint::idle() && !read_.in_flight() && !end_hook_.queued();
}

void Plug::on_ctl(Completion& completion) noexcept {
    if (closed()) return;
    if (completion.result > 0 || completion.result == -EINTR) return watch();
    // After what has arrived in this turn: a client may send its last frames and go.
    reactor_.before_submit(end_hook_);
}

void Plug::end() noexcept {
    if (closed()) return;
    deliver_batch();
    drain();
    deliver_batch();
    sink_.ended(*this);
}

void Plug::close_peer() noexcept {
    DatagramEndpoint::close_peer();
    reactor_.cancel(read_);
    ::unlink(path_.c_str());
    // The client sees the end at once, also while cancelled requests keep this object alive.
    ::shutdown(ctl_.get(), SHUT_RDWR);
}

}  // namespace switchd::vde
