// What a bridge is told about OpenFlow when it is made.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "flows/openflow/version.h"
#include "switchd/core/clock.h"
#include "switchd/core/stream_target.h"
#include "switchd/tls_stream.h"

namespace switchd {

// What a bridge does while it has lost its controllers (ovs-vsctl(8), fail_mode).
enum class FailMode : std::uint8_t {
    standalone,  // it is a learning switch until one is back
    secure,      // it keeps the flows that it has
};

// How many rules a table may have (ovs-vsctl(8), flow_limit).
struct FlowLimit {
    std::optional<std::uint8_t> table;  // none: each of them
    std::uint32_t rules_max = 0;
    bool operator==(const FlowLimit&) const = default;
};

struct OpenflowOptions {
    std::vector<StreamTarget> controllers;
    FailMode fail_mode = FailMode::standalone;
    // Of a controller's silence, before it is asked for a sign of life; see Connection::Settings.
    Duration probe_interval = std::chrono::seconds{5};
    std::optional<std::uint64_t> datapath_id;  // none: made from the bridge's address
    std::vector<openflow::Version> versions;   // that may be spoken, ascending; empty: all
    std::vector<FlowLimit> flow_limits;        // of those about one table the last counts
    std::optional<TlsFiles> tls;               // there if a controller needs it
};

}  // namespace switchd
