#include "switchd/core/dialer.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "switchd/core/error.h"

namespace switchd {

Dialer::Dialer(Reactor& reactor, Log& log, const StreamTarget& target, void* owner, Handler handler)
    : reactor_(reactor),
      log_(log),
      target_(target),
      address_(address_of(target)),
      owner_(owner),
      handler_(handler) {
    dial();
}

void Dialer::close() noexcept {
    closed_ = true;
    established_since_.reset();
    timer_.disarm();
    reactor_.cancel(connect_);
}

void Dialer::set_paused(bool paused) noexcept {
    if (std::exchange(paused_, paused) == paused || closed_) return;
    if (paused) {
        timer_.disarm();
        reactor_.cancel(connect_);
    } else if (!connect_.in_flight() && !is_established()) {
        timer_.arm(reactor_.now());
    }
}

void Dialer::dial() noexcept {
    socket_ = make_stream_socket(target_);
    if (!socket_) return dial_later(errno_text(errno));
    timed_out_ = false;
    reactor_.connect(connect_, socket_.get(), address_.get(), address_.size);
    timer_.arm(reactor_.now() + attempt_max);
}

void Dialer::on_timer() noexcept {
    if (!connect_.in_flight()) return dial();
    timed_out_ = true;
    reactor_.cancel(connect_);
}

void Dialer::on_connected(Completion& completion) noexcept {
    if (closed_) return;
    timer_.disarm();
    if (paused_) return socket_.reset();
    if (completion.result < 0)
        return dial_later(timed_out_ ? "it does not answer" : errno_text(-completion.result));
    if (target_.kind != StreamTarget::Kind::unix_socket) send_at_once(socket_);
    handler_(owner_, socket_);
}

void Dialer::established() noexcept {
    established_since_ = reactor_.now();
    reported_ = false;
    log_.info("{}: connected", target_.text());
}

void Dialer::ended(std::string_view reason) noexcept {
    if (closed_) return;
    if (established_since_ && reactor_.now() - *established_since_ >= pause_) pause_ = pause_min;
    established_since_.reset();
    dial_later(reason);
}

void Dialer::dial_later(std::string_view reason) noexcept {
    socket_.reset();
    if (paused_) return;
    if (!std::exchange(reported_, true))
        log_.warn("{}: {}; trying again until it is there", target_.text(), reason);
    timer_.arm(reactor_.now() + pause_);
    pause_ = std::min(2 * pause_, pause_max);
}

}  // namespace switchd
