// Packet-out: a packet of the controller's own, and what to do with it (OpenFlow 1.5.1, section
// 7.3.6; 1.0, 5.3.6).
#pragma once

#include <expected>

#include "flows/flow_key.h"
#include "flows/openflow/error.h"
#include "flows/openflow/version.h"
#include "flows/openflow/wire.h"
#include "flows/rule_actions.h"

namespace switchd::openflow {

struct PacketOut {
    // What the tables' own fields begin with: in_port, a port's or reserved_port::controller, local
    // or any, and in 1.5 metadata, tunnel id and registers. The packet's headers are not in it.
    FlowKey pipeline;
    RuleActions actions;
    ByteSpan packet;  // of the message
};

// `body` is what is behind the header. The switch keeps no packets, so one must be in the message.
std::expected<PacketOut, Error> decode_packet_out(ByteSpan body, Version version);

}  // namespace switchd::openflow
