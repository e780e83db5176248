#include "tap/tap_port.h"

#include <memory>
#include <utility>

namespace switchd {

TapPort::TapPort(Reactor& reactor, PortLinkHost& host, const TapSettings& settings) {
    Tap tap = open_tap(settings);
    interface_ = tap.interface;
    auto endpoint = std::make_unique<TapEndpoint>(reactor, host.sink(), std::move(tap.device),
                                                  std::move(tap.interface));
    endpoint_ = endpoint.get();
    endpoint_->set_carrier(true);
    host.attach(std::move(endpoint));
    endpoint_->start();
}

}  // namespace switchd
