// Which VLANs exist and which ports belong to them, tagged or untagged, and in which spanning-tree
// state.
//
// A port has one untagged VLAN, or vlan_none, and any number of tagged ones. It is a member of a
// VLAN in one way only, and only of VLANs that exist. VLAN 0 always exists, and is the untagged
// VLAN of a new port. A membership starts in state forwarding.
//
// Two policies. Strict: a tagged frame is taken only by a member of its VLAN. Transparent: the
// same, except while no port has any VLAN configured (all untagged in VLAN 0, none tagged): then
// tags are carried like any other bytes, and addresses are learned per VLAN ID.
#pragma once

#include <expected>
#include <map>
#include <span>
#include <string_view>
#include <vector>

#include "flows/numbers.h"

namespace switchd {

enum class VlanPolicy : std::uint8_t { strict, transparent };

// What a spanning tree lets a port do in one VLAN. A learning port learns and forwards nothing.
enum class VlanPortState : std::uint8_t { discarding, learning, forwarding };

enum class VlanError : std::uint8_t {
    out_of_range,  // no such VLAN or port number can be
    exists,        // the VLAN or port is there already
    no_vlan,       // no such VLAN
    no_port,       // no such port
    not_member,    // the port does not belong to the VLAN
    in_use,        // the VLAN has members
    untagged,      // it is the port's untagged VLAN
};
std::string_view to_string(VlanError error);

struct VlanMember {
    PortNumber port = 0;
    bool tagged = false;
    VlanPortState state = VlanPortState::forwarding;

    bool operator==(const VlanMember&) const = default;
};

class VlanTable {
public:
    using Result = std::expected<void, VlanError>;

    explicit VlanTable(VlanPolicy policy = VlanPolicy::strict);

    // Errors: out_of_range (1 .. vlan_id_max), exists.
    Result create(VlanId vlan);
    // Errors: out_of_range (1 .. vlan_id_max), no_vlan, in_use.
    Result remove(VlanId vlan);
    bool exists(VlanId vlan) const { return vlans_.contains(vlan); }
    // Ascending.
    std::vector<VlanId> vlans() const;

    // Errors: out_of_range, exists.
    Result add_port(PortNumber port);
    // The port and its memberships. Errors: no_port.
    Result remove_port(PortNumber port);
    bool has_port(PortNumber port) const { return ports_.contains(port); }

    // vlan_none for none; a tagged membership of `vlan` becomes the untagged one. The membership of
    // the former untagged VLAN ends. Errors: out_of_range, no_port, no_vlan.
    Result set_untagged(PortNumber port, VlanId vlan);
    // Nothing changes if the port is a member already. Errors: out_of_range, no_port, no_vlan.
    Result add_tagged(VlanId vlan, PortNumber port);
    // Nothing changes if the port is no member. Errors: out_of_range, no_port, no_vlan, untagged.
    Result remove_tagged(VlanId vlan, PortNumber port);
    // Errors: no_port, no_vlan, not_member.
    Result set_state(VlanId vlan, PortNumber port, VlanPortState state);

    // The VLAN of an untagged frame on this port; vlan_none also for a port that does not exist.
    VlanId untagged_of(PortNumber port) const;
    // Null if the port is no member. Valid until the next change.
    const VlanMember* find(VlanId vlan, PortNumber port) const;
    // Ascending by port; empty for a VLAN that does not exist. Valid until the next change.
    std::span<const VlanMember> members(VlanId vlan) const;

    VlanPolicy policy() const { return policy_; }
    void set_policy(VlanPolicy policy) { policy_ = policy; }
    // Tags are carried untouched: the policy is transparent and no port has a VLAN configured.
    bool transparent() const {
        return policy_ == VlanPolicy::transparent && ports_configured_ == 0;
    }

private:
    struct PortVlans {
        VlanId untagged = 0;
        unsigned tagged = 0;  // how many

        bool configured() const { return untagged != 0 || tagged != 0; }
    };
    void join(VlanId vlan, PortNumber port, bool tagged);
    bool leave(VlanId vlan, PortNumber port);
    // Keeps ports_configured_ while `edit` changes the port's VLANs.
    template <class Edit>
    void change_port(PortVlans& port, Edit edit);

    VlanPolicy policy_;
    std::map<VlanId, std::vector<VlanMember>> vlans_;  // members ascending by port
    std::map<PortNumber, PortVlans> ports_;
    std::size_t ports_configured_ = 0;
};

}  // namespace switchd
