// VDE's spanning tree at work on a bridge: wires the protocol of vde-compat/fstp.h to the bridge's
// ports, tables and clock, and to the console.
//
// The protocol knows which active port belongs to which VLAN because sync() compares what it was
// told with what the bridge has; whoever changes memberships calls it. While the protocol is off
// nothing is compared and no timer runs.
#pragma once

#include <map>

#include "switchd/bridge.h"
#include "vde-compat/console_fstp.h"
#include "vde-compat/debug_events.h"
#include "vde-compat/fstp.h"

namespace switchd {

class VdeSpanningTree final : public vde::FstpAdmin, private vde::FstpHost, private LocalReceiver {
public:
    // Off at first. The arguments must outlive this.
    VdeSpanningTree(Reactor& reactor, Bridge& bridge, vde::DebugEvents& events,
                    std::uint16_t priority);
    ~VdeSpanningTree() override;

    // Ports came or went, or joined or left VLANs.
    void sync() {
        if (fstp_.enabled()) compare();
    }

    // The highest port number that edges and bonuses may be set for.
    void set_port_max(PortNumber port) { port_max_ = port; }

    void close() { hello_.disarm(); }
    bool idle() const { return hello_.idle(); }

    // vde::FstpAdmin
    bool enabled() const override { return fstp_.enabled(); }
    unsigned priority() const override { return fstp_.priority(); }
    std::vector<vde::FstpTreeView> trees() const override;
    std::optional<vde::FstpTreeView> tree(unsigned vlan) const override;
    void enable(bool on) override;
    vde::Errno set_edge(long vlan, long port, bool edge) override;
    vde::Errno set_bonus(long vlan, long port, long cost) override;

private:
    // Active members by VLAN and port; whether tagged.
    using Members = std::map<std::pair<VlanId, PortNumber>, bool>;
    Members members() const;
    void compare() const;
    void arm() const;
    void on_hello() noexcept;

    void send_bpdu(unsigned port, std::span<const std::byte> frame) override;
    void set_port_state(unsigned port, unsigned vlan, vde::PortState state) override;
    void flush_macs(unsigned vlan) override;
    void fstp_heard(unsigned port, unsigned vlan) override { events_.fstp_heard(port, vlan); }
    void fstp_lost(unsigned port, unsigned vlan) override { events_.fstp_lost(port, vlan); }
    void fstp_status(unsigned port, unsigned vlan, vde::PortState state) override;
    void fstp_root(unsigned port, unsigned vlan, const vde::FstpBridgeId& root) override {
        events_.fstp_root(port, vlan, root);
    }
    void punted(LocalConsumer to, VlanId vlan, PortNumber in_port,
                std::span<const std::byte> frame) noexcept override;

    Reactor& reactor_;
    Bridge& bridge_;
    vde::DebugEvents& events_;
    PortNumber port_max_ = port_number_max;
    // Brought up to date also when the console only looks at them.
    mutable vde::Fstp fstp_;
    mutable Members known_;
    mutable Timer hello_ = Timer::calling<&VdeSpanningTree::on_hello>(reactor_, this);
};

}  // namespace switchd
