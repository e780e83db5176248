#include "switchd/links/patch_port.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace switchd {

PatchPort* PatchBoard::find(std::string_view name) const {
    const auto it = std::ranges::find(ports_, name, &PatchPort::name);
    return it == ports_.end() ? nullptr : *it;
}

PatchPort::PatchPort(Reactor& reactor, PortLinkHost& host, PatchBoard& board, std::string name,
                     std::string peer)
    : reactor_(reactor),
      host_(host),
      board_(board),
      name_(std::move(name)),
      peer_(std::move(peer)) {
    board_.add(*this);
    connect();
}

PatchPort* PatchPort::other_port() const {
    PatchPort* const other = board_.find(peer_);
    return other && other->peer_ == name_ ? other : nullptr;
}

PatchEndpoint& PatchPort::attach() noexcept {
    auto endpoint =
        std::make_unique<PatchEndpoint>(reactor_, host_.sink(), board_.next_id(), place());
    endpoint_ = endpoint.get();
    host_.attach(std::move(endpoint));
    return *endpoint_;
}

void PatchPort::connect() noexcept {
    PatchPort* const other = other_port();
    if (!other || !up_ || !other->up_ || endpoint_ || other->endpoint_) return;
    PatchEndpoint& ours = attach();
    PatchEndpoint& theirs = other->attach();
    ours.set_other_end(&theirs);
    theirs.set_other_end(&ours);
}

// Both ends have carrier, or none.
void PatchPort::disconnect() noexcept {
    PatchPort* const other = other_port();
    for (PatchPort* each : {this, other})
        if (each) each->detach();
}

void PatchPort::detach() noexcept {
    if (!endpoint_) return;
    PatchEndpoint& leaving = *std::exchange(endpoint_, nullptr);
    leaving.set_other_end(nullptr);
    host_.detach(leaving);
}

void PatchPort::endpoint_left(const Endpoint& endpoint) noexcept {
    if (&endpoint != endpoint_) return;
    std::exchange(endpoint_, nullptr)->set_other_end(nullptr);
    if (PatchPort* const other = other_port()) other->detach();
}

void PatchPort::set_up(bool up) noexcept {
    up_ = up;
    up ? connect() : disconnect();
}

void PatchPort::close() noexcept {
    board_.remove(*this);
    disconnect();
}

}  // namespace switchd
