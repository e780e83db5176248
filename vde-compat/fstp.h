// VDE's own fast spanning tree (vde_switch -F): one tree per VLAN, interoperating with vde_switch,
// not with IEEE 802.1w. How a tree is found and kept free of loops: vde-compat/fstp_tree.h.
//
// The switch tells which ports are active members of which VLAN, hands in the frames to the
// spanning tree's address, and calls tick() at next_deadline(). There is a deadline only while the
// protocol is on. Nothing here makes a system call, and what a neighbour sends takes no memory.
//
// A port that comes up forwards at once and keeps forwarding if no spanning tree is heard on it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "vde-compat/fstp_tree.h"

namespace switchd::vde {

class Fstp {
public:
    // Off at first, without any VLAN. `host` outlives it.
    Fstp(FstpHost& host, MacAddress mac, std::uint16_t priority);

    bool enabled() const { return next_hello_.has_value(); }
    std::uint16_t priority() const { return priority_; }
    // Turning it off opens every port.
    void enable(bool on, TimePoint now);

    // VLANs are below 4095, and one that exists is not added again.
    void add_vlan(unsigned vlan, TimePoint now);
    void remove_vlan(unsigned vlan);

    // A member of the VLAN gets its first endpoint, or a port with endpoints becomes a member; and
    // the reverse. A VLAN that is not there is ignored.
    void add_port(unsigned vlan, unsigned port, bool tagged, TimePoint now);
    void remove_port(unsigned vlan, unsigned port, TimePoint now);

    // An edge port forwards always, says nothing and hears nothing. Kept while the port is away.
    // Both return false if there is no such VLAN.
    bool set_edge(unsigned vlan, unsigned port, bool edge, TimePoint now);
    bool set_bonus(unsigned vlan, unsigned port, std::uint32_t cost, TimePoint now);

    // A frame that came in on `port` and belongs to `vlan`, with its tag if it had one. Whether it
    // was for the spanning tree: then it goes no further, whatever the port's state. While the
    // protocol is off such frames are ordinary multicast, and the answer is false.
    bool receive(unsigned vlan, unsigned port, std::span<const std::byte> frame, TimePoint now);

    std::optional<TimePoint> next_deadline() const;
    void tick(TimePoint now);

    std::vector<FstpTreeView> trees(TimePoint now) const;  // ascending by VLAN
    std::optional<FstpTreeView> tree(unsigned vlan, TimePoint now) const;
    // Forwarding for what is not there.
    PortState state(unsigned vlan, unsigned port) const;

private:
    void finish(FstpTree& tree, TimePoint now);

    FstpHost& host_;
    FstpBridgeId self_;
    std::uint16_t priority_;
    std::map<unsigned, FstpTree> trees_;
    std::optional<TimePoint> next_hello_;
    std::optional<TimePoint> next_wake_;  // some tree has something that had to wait
};

}  // namespace switchd::vde
