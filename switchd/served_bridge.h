// A bridge with everything through which it is reached: VDE's sockets and console, the ports that
// were asked for by name, OpenFlow.
//
//     <run-dir>/<bridge>/ctl                        VDE's control socket
//     <run-dir>/<port>.sock                         sockets of ports
//     <run-dir>/ovs/<bridge>.mgmt, <bridge>.snoop   OpenFlow
//
// It is made before the loop runs or while it does, closed, and retired to the reactor.
#pragma once

#include <optional>
#include <string>

#include "switchd/bridge.h"
#include "switchd/bridge_options.h"
#include "switchd/configured_ports.h"
#include "switchd/openflow_service.h"
#include "switchd/vde_service.h"
#include "vde-compat/control_directory.h"

namespace switchd {

class ServedBridge final : public Retirable {
public:
    // Makes and enters its directory. `turns`, `log` and `registry` must outlive this. An empty
    // `run_directory`: there is none, nor what lies in it. Throws SetupError.
    ServedBridge(RequestTurns& turns, Log& log, const BridgeOptions& options,
                 const std::string& run_directory, PortRegistry& registry);

    // Its sockets, its ports and what the rc file says. From here on requests are in flight: what
    // fails has to be closed, and retired. Throws SetupError.
    void open();
    void close() noexcept;
    // All that was attached has gone too: it refers to this.
    bool idle() const override;

    const BridgeOptions& options() const { return options_; }
    Bridge& bridge() { return bridge_; }
    VdeService& vde() { return vde_; }
    const VdeService& vde() const { return vde_; }
    ConfiguredPorts& ports() { return ports_; }

private:
    static Bridge::Settings bridge_settings(const BridgeOptions& options);

    RequestTurns& turns_;
    Log& log_;
    BridgeOptions options_;
    std::string ovs_directory_;                       // empty: none
    std::optional<vde::ControlDirectory> directory_;  // until it is closed
    Bridge bridge_;
    VdeService vde_;
    ConfiguredPorts ports_;
    std::optional<OpenflowService> openflow_;
    std::uint64_t retirements_ = 0;  // in the reactor, when it was closed
};

}  // namespace switchd
