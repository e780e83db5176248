#include "switchd/stream_dialer.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "switchd/core/error.h"

namespace switchd {

StreamDialer::StreamDialer(RequestTurns& turns, Log& log, const StreamTarget& target,
                           const TlsContext* tls, StreamHost& host)
    : turns_(turns),
      reactor_(turns.reactor()),
      log_(log),
      target_(target),
      address_(address_of(target)),
      tls_(target.kind == StreamTarget::Kind::tls ? tls : nullptr),
      host_(host) {
    dial();
}

void StreamDialer::close() noexcept {
    closed_ = true;
    connected_since_.reset();
    timer_.disarm();
    reactor_.cancel(connect_);
    if (!link_) return;
    link_->close();
    reactor_.retire(std::move(link_));
}

void StreamDialer::dial() noexcept {
    socket_ = make_stream_socket(target_);
    if (!socket_) return dial_later(errno_text(errno));
    timed_out_ = false;
    reactor_.connect(connect_, socket_.get(), address_.get(), address_.size);
    timer_.arm(reactor_.now() + attempt_max);
}

void StreamDialer::on_timer() noexcept {
    if (!connect_.in_flight()) return dial();
    timed_out_ = true;
    reactor_.cancel(connect_);
}

void StreamDialer::on_connected(Completion& completion) noexcept {
    if (closed_) return;
    timer_.disarm();
    if (completion.result < 0)
        return dial_later(timed_out_ ? "it does not answer" : errno_text(-completion.result));
    if (target_.kind != StreamTarget::Kind::unix_socket) send_at_once(socket_);
    link_ = std::make_unique<StreamLink>(
        turns_, std::move(socket_),
        tls_ ? std::make_unique<TlsStream>(*tls_, TlsStream::Role::client) : nullptr,
        target_.text(), static_cast<StreamLink::Owner&>(*this));
    link_->start();
}

void StreamDialer::dial_later(std::string_view reason) noexcept {
    socket_.reset();
    if (!std::exchange(reported_, true))
        log_.warn("{}: {}; trying again until it is there", target_.text(), reason);
    timer_.arm(reactor_.now() + pause_);
    pause_ = std::min(2 * pause_, pause_max);
}

std::unique_ptr<StreamSession> StreamDialer::link_opened(StreamLink& link) noexcept {
    connected_since_ = reactor_.now();
    reported_ = false;
    log_.info("{}: connected", target_.text());
    return host_.connected(link);
}

void StreamDialer::link_ended(StreamLink& link, std::string_view reason) noexcept {
    link.close();
    reactor_.retire(std::move(link_));
    if (connected_since_ && reactor_.now() - *connected_since_ >= pause_) pause_ = pause_min;
    connected_since_.reset();
    dial_later(reason);
}

}  // namespace switchd
