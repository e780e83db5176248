// What the operator asks of one bridge, before anything of it has been made.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "switchd/openflow_options.h"
#include "switchd/port_spec.h"
#include "vde-compat/settings.h"
#include "vde-compat/switch.h"

namespace switchd {

struct BridgeOptions {
    std::string name = "br0";
    vde::Settings vde;  // its directory is RUN-DIR/NAME
    vde::MacSettings macs;
    std::string local_tap;  // the interface behind the port LOCAL; empty: there is no such port
    std::vector<PortSpec> ports;  // asked for by name
    OpenflowOptions openflow;     // where there is a run directory
    // Every so many answers of the megaflow cache are compared with the tables'; 0: none.
    std::uint32_t validate_every = 0;
    bool usual_rc_file = false;  // vde_switch's own, if none is named
};

// The name is also that of its directory, its sockets and its port LOCAL, and those have to fit
// into addresses. The error is one line.
std::expected<void, std::string> check_bridge_name(std::string_view name,
                                                   std::string_view run_directory);

}  // namespace switchd
