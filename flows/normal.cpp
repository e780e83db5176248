// NORMAL: what a learning VLAN switch does with a packet (IEEE 802.1Q, 8.6 to 8.8).
#include <algorithm>

#include "flows/translation.h"

namespace switchd {
namespace {

constexpr std::uint64_t spanning_tree_group = 0x0180c2000000;

}  // namespace

void Translation::normal() {
    const Tag tag = read_tag();
    if (tag.cut_off) return drop(DropReason::runt);
    const Vlan vlan = vlan_of(tag);
    verdict_.reads.vlans.push_back(vlan.members);
    if (!ingress_) {
        // A controller's packet, or one that actions made like it, came in nowhere.
        if (in_port() >= reserved_port::unset) return flood(vlan);
        note("the ingress port is none");
        return drop(DropReason::port_gone);
    }
    const VlanMember* const member = tables_.vlans_.find(vlan.members, ingress_->number);
    if (!member) {
        note("the ingress port does not belong to the VLAN");
        return drop(DropReason::vlan_not_member);
    }
    if (tables_.spanning_tree_ && !(vlan.untouched && tag.present) &&
        read(field::eth_dst) == spanning_tree_group) {
        note("for the spanning tree");
        step(Punt{LocalConsumer::spanning_tree, vlan.members});
        return;
    }
    if (member->state == VlanPortState::discarding) return drop(DropReason::discarding_state);
    learn_source(vlan.stations);
    if (member->state == VlanPortState::learning) return drop(DropReason::discarding_state);

    if (const auto port = port_of_destination(vlan.stations))
        forward(vlan, *port);
    else
        flood(vlan);
}

Translation::Tag Translation::read_tag() {
    const std::uint64_t tpid = read(field::vlan_tpid);
    const std::uint64_t tci = read(field::vlan_vid);
    if (tpid != tpid_vlan) return {};
    const bool present = (tci & tci_present) != 0;
    return {present, !present, static_cast<VlanId>(tci & 0xfff)};
}

Translation::Vlan Translation::vlan_of(const Tag& tag) const {
    if (tables_.vlans_.transparent())
        return {.tagged = false, .untouched = true, .members = 0, .stations = tag.id};
    const VlanId untagged = ingress_ ? tables_.vlans_.untagged_of(ingress_->number) : VlanId{0};
    const VlanId vlan = tag.present ? tag.id : untagged;
    return {.tagged = tag.present, .untouched = false, .members = vlan, .stations = vlan};
}

void Translation::learn_source(VlanId vlan) {
    verdict_.reads.mac_vlans.push_back(vlan);
    const MacAddress source = MacAddress::from_u64(read(field::eth_src));
    if (source.is_group()) return;
    if (const auto known = tables_.macs_.find(vlan, source);
        known && known->port != ingress_->number) {
        if (const TimePoint movable = tables_.macs_.movable_from(*known); now_ < movable) {
            verdict_.holds_until = std::min(verdict_.holds_until, movable);
            return;
        }
    }
    if (!verdict_.learn) verdict_.learn = Learn{vlan, source, ingress_->number};
}

// Where the destination was last heard; the source counts as learned already.
std::optional<PortNumber> Translation::port_of_destination(VlanId vlan) {
    const MacAddress destination = MacAddress::from_u64(read(field::eth_dst));
    if (destination.is_group()) return std::nullopt;
    if (verdict_.learn && verdict_.learn->mac == destination && verdict_.learn->vlan == vlan)
        return ingress_->number;
    if (const auto known = tables_.macs_.find(vlan, destination)) return known->port;
    return std::nullopt;
}

void Translation::forward(const Vlan& vlan, PortNumber number) {
    if (number == ingress_->number) {
        note("the destination is where the packet came from");
        return drop(DropReason::destination_on_ingress);
    }
    verdict_.reads.ports.push_back(number);
    const PortEntry* const port = tables_.find_port(number);
    const VlanMember* const member = tables_.vlans_.find(vlan.members, number);
    if (!port || !member) return drop(DropReason::no_destination);
    if (!port->flags.up || !port->flags.forwards) return drop(DropReason::port_down);
    if (member->state != VlanPortState::forwarding) return drop(DropReason::discarding_state);
    if (tables_.separated(*ingress_, *port)) return drop(DropReason::no_destination);
    if (observer_) note("forwards to port " + std::to_string(number));
    output_in_vlan(vlan, std::span(member, 1));
}

void Translation::flood(const Vlan& vlan) {
    note("no learned MAC for destination, flooding");
    verdict_.reads.all_ports = true;
    const auto& candidates = tables_.vlans_.members(vlan.members);
    if (!may_step()) return;
    std::vector<VlanMember> members;
    for (const VlanMember& member : candidates) {
        const PortEntry* const port = tables_.find_port(member.port);
        if (port && takes_floods(*port) && member.state == VlanPortState::forwarding)
            members.push_back(member);
    }
    output_in_vlan(vlan, members);
    steps_ += candidates.size();
}

bool Translation::takes_floods(const PortEntry& port) const {
    return &port != ingress_ && port.flags.up && port.flags.flood && port.flags.forwards &&
           !(ingress_ && tables_.separated(*ingress_, port));
}

// First to those who get the frame as it came, then, edited once, to the others. What follows in
// the list of actions gets it back as it was, but for a tag's DEI, of which keys know nothing.
void Translation::output_in_vlan(const Vlan& vlan, std::span<const VlanMember> members) {
    Output as_it_is, edited;
    for (const VlanMember& member : members) {
        const bool same = vlan.untouched || member.tagged == vlan.tagged;
        (same ? as_it_is : edited).ports.push_back(member.port);
    }
    if (as_it_is.ports.empty() && edited.ports.empty()) return drop(DropReason::no_destination);
    commit();
    if (!as_it_is.ports.empty()) step(std::move(as_it_is));
    if (edited.ports.empty()) return;
    if (vlan.tagged) {
        const std::uint64_t tag = packet_.get(field::vlan_tci);
        step(PopVlan{});
        undo_ = PushVlan{tpid_vlan, static_cast<std::uint16_t>(tag & ~std::uint64_t{tci_present})};
        if (observer_) note("without the tag to untagged members");
    } else {
        step(PushVlan{tpid_vlan, vlan.members});
        undo_ = PopVlan{};
    }
    step(std::move(edited));
}

}  // namespace switchd
