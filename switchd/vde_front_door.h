// VDE's view of a bridge: what the ctl socket and the console of vde-compat/ ask for, done to the
// bridge; and what happens in the bridge, told as VDE's events.
//
// The rules about who may have which port are VDE's and live here: the same owner on one port,
// users and groups, ports that are not allocatable. Numbers 1 .. port_count may be used, and port
// 0.
#pragma once

#include "switchd/bridge.h"
#include "switchd/vde_spanning_tree.h"
#include "vde-compat/control_socket.h"
#include "vde-compat/debug_events.h"
#include "vde-compat/packet_dump.h"
#include "vde-compat/settings.h"
#include "vde-compat/switch.h"

namespace switchd {

class VdeFrontDoor final : public vde::Switch,
                           public vde::PlugHost,
                           private BridgeObserver,
                           private MacTableObserver,
                           private PacketObserver {
public:
    // All arguments must outlive this. `settings` is what the operator asked for.
    VdeFrontDoor(Reactor& reactor, Log& log, Bridge& bridge, const vde::Settings& settings);
    ~VdeFrontDoor() override;

    vde::DebugEvents& events() { return events_; }
    vde::PacketDump& dump() { return dump_; }
    // The spanning tree follows ports and VLANs, and ends when the switch becomes a hub; null for
    // none.
    void set_spanning_tree(VdeSpanningTree* spanning_tree) {
        spanning_tree_ = spanning_tree;
        if (spanning_tree_) spanning_tree_->set_port_max(port_count_);
    }

    // The lowest port from 1 on that nobody uses, for an endpoint of our own (a TAP), not for
    // plugs. ENOSPC: full.
    std::expected<unsigned, vde::Errno> attach_to_free_port(std::unique_ptr<Endpoint> endpoint);

    // vde::PlugHost
    std::expected<unsigned, vde::Errno> admit(const vde::PlugRequest& request,
                                              const vde::PlugIdentity& identity) override;
    void attach(unsigned port, std::unique_ptr<vde::Plug> plug,
                const vde::PlugIdentity& identity) override;
    FrameSink& sink() override { return bridge_; }

    // vde::Switch
    vde::SwitchInfo info() const override;
    vde::Errno set_port_count(long count) override;
    void set_hub(bool on) override;
    std::vector<vde::PortInfo> ports() const override;
    std::optional<vde::PortInfo> port(unsigned number) const override;
    vde::Errno create_port(long number) override;
    std::expected<unsigned, vde::Errno> create_port_auto() override;
    vde::Errno remove_port(long number) override;
    vde::Errno set_allocatable(long number, bool allocatable) override;
    vde::Errno set_port_user(long number, std::optional<uid_t> user) override;
    vde::Errno set_port_group(long number, std::optional<gid_t> group) override;
    vde::Errno close_endpoint(long number, long id) override;
    vde::Errno reset_counters(long number) override;
    void reset_all_counters() override;
    vde::Errno set_port_vlan(long number, long vlan) override;
    void set_colourful(bool on) override;
    vde::Errno set_port_colour(long number, long colour) override;
    std::vector<std::pair<std::string, std::uint64_t>> drops(unsigned number) const override;
    std::vector<vde::VlanInfo> vlans() const override;
    std::optional<vde::VlanInfo> vlan(unsigned vlan) const override;
    vde::Errno create_vlan(long vlan) override;
    vde::Errno remove_vlan(long vlan) override;
    vde::Errno add_vlan_port(long vlan, long port) override;
    vde::Errno remove_vlan_port(long vlan, long port) override;
    vde::MacSettings mac_settings() const override { return mac_settings_; }
    void set_mac_settings(const vde::MacSettings& settings) override;
    void flush_macs() override;
    std::vector<vde::MacInfo> macs() const override;
    std::optional<vde::MacInfo> find_mac(MacAddress mac, unsigned vlan) const override;
    void shutdown() override;

private:
    // Several plugs on one port are for taps and listeners, a handful; each costs two descriptors
    // and a copy of every frame.
    static constexpr std::size_t endpoints_per_port_max = 64;

    struct Lookup {
        Port* port = nullptr;
        vde::Errno error = 0;  // of a number that names no port
    };
    Lookup find(long number) const;
    // All but LOCAL, which VDE has no number for.
    std::vector<Port*> vde_ports() const;
    bool in_range(long number) const {
        return number >= 0 && number <= static_cast<long>(port_count_);
    }
    bool may_use(const Port& port, const vde::PlugIdentity& identity) const;
    std::optional<unsigned> free_port(const vde::PlugIdentity* identity) const;
    vde::Errno changed(VlanTable::Result result);
    void members_changed() {
        if (spanning_tree_) spanning_tree_->sync();
    }
    vde::PortInfo describe(const Port& port) const;
    vde::VlanInfo describe_vlan(VlanId vlan) const;

    void port_created(const Port& port) override;
    void port_configured(const Port&) override {}
    void port_closed(const Port& port) override;
    void port_removed(const Port&) override {}
    void endpoint_attached(const Port& port, const Endpoint& endpoint) override;
    void endpoint_left(const Port& port, const Endpoint& endpoint) override;
    void rules_expired() override {}
    void mac_learned(const MacEntry& entry) override;
    void mac_moved(const MacEntry& entry, PortNumber from) override;
    void mac_forgotten(const MacEntry& entry) override;
    bool active() const noexcept override { return dump_.active(); }
    void packet_in(PortNumber port, std::span<const std::byte> frame) noexcept override;
    void packet_out(PortNumber port, std::span<const std::byte> frame) noexcept override;

    Reactor& reactor_;
    Log& log_;
    Bridge& bridge_;
    vde::Settings settings_;
    unsigned port_count_;
    bool hub_ = false;
    vde::MacSettings mac_settings_;
    vde::DebugEvents events_;
    vde::PacketDump dump_;
    VdeSpanningTree* spanning_tree_ = nullptr;
};

}  // namespace switchd
