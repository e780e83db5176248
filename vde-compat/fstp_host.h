// What the spanning tree asks of the switch that it runs in.
//
// All calls are made from within calls of Fstp, on the loop's thread; none may call Fstp back.
#pragma once

#include <cstddef>
#include <span>

#include "vde-compat/fstp_bpdu.h"
#include "vde-compat/switch.h"

namespace switchd::vde {

class FstpHost {
public:
    virtual ~FstpHost() = default;

    // Sends a whole frame, tagged already where the port is a tagged member, out of one port. It is
    // sent whatever the port's state; if it is lost, the next hello makes good for it.
    virtual void send_bpdu(unsigned port, std::span<const std::byte> frame) = 0;

    // From now on frames of the VLAN pass this port (forwarding) or neither enter nor leave it
    // (discarding: no learning either). A port starts forwarding. Only changes are told.
    virtual void set_port_state(unsigned port, unsigned vlan, PortState state) = 0;

    // Forget where the VLAN's addresses are: the topology changed.
    virtual void flush_macs(unsigned vlan) = 0;

    // The debug events fstp/+, fstp/-, fstp/status and fstp/root.
    virtual void fstp_heard(unsigned port, unsigned vlan) = 0;
    virtual void fstp_lost(unsigned port, unsigned vlan) = 0;
    virtual void fstp_status(unsigned port, unsigned vlan, PortState state) = 0;
    virtual void fstp_root(unsigned port, unsigned vlan, const FstpBridgeId& root) = 0;
};

}  // namespace switchd::vde
