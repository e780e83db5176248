// Packet-in messages: the versions' own (OpenFlow 1.5.1, section 7.4.1; 1.0, 5.4.1), NXT_PACKET_IN
// and NXT_PACKET_IN2.
//
// The frame is always whole and never kept in a buffer, whatever length was asked for: a
// controller that gets less than it can use would have to ask again.
#pragma once

#include "flows/openflow/session.h"
#include "flows/openflow/wire.h"
#include "flows/packet_in.h"

namespace switchd::openflow {

// False: the message would be too long, and nothing is written.
bool encode_packet_in(Writer& writer, const PacketInRequest& request, ByteSpan frame,
                      PacketInFormat format, Version version);

}  // namespace switchd::openflow
