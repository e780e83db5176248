#include "switchd/stream_listener.h"

#include <algorithm>
#include <utility>

#include "switchd/core/stream_socket.h"

namespace switchd {

namespace {

// Notes the port that was taken.
Fd listen_and_note(StreamTarget& target, unsigned mode) {
    Fd socket = listen_on(target, mode);
    if (target.kind != StreamTarget::Kind::unix_socket) target.port = port_of(socket);
    return socket;
}

}  // namespace

StreamListener::StreamListener(RequestTurns& turns, Log& log, const StreamTarget& target,
                               unsigned mode, const TlsContext* tls, StreamHost& host)
    : turns_(turns),
      reactor_(turns.reactor()),
      log_(log),
      target_(target),
      tls_(target.kind == StreamTarget::Kind::tls ? tls : nullptr),
      host_(host),
      listener_(Listener::calling<&StreamListener::on_connection>(
          turns.reactor(), listen_and_note(target_, mode), this)) {}

void StreamListener::close() noexcept {
    listener_.close();
    for (auto& link : links_) {
        link->close();
        reactor_.retire(std::move(link));
    }
    links_.clear();
    if (target_.kind == StreamTarget::Kind::unix_socket) ::unlink(target_.path.c_str());
}

void StreamListener::on_connection(Fd connection) noexcept {
    if (links_.size() == connections_max && !make_room())
        return note(Log::Level::warning,
                    fmt::format("{} connections are enough, more are refused", connections_max));
    if (target_.kind != StreamTarget::Kind::unix_socket) send_at_once(connection);
    std::string peer = peer_text(connection);
    links_.push_back(std::make_unique<StreamLink>(
        turns_, std::move(connection),
        tls_ ? std::make_unique<TlsStream>(*tls_, TlsStream::Role::server) : nullptr,
        std::move(peer), static_cast<StreamLink::Owner&>(*this)));
    links_.back()->start();
}

bool StreamListener::make_room() noexcept {
    const auto silent =
        std::ranges::find_if(links_, [](const auto& link) { return !link->introduced(); });
    if (silent == links_.end()) return false;
    link_ended(**silent, "it has said nothing, and others wait");
    return true;
}

void StreamListener::note(Log::Level level, std::string_view text) noexcept {
    log_limit_.note(log_, reactor_.now(), level, fmt::format("{}: {}", target_.text(), text));
}

std::unique_ptr<StreamSession> StreamListener::link_opened(StreamLink& link) noexcept {
    return host_.connected(link);
}

void StreamListener::link_ended(StreamLink& link, std::string_view reason) noexcept {
    const auto it = std::ranges::find(links_, &link, &std::unique_ptr<StreamLink>::get);
    if (it == links_.end()) return;
    if (tls_) note(Log::Level::info, fmt::format("{}: {}", link.peer(), reason));
    link.close();
    reactor_.retire(std::move(*it));
    links_.erase(it);
}

}  // namespace switchd
