#include "switchd/links/stream_server_port.h"

#include <fmt/format.h>
#include <unistd.h>

#include <memory>
#include <utility>

namespace switchd {

StreamServerPort::StreamServerPort(Reactor& reactor, Log& log, PortLinkHost& host, std::string name,
                                   const StreamTarget& target, unsigned mode)
    : reactor_(reactor),
      log_(log),
      host_(host),
      name_(std::move(name)),
      target_(target),
      listener_(Listener::calling<&StreamServerPort::on_connection>(reactor, listen(target_, mode),
                                                                    this)) {}

Fd StreamServerPort::listen(StreamTarget& target, unsigned mode) {
    Fd socket = listen_on(target, mode);
    if (target.kind != StreamTarget::Kind::unix_socket) target.port = port_of(socket);
    return socket;
}

// One peer has one port. Who comes while it is taken is let go; so is everybody while it is down.
void StreamServerPort::on_connection(Fd connection) noexcept {
    if (endpoint_)
        return note(Log::Level::warning,
                    fmt::format("{} is turned away: another peer is there", peer_text(connection)));
    if (!up_) return;
    if (target_.kind != StreamTarget::Kind::unix_socket) send_at_once(connection);
    std::string peer = peer_text(connection);
    auto endpoint = std::make_unique<StreamEndpoint>(reactor_, host_.sink(), std::move(connection),
                                                     std::move(peer));
    endpoint_ = endpoint.get();
    host_.attach(std::move(endpoint));
    endpoint_->start();
}

void StreamServerPort::endpoint_left(const Endpoint& endpoint) noexcept {
    if (&endpoint != endpoint_) return;
    if (!endpoint_->reason().empty())
        note(Log::Level::info,
             fmt::format("{} has gone: {}", endpoint.description(), endpoint_->reason()));
    endpoint_ = nullptr;
}

void StreamServerPort::set_up(bool up) noexcept {
    up_ = up;
    if (!up && endpoint_) host_.detach(*endpoint_);
}

void StreamServerPort::close() noexcept {
    listener_.close();
    if (target_.kind == StreamTarget::Kind::unix_socket) ::unlink(target_.path.c_str());
}

// About something that a peer can do as often as it likes.
void StreamServerPort::note(Log::Level level, const std::string& text) noexcept {
    log_limit_.note(log_, reactor_.now(), level, fmt::format("port {}: {}", name_, text));
}

}  // namespace switchd
