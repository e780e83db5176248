#include "switchd/stream_dialer.h"

#include <utility>

namespace switchd {

StreamDialer::StreamDialer(RequestTurns& turns, Log& log, const StreamTarget& target,
                           const TlsContext* tls, StreamHost& host)
    : turns_(turns),
      tls_(target.kind == StreamTarget::Kind::tls ? tls : nullptr),
      host_(host),
      dialer_(Dialer::calling<&StreamDialer::on_socket>(turns.reactor(), log, target, this)) {}

void StreamDialer::close() noexcept {
    dialer_.close();
    if (!link_) return;
    link_->close();
    turns_.reactor().retire(std::move(link_));
}

void StreamDialer::on_socket(Fd socket) noexcept {
    link_ = std::make_unique<StreamLink>(
        turns_, std::move(socket),
        tls_ ? std::make_unique<TlsStream>(*tls_, TlsStream::Role::client) : nullptr,
        target().text(), static_cast<StreamLink::Owner&>(*this));
    link_->start();
}

std::unique_ptr<StreamSession> StreamDialer::link_opened(StreamLink& link) noexcept {
    dialer_.established();
    return host_.connected(link);
}

void StreamDialer::link_ended(StreamLink& link, std::string_view reason) noexcept {
    link.close();
    turns_.reactor().retire(std::move(link_));
    dialer_.ended(reason);
}

}  // namespace switchd
