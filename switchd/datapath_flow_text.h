// Megaflows as Open vSwitch's datapath shows its own (ovs-dpctl(8)), for ovs-appctl and for what
// people have written to read its output:
//
//     recirc_id(0),in_port(2),packet_type(ns=0,id=0),eth(dst=02:00:00:00:00:01),eth_type(0x0800),
//     ipv4(dst=10.0.0.2/255.255.255.0,proto=17,frag=no),udp(dst=53), packets:1, bytes:60,
//     used:0.559s, actions:1,3
//
// A field that the megaflow does not look at is left out. Bits that this syntax has no word for
// (layer 3 of a frame whose type was not looked at) follow as ovs-ofctl has them, so that nothing a
// megaflow looks at is hidden. That a frame has no tag is vlan(cfi=0) unless its type says so.
#pragma once

#include <functional>
#include <string>

#include "flows/megaflow_cache.h"

namespace switchd {

// How a port is shown: by its number or by its name.
using PortText = std::function<std::string(PortNumber)>;

std::string datapath_match_text(const FlowKey& key, const FlowMask& mask,
                                const PortText& port_text);
// `key`: of packets that the program is for; which protocol a field belongs to is in it.
std::string datapath_actions_text(const ActionProgram& program, const FlowKey& key,
                                  const PortText& port_text);
// One line, without its end.
std::string datapath_flow_text(const Megaflow& flow, TimePoint now, const PortText& port_text);

// What tells the megaflow from all others, as "60d3cf74-e182-4026-8704-b82590566b83".
std::string datapath_flow_id(const Megaflow& flow);

}  // namespace switchd
