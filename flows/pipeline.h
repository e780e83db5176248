// The switch as tables: flow tables, ports, VLANs, stations. Decides about one frame at a time,
// from its flow key, without any cache.
//
// Deciding is pure: lookup() changes nothing. What a frame does to the switch beside being
// forwarded (its source is learned, or its age refreshed) is part of the verdict and done by
// perform(), for the frame that was looked up and again for each that a cache answers.
//
// Everything that can change a verdict goes through a method of this class, and leaves a record in
// the change log before the method returns.
#pragma once

#include <expected>
#include <optional>
#include <vector>

#include "flows/change_log.h"
#include "flows/flow_tables.h"
#include "flows/mac_table.h"
#include "flows/verdict.h"
#include "flows/vlan_table.h"

namespace switchd {

class TranslationObserver;

// How a port takes part in forwarding.
struct PortFlags {
    bool up = true;         // a port that is down neither receives nor sends
    bool flood = true;      // gets broadcast, multicast and unknown unicast
    bool receives = true;   // what comes in there is not dropped
    bool forwards = true;   // what is for it is not dropped
    bool packet_in = true;  // misses of its packets are told to the controllers
    // While the switch is colourful, no frame passes between two ports of the same colour but 0.
    std::uint32_t colour = 0;

    bool operator==(const PortFlags&) const = default;
};

enum class ForwardingMode : std::uint8_t { normal, hub };

// How IP fragments are matched (OFPC_FRAG_*; 3: Nicira's nx-match).
enum class FragmentMode : std::uint8_t {
    normal = 0,  // to rules the ports of all fragments are zero
    drop = 1,
    reassemble = 2,  // not done: as normal
    nx_match = 3,    // the ports of first fragments are what they are
};

class Pipeline final : private MacTableObserver {
public:
    struct Settings {
        MacTable::Settings macs{};
        VlanPolicy vlan_policy = VlanPolicy::strict;
    };

    // Starts in mode normal, without ports.
    explicit Pipeline(const Settings& settings, HashKey key = HashKey{});
    Pipeline(const Pipeline&) = delete;
    Pipeline& operator=(const Pipeline&) = delete;

    // The key is of a frame with a whole Ethernet header: a shorter one is for nobody to forward.
    Verdict lookup(const FlowKey& key, TimePoint now,
                   TranslationObserver* observer = nullptr) const;
    // What `actions` do with a packet that a controller sends: its in_port is a port or one of
    // reserved_port.
    Verdict carry_out(const RuleActions& actions, const FlowKey& key, TimePoint now,
                      TranslationObserver* observer = nullptr) const;
    // Does what the verdict has to do beside forwarding. A live handle if it learned or refreshed.
    MacTable::Handle perform(const Verdict& verdict, TimePoint now);

    // How much of a frame lookup() may read.
    ParseDepth parse_depth() const {
        const bool deep = tables_.beyond_layer_2() || fragment_mode_ == FragmentMode::drop;
        return deep ? ParseDepth::layer_4 : ParseDepth::layer_2;
    }
    const ChangeLog& changes() const { return changes_; }

    // Rules. The mode is the rule of priority 0 in table 0 that matches everything.
    void set_mode(ForwardingMode mode, TimePoint now = TimePoint{});
    FlowTables& flow_tables() { return tables_; }
    const FlowTables& flow_tables() const { return tables_; }

    FragmentMode fragment_mode() const { return fragment_mode_; }
    void set_fragment_mode(FragmentMode mode);
    // A table's standard miss is told to the controllers: one of them is of before OpenFlow 1.3.
    bool misses_to_controller() const { return misses_to_controller_; }
    void set_misses_to_controller(bool on);
    // Packets whose hops have run out are told to the controllers: one of them wants them.
    bool expired_to_controller() const { return expired_to_controller_; }
    void set_expired_to_controller(bool on);

    // Ports. A new port is an untagged member of VLAN 0. Errors: out_of_range, exists, no_port.
    VlanTable::Result add_port(PortNumber port, PortFlags flags = {});
    // Its VLANs and stations go with it, static ones too.
    VlanTable::Result remove_port(PortNumber port);
    // A port that goes down loses the stations that it has learned, and keeps its VLANs.
    VlanTable::Result set_port_flags(PortNumber port, PortFlags flags);
    std::vector<PortNumber> ports() const;  // ascending
    void set_colourful(bool on);

    // VLANs: as in VlanTable. Ports that leave a VLAN lose their stations, static ones too.
    VlanTable::Result create_vlan(VlanId vlan);
    VlanTable::Result remove_vlan(VlanId vlan);
    VlanTable::Result set_untagged_vlan(PortNumber port, VlanId vlan);
    VlanTable::Result add_tagged_vlan(VlanId vlan, PortNumber port);
    VlanTable::Result remove_tagged_vlan(VlanId vlan, PortNumber port);
    VlanTable::Result set_vlan_port_state(VlanId vlan, PortNumber port, VlanPortState state);
    void set_vlan_policy(VlanPolicy policy);
    const VlanTable& vlans() const { return vlans_; }

    // While on, frames to 01:80:c2:00:00:00 go to the spanning tree (Punt) in mode normal.
    void set_spanning_tree(bool on);

    // Stations: as in MacTable. Errors: group_address, table_full, no_port.
    std::expected<void, MacError> set_static_mac(VlanId vlan, MacAddress mac, PortNumber port,
                                                 TimePoint now);
    bool remove_static_mac(VlanId vlan, MacAddress mac) { return macs_.remove_static(vlan, mac); }
    bool forget_mac(VlanId vlan, MacAddress mac) { return macs_.forget(vlan, mac); }
    void forget_macs_of_port(PortNumber port) { macs_.forget_port(port); }
    void forget_macs_of_vlan(VlanId vlan) { macs_.forget_vlan(vlan); }
    void forget_macs_of_port_vlan(PortNumber port, VlanId vlan) {
        macs_.forget_port_vlan(port, vlan);
    }
    void forget_all_macs() { macs_.forget_all(); }
    void expire_macs(TimePoint now) { macs_.expire(now); }
    void refresh_mac(MacTable::Handle handle, TimePoint now) noexcept {
        macs_.refresh(handle, now);
    }
    void configure_macs(const MacTable::Settings& settings);
    void clear_mac_statistics() { macs_.clear_statistics(); }
    const MacTable& macs() const { return macs_; }
    // Told of every station learned, set, moved and forgotten; null for nobody. It must not change
    // tables.
    void set_mac_observer(MacTableObserver* observer) { mac_observer_ = observer; }

private:
    friend class Translation;  // one lookup under way

    struct PortEntry {
        PortNumber number = 0;
        PortFlags flags;
    };
    const PortEntry* find_port(PortNumber number) const;
    bool separated(const PortEntry& a, const PortEntry& b) const;
    void log_everything() { changes_.append({.kind = Change::Kind::everything}); }
    void log_port(PortNumber port);
    void log_vlan(VlanId vlan, bool transparent_before);
    void log_mac(const MacEntry& entry) {
        changes_.append({.kind = Change::Kind::mac, .vlan = entry.vlan, .mac = entry.mac});
    }

    void mac_learned(const MacEntry& entry) override;
    void mac_moved(const MacEntry& entry, PortNumber from) override;
    void mac_forgotten(const MacEntry& entry) override;

    ChangeLog changes_;
    FlowTables tables_;
    std::vector<PortEntry> ports_;  // ascending
    VlanTable vlans_;
    MacTable macs_;
    MacTableObserver* mac_observer_ = nullptr;
    FragmentMode fragment_mode_ = FragmentMode::normal;
    bool misses_to_controller_ = false;
    bool expired_to_controller_ = false;
    bool spanning_tree_ = false;
    bool colourful_ = false;
};

}  // namespace switchd
