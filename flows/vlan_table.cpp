#include "flows/vlan_table.h"

#include <algorithm>

namespace switchd {
namespace {

using Unexpected = std::unexpected<VlanError>;

}  // namespace

std::string_view to_string(VlanError error) {
    switch (error) {
        case VlanError::out_of_range: return "out of range";
        case VlanError::exists: return "exists already";
        case VlanError::no_vlan: return "no such VLAN";
        case VlanError::no_port: return "no such port";
        case VlanError::not_member: return "the port does not belong to the VLAN";
        case VlanError::in_use: return "ports belong to the VLAN";
        case VlanError::untagged: return "it is the port's untagged VLAN";
    }
    return "unknown";
}

VlanTable::VlanTable(VlanPolicy policy) : policy_(policy) {
    vlans_[0];
}

VlanTable::Result VlanTable::create(VlanId vlan) {
    if (vlan < 1 || vlan > vlan_id_max) return Unexpected{VlanError::out_of_range};
    if (!vlans_.try_emplace(vlan).second) return Unexpected{VlanError::exists};
    return {};
}

VlanTable::Result VlanTable::remove(VlanId vlan) {
    if (vlan < 1 || vlan > vlan_id_max) return Unexpected{VlanError::out_of_range};
    const auto at = vlans_.find(vlan);
    if (at == vlans_.end()) return Unexpected{VlanError::no_vlan};
    if (!at->second.empty()) return Unexpected{VlanError::in_use};
    vlans_.erase(at);
    return {};
}

std::vector<VlanId> VlanTable::vlans() const {
    std::vector<VlanId> ids;
    for (const auto& [vlan, members] : vlans_) ids.push_back(vlan);
    return ids;
}

VlanTable::Result VlanTable::add_port(PortNumber port) {
    if (!may_be_port(port)) return Unexpected{VlanError::out_of_range};
    if (!ports_.try_emplace(port).second) return Unexpected{VlanError::exists};
    join(0, port, false);
    return {};
}

VlanTable::Result VlanTable::remove_port(PortNumber port) {
    const auto at = ports_.find(port);
    if (at == ports_.end()) return Unexpected{VlanError::no_port};
    if (at->second.configured()) --ports_configured_;
    for (auto& [vlan, members] : vlans_) leave(vlan, port);
    ports_.erase(at);
    return {};
}

VlanTable::Result VlanTable::set_untagged(PortNumber port, VlanId vlan) {
    if (vlan > vlan_none || !may_be_port(port)) return Unexpected{VlanError::out_of_range};
    const auto at = ports_.find(port);
    if (at == ports_.end()) return Unexpected{VlanError::no_port};
    if (vlan != vlan_none && !exists(vlan)) return Unexpected{VlanError::no_vlan};
    if (at->second.untagged == vlan) return {};

    change_port(at->second, [&](PortVlans& port_vlans) {
        if (port_vlans.untagged != vlan_none) leave(port_vlans.untagged, port);
        if (vlan != vlan_none) {
            if (leave(vlan, port)) --port_vlans.tagged;
            join(vlan, port, false);
        }
        port_vlans.untagged = vlan;
    });
    return {};
}

VlanTable::Result VlanTable::add_tagged(VlanId vlan, PortNumber port) {
    if (vlan > vlan_id_max || !may_be_port(port)) return Unexpected{VlanError::out_of_range};
    const auto at = ports_.find(port);
    if (at == ports_.end()) return Unexpected{VlanError::no_port};
    if (!exists(vlan)) return Unexpected{VlanError::no_vlan};
    if (find(vlan, port)) return {};
    change_port(at->second, [&](PortVlans& port_vlans) {
        join(vlan, port, true);
        ++port_vlans.tagged;
    });
    return {};
}

VlanTable::Result VlanTable::remove_tagged(VlanId vlan, PortNumber port) {
    if (vlan > vlan_id_max || !may_be_port(port)) return Unexpected{VlanError::out_of_range};
    const auto at = ports_.find(port);
    if (at == ports_.end()) return Unexpected{VlanError::no_port};
    if (!exists(vlan)) return Unexpected{VlanError::no_vlan};
    if (at->second.untagged == vlan) return Unexpected{VlanError::untagged};
    change_port(at->second, [&](PortVlans& port_vlans) {
        if (leave(vlan, port)) --port_vlans.tagged;
    });
    return {};
}

VlanTable::Result VlanTable::set_state(VlanId vlan, PortNumber port, VlanPortState state) {
    if (!has_port(port)) return Unexpected{VlanError::no_port};
    const auto at = vlans_.find(vlan);
    if (at == vlans_.end()) return Unexpected{VlanError::no_vlan};
    const auto member = std::ranges::find(at->second, port, &VlanMember::port);
    if (member == at->second.end()) return Unexpected{VlanError::not_member};
    member->state = state;
    return {};
}

VlanId VlanTable::untagged_of(PortNumber port) const {
    const auto at = ports_.find(port);
    return at == ports_.end() ? vlan_none : at->second.untagged;
}

const VlanMember* VlanTable::find(VlanId vlan, PortNumber port) const {
    const auto all = members(vlan);
    const auto at = std::ranges::lower_bound(all, port, {}, &VlanMember::port);
    return at != all.end() && at->port == port ? &*at : nullptr;
}

std::span<const VlanMember> VlanTable::members(VlanId vlan) const {
    const auto at = vlans_.find(vlan);
    if (at == vlans_.end()) return {};
    return at->second;
}

void VlanTable::join(VlanId vlan, PortNumber port, bool tagged) {
    auto& members = vlans_.at(vlan);
    const auto at = std::ranges::lower_bound(members, port, {}, &VlanMember::port);
    members.insert(at, {.port = port, .tagged = tagged});
}

bool VlanTable::leave(VlanId vlan, PortNumber port) {
    return std::erase_if(vlans_.at(vlan),
                         [port](const VlanMember& member) { return member.port == port; }) != 0;
}

template <class Edit>
void VlanTable::change_port(PortVlans& port, Edit edit) {
    const bool before = port.configured();
    edit(port);
    if (before && !port.configured()) --ports_configured_;
    if (!before && port.configured()) ++ports_configured_;
}

}  // namespace switchd
