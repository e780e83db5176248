#include "switchd/vde_spanning_tree.h"

#include <cerrno>
#include <set>

namespace switchd {

VdeSpanningTree::VdeSpanningTree(Reactor& reactor, Bridge& bridge, vde::DebugEvents& events,
                                 std::uint16_t priority)
    : reactor_(reactor), bridge_(bridge), events_(events), fstp_(*this, bridge.mac(), priority) {
    bridge_.datapath().set_local_receiver(this);
}

VdeSpanningTree::~VdeSpanningTree() {
    bridge_.datapath().set_local_receiver(nullptr);
}

VdeSpanningTree::Members VdeSpanningTree::members() const {
    Members result;
    const VlanTable& vlans = bridge_.tables().vlans();
    for (const VlanId vlan : vlans.vlans())
        for (const VlanMember& member : vlans.members(vlan))
            if (const Port* port = bridge_.find_port(member.port);
                port && port->active() && port->number != port_local)  // behind it is no switch
                result.emplace(std::pair{vlan, member.port}, member.tagged);
    return result;
}

void VdeSpanningTree::compare() const {
    const TimePoint now = reactor_.now();
    const auto vlans = bridge_.tables().vlans().vlans();
    const std::set<VlanId> wanted_vlans(vlans.begin(), vlans.end());
    const Members wanted = members();

    for (auto it = known_.begin(); it != known_.end();) {
        const auto same = wanted.find(it->first);
        if (same != wanted.end() && same->second == it->second) {
            ++it;
            continue;
        }
        fstp_.remove_port(it->first.first, it->first.second, now);
        // Whoever plugs in there next begins with an open port, as the protocol has it.
        std::ignore = bridge_.tables().set_vlan_port_state(it->first.first, it->first.second,
                                                           VlanPortState::forwarding);
        it = known_.erase(it);
    }
    for (const vde::FstpTreeView& tree : fstp_.trees(now))
        if (!wanted_vlans.contains(static_cast<VlanId>(tree.vlan))) fstp_.remove_vlan(tree.vlan);
    for (const VlanId vlan : wanted_vlans) fstp_.add_vlan(vlan, now);
    for (const auto& [member, tagged] : wanted)
        if (known_.emplace(member, tagged).second)
            fstp_.add_port(member.first, member.second, tagged, now);
    arm();
}

void VdeSpanningTree::arm() const {
    if (const auto deadline = fstp_.next_deadline())
        hello_.arm(*deadline);
    else if (hello_.armed())
        hello_.disarm();
}

void VdeSpanningTree::on_hello() noexcept {
    fstp_.tick(reactor_.now());
    arm();
}

std::vector<vde::FstpTreeView> VdeSpanningTree::trees() const {
    compare();
    return fstp_.trees(reactor_.now());
}

std::optional<vde::FstpTreeView> VdeSpanningTree::tree(unsigned vlan) const {
    compare();
    return fstp_.tree(vlan, reactor_.now());
}

void VdeSpanningTree::enable(bool on) {
    compare();
    fstp_.enable(on, reactor_.now());
    bridge_.tables().set_spanning_tree(on);
    arm();
}

vde::Errno VdeSpanningTree::set_edge(long vlan, long port, bool edge) {
    if (vlan < 0 || vlan > long{vlan_id_max} || port < 0 || port > static_cast<long>(port_max_))
        return EINVAL;
    compare();
    const bool found = fstp_.set_edge(static_cast<unsigned>(vlan), static_cast<unsigned>(port),
                                      edge, reactor_.now());
    arm();
    return found ? 0 : ENXIO;
}

vde::Errno VdeSpanningTree::set_bonus(long vlan, long port, long cost) {
    if (vlan < 0 || vlan > long{vlan_id_max} || port < 0 || port > static_cast<long>(port_max_) ||
        cost < 0 || cost > 0xffffffff)
        return EINVAL;
    compare();
    const bool found = fstp_.set_bonus(static_cast<unsigned>(vlan), static_cast<unsigned>(port),
                                       static_cast<std::uint32_t>(cost), reactor_.now());
    arm();
    return found ? 0 : ENXIO;
}

void VdeSpanningTree::punted(LocalConsumer, VlanId vlan, PortNumber in_port,
                             std::span<const std::byte> frame) noexcept {
    fstp_.receive(vlan, in_port, frame, reactor_.now());
    arm();
}

void VdeSpanningTree::send_bpdu(unsigned port, std::span<const std::byte> frame) {
    Port* const out = bridge_.find_port(port);
    Frame copy = reactor_.pool().take();
    if (!out || !copy) return;
    copy.resize(frame.size());
    std::memcpy(copy.writable().data(), frame.data(), frame.size());
    bridge_.datapath().transmit(*out, std::move(copy));
}

void VdeSpanningTree::set_port_state(unsigned port, unsigned vlan, vde::PortState state) {
    std::ignore = bridge_.tables().set_vlan_port_state(static_cast<VlanId>(vlan), port,
                                                       static_cast<VlanPortState>(state));
}

void VdeSpanningTree::flush_macs(unsigned vlan) {
    bridge_.tables().forget_macs_of_vlan(static_cast<VlanId>(vlan));
}

void VdeSpanningTree::fstp_status(unsigned port, unsigned vlan, vde::PortState state) {
    using Status = vde::DebugEvents::FstpStatus;
    const Status status = state == vde::PortState::discarding ? Status::discarding
                          : state == vde::PortState::learning ? Status::learning
                                                              : Status::learning_forwarding;
    events_.fstp_status(port, vlan, status);
}

}  // namespace switchd
