#include "switchd/links/stream_client_port.h"

#include <memory>
#include <utility>

namespace switchd {

StreamClientPort::StreamClientPort(Reactor& reactor, Log& log, PortLinkHost& host,
                                   const StreamTarget& target)
    : reactor_(reactor),
      host_(host),
      dialer_(Dialer::calling<&StreamClientPort::on_socket>(reactor, log, target, this)) {}

void StreamClientPort::on_socket(Fd socket) noexcept {
    auto endpoint = std::make_unique<StreamEndpoint>(reactor_, host_.sink(), std::move(socket),
                                                     dialer_.target().text());
    endpoint_ = endpoint.get();
    host_.attach(std::move(endpoint));
    endpoint_->start();
    dialer_.established();
}

void StreamClientPort::endpoint_left(const Endpoint& endpoint) noexcept {
    if (&endpoint != endpoint_) return;
    dialer_.ended(endpoint_->reason().empty() ? "it was let go" : endpoint_->reason());
    endpoint_ = nullptr;
}

void StreamClientPort::set_up(bool up) noexcept {
    dialer_.set_paused(!up);
    if (!up && endpoint_) host_.detach(*endpoint_);
}

}  // namespace switchd
