#include "switchd/stream_link.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "switchd/core/error.h"

namespace switchd {

StreamLink::StreamLink(RequestTurns& turns, Fd socket, std::unique_ptr<TlsStream> tls,
                       std::string peer, Owner& owner)
    : turns_(turns),
      reactor_(turns.reactor()),
      socket_(std::move(socket)),
      tls_(std::move(tls)),
      peer_(std::move(peer)),
      owner_(owner) {}

void StreamLink::start() noexcept {
    if (tls_)
        patience_.arm(reactor_.now() + patience);
    else
        open();
    send();
}

void StreamLink::open() noexcept {
    patience_.disarm();
    session_ = owner_.link_opened(*this);
}

void StreamLink::finish(std::string_view reason) noexcept {
    if (std::exchange(finishing_, true) || closed_) return;
    reason_ = reason;
    reactor_.cancel(read_);
    patience_.arm(reactor_.now() + patience);
    send();
}

void StreamLink::close() noexcept {
    if (std::exchange(closed_, true)) return;
    reactor_.cancel(read_);
    reactor_.cancel(write_);
    patience_.disarm();
    if (session_) session_->ended();
}

void StreamLink::end(std::string_view reason) noexcept {
    if (std::exchange(ended_, true) || closed_) return;
    owner_.link_ended(*this, reason);
}

// What it asked for before is still done.
void StreamLink::end_input() noexcept {
    input_ended_ = true;
    patience_.arm(reactor_.now() + patience);
    send();
}

void StreamLink::on_read(Completion& completion) noexcept {
    if (ended_ || closed_ || finishing_) return;
    if (completion.result == -EINTR) return send();
    if (completion.result == 0) return end_input();
    if (completion.result < 0) return end(errno_text(-completion.result));
    const auto bytes = std::span(input_).first(static_cast<std::size_t>(completion.result));
    if (tls_) {
        encrypted_ = bytes;
        decrypt(false);
    } else {
        session_->received(bytes);
    }
    send();
}

void StreamLink::go_on() noexcept {
    decrypt(true);
    send();
}

// At least one piece, if it is this one's turn.
void StreamLink::decrypt(bool in_turn) noexcept {
    while (!encrypted_.empty() && !ended_ && !closed_ && !finishing_ && !input_ended_ &&
           hears_tls()) {
        if (!std::exchange(in_turn, false) && turns_.is_over()) return;
        const TimePoint begin = reactor_.clock().now();
        decrypt_piece();
        turns_.time().spend(begin, reactor_.clock().now());
    }
}

void StreamLink::decrypt_piece() noexcept {
    const auto piece = encrypted_.first(std::min(piece_bytes, encrypted_.size()));
    encrypted_ = encrypted_.subspan(piece.size());
    plain_.clear();
    const bool sound = tls_->receive(piece, plain_);
    if (!session_ && tls_->established()) open();
    if (session_ && !plain_.empty()) session_->received(plain_);
    if (closed_) return;
    // TLS has last words of its own in both cases.
    if (!sound)
        finish(tls_->error());
    else if (tls_->peer_ended())
        end_input();
}

void StreamLink::on_written(Completion& completion) noexcept {
    if (ended_ || closed_) return;
    if (completion.result < 0 && completion.result != -EINTR)
        return end(errno_text(-completion.result));
    if (completion.result > 0) written_ += static_cast<std::size_t>(completion.result);
    if (input_ended_ && !finishing_) patience_.arm(reactor_.now() + patience);
    if (written_ < output_.size())
        return reactor_.write(write_, socket_.get(), std::span(output_).subspan(written_));
    send();
}

void StreamLink::pump() noexcept {
    if (ended_ || closed_) return;
    if (!write_.in_flight()) {
        output_.clear();
        written_ = 0;
        fill();
        if (!output_.empty())
            reactor_.write(write_, socket_.get(), output_);
        else if (finishing_)
            return end(reason_);
    }
    if (finishing_ || read_.in_flight()) return;
    if (input_ended_) {
        if (!write_.in_flight() && !(session_ && session_->busy()))
            finish("the peer closed the connection");
        return;
    }
    if (encrypted_.empty()) {
        if (!session_ || session_->takes_input()) reactor_.read(read_, socket_.get(), input_);
    } else if (hears_tls()) {
        turns_.go_on_later(*this);
    }
}

void StreamLink::fill() noexcept {
    if (!tls_) return session_->take_output(output_, output_bytes_max);
    if (session_ && !tls_->failed()) {
        plain_.clear();
        session_->take_output(plain_, output_bytes_max);
        tls_->send(plain_);
        if (finishing_ && plain_.empty()) tls_->say_goodbye();
    }
    tls_->take_wire(output_);
}

}  // namespace switchd
