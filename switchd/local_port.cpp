#include "switchd/local_port.h"

#include "tap/tap_device.h"
#include "tap/tap_endpoint.h"

namespace switchd {

void attach_local_port(Reactor& reactor, Bridge& bridge, const std::string& tap) {
    auto endpoint = std::make_unique<TapEndpoint>(reactor, bridge, open_tap(tap), tap);
    TapEndpoint& started = *endpoint;
    bridge.attach(bridge.add_port(port_local), std::move(endpoint));
    started.start();
}

}  // namespace switchd
