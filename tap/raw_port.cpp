#include "tap/raw_port.h"

#include <memory>
#include <utility>

namespace switchd {

RawPort::RawPort(Reactor& reactor, PortLinkHost& host, std::string interface)
    : interface_(std::move(interface)) {
    auto endpoint = std::make_unique<RawEndpoint>(reactor, host.sink(),
                                                  open_packet_socket(interface_), interface_);
    endpoint_ = endpoint.get();
    host.attach(std::move(endpoint));
    endpoint_->start();
}

}  // namespace switchd
