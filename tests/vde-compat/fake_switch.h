// A switch without frames: just what the console shows and changes, with the errors that the
// comments in switch.h promise.
#pragma once

#include <algorithm>
#include <cerrno>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "vde-compat/console_fstp.h"
#include "vde-compat/switch.h"

namespace switchd::vde::test {

class FakeSwitch final : public Switch {
public:
    struct Vlan {
        std::map<unsigned, bool> tagged;  // by member port
    };

    SwitchInfo facts{.mac = MacAddress::from_u64(0x00ff01020304),
                     .uptime = std::chrono::seconds{7},
                     .ctl_directory = "/run/sw",
                     .mode = 0600,
                     .management_socket = "mg",
                     .management_mode = 0600};
    MacSettings settings;
    std::map<unsigned, PortInfo> port_table;
    std::map<unsigned, Vlan> vlan_table{{0, {}}};
    std::vector<MacInfo> mac_table;
    std::map<unsigned, std::vector<std::pair<std::string, std::uint64_t>>> drop_table;
    PortState state = PortState::forwarding;  // of every port in every VLAN
    bool colourful = false;
    bool ended = false;
    std::function<void(unsigned)> on_create = [](unsigned) {};

    // A port with endpoints, newest first.
    PortInfo& plug(unsigned number, std::vector<EndpointInfo> endpoints) {
        auto& port = make(number);
        port.current_user = 0;
        port.endpoints = std::move(endpoints);
        return port;
    }

    SwitchInfo info() const override { return facts; }
    Errno set_port_count(long count) override {
        if (count < 1 || count > 65535) return EINVAL;
        if (!port_table.empty() && port_table.rbegin()->first > count) return EADDRINUSE;
        facts.port_count = static_cast<unsigned>(count);
        return 0;
    }
    void set_hub(bool on) override { facts.hub = on; }

    std::vector<PortInfo> ports() const override {
        std::vector<PortInfo> all;
        for (const auto& [number, port] : port_table) all.push_back(port);
        return all;
    }
    std::optional<PortInfo> port(unsigned number) const override {
        const auto found = port_table.find(number);
        return found == port_table.end() ? std::nullopt : std::optional(found->second);
    }
    Errno create_port(long number) override {
        if (!in_range(number)) return EINVAL;
        if (port_table.contains(static_cast<unsigned>(number))) return EEXIST;
        make(static_cast<unsigned>(number)).allocatable = false;
        return 0;
    }
    std::expected<unsigned, Errno> create_port_auto() override {
        for (unsigned number = 1; number <= facts.port_count; ++number) {
            const auto found = port_table.find(number);
            if (found != port_table.end() && (found->second.active() || !found->second.allocatable))
                continue;
            make(number).allocatable = false;
            on_create(number);
            return number;
        }
        return std::unexpected(ENOSPC);
    }
    Errno remove_port(long number) override {
        const auto error = check(number);
        if (error != 0) return error;
        if (at(number).active()) return EADDRINUSE;
        for (auto& [id, vlan] : vlan_table) vlan.tagged.erase(static_cast<unsigned>(number));
        port_table.erase(static_cast<unsigned>(number));
        return 0;
    }
    Errno set_allocatable(long number, bool allocatable) override {
        const auto error = check(number);
        if (error == 0) at(number).allocatable = allocatable;
        return error;
    }
    Errno set_port_user(long number, std::optional<uid_t> user) override {
        const auto error = check(number);
        if (error == 0) at(number).user = user;
        return error;
    }
    Errno set_port_group(long number, std::optional<gid_t> group) override {
        const auto error = check(number);
        if (error == 0) at(number).group = group;
        return error;
    }
    Errno close_endpoint(long number, long id) override {
        if (const auto error = check(number)) return error;
        const auto gone = std::erase_if(at(number).endpoints,
                                        [&](const auto& endpoint) { return endpoint.id == id; });
        return gone != 0 ? 0 : ENXIO;
    }
    Errno reset_counters(long number) override {
        const auto error = check(number);
        if (error == 0) at(number).in = at(number).out = {};
        return error == ENXIO ? 0 : error;
    }
    void reset_all_counters() override {
        for (auto& [number, port] : port_table) port.in = port.out = {};
    }
    Errno set_port_vlan(long number, long vlan) override {
        if (!in_range(number) || vlan < 0 || vlan > vlan_none) return EINVAL;
        const auto id = static_cast<unsigned>(vlan);
        if (check(number) != 0 || (id != vlan_none && !vlan_table.contains(id))) return ENXIO;
        auto& port = at(number);
        if (port.untagged_vlan != vlan_none)
            vlan_table[port.untagged_vlan].tagged.erase(port.number);
        port.untagged_vlan = id;
        if (id != vlan_none) vlan_table[id].tagged[port.number] = false;
        return 0;
    }
    void set_colourful(bool on) override { colourful = on; }
    Errno set_port_colour(long number, long colour) override {
        if (colour < 0) return EINVAL;
        const auto error = check(number);
        if (error == 0) at(number).colour = static_cast<unsigned>(colour);
        return error;
    }
    std::vector<std::pair<std::string, std::uint64_t>> drops(unsigned number) const override {
        const auto found = drop_table.find(number);
        return found == drop_table.end() ? decltype(found->second){} : found->second;
    }

    std::vector<VlanInfo> vlans() const override {
        std::vector<VlanInfo> all;
        for (const auto& [id, vlan] : vlan_table) all.push_back(*this->vlan(id));
        return all;
    }
    std::optional<VlanInfo> vlan(unsigned id) const override {
        const auto found = vlan_table.find(id);
        if (found == vlan_table.end()) return std::nullopt;
        VlanInfo info{id, {}};
        for (const auto& [port, tagged] : found->second.tagged)
            info.members.push_back({port, tagged, port_table.at(port).active(), state});
        return info;
    }
    Errno create_vlan(long vlan) override {
        if (vlan < 1 || vlan > 4094) return EINVAL;
        return vlan_table.try_emplace(static_cast<unsigned>(vlan)).second ? 0 : EEXIST;
    }
    Errno remove_vlan(long vlan) override {
        if (vlan < 0 || vlan > 4094) return EINVAL;
        const auto found = vlan_table.find(static_cast<unsigned>(vlan));
        if (found == vlan_table.end()) return ENXIO;
        if (vlan == 0 || !found->second.tagged.empty()) return EADDRINUSE;
        vlan_table.erase(found);
        return 0;
    }
    Errno add_vlan_port(long vlan, long port) override {
        if (const auto error = check_member(vlan, port)) return error;
        vlan_table[static_cast<unsigned>(vlan)].tagged.try_emplace(static_cast<unsigned>(port),
                                                                   true);
        return 0;
    }
    Errno remove_vlan_port(long vlan, long port) override {
        if (const auto error = check_member(vlan, port)) return error;
        if (at(port).untagged_vlan == static_cast<unsigned>(vlan)) return EADDRINUSE;
        vlan_table[static_cast<unsigned>(vlan)].tagged.erase(static_cast<unsigned>(port));
        return 0;
    }

    MacSettings mac_settings() const override { return settings; }
    void set_mac_settings(const MacSettings& wanted) override { settings = wanted; }
    void flush_macs() override { mac_table.clear(); }
    std::vector<MacInfo> macs() const override { return mac_table; }
    std::optional<MacInfo> find_mac(MacAddress mac, unsigned vlan) const override {
        for (const auto& entry : mac_table)
            if (entry.mac == mac && entry.vlan == vlan) return entry;
        return std::nullopt;
    }

    void shutdown() override { ended = true; }

private:
    bool in_range(long number) const { return number >= 0 && number <= long{facts.port_count}; }
    Errno check(long number) const {
        if (!in_range(number)) return EINVAL;
        return port_table.contains(static_cast<unsigned>(number)) ? 0 : ENXIO;
    }
    Errno check_member(long vlan, long port) const {
        if (vlan < 0 || vlan > 4094 || !in_range(port)) return EINVAL;
        const bool known = vlan_table.contains(static_cast<unsigned>(vlan));
        return known && check(port) == 0 ? 0 : ENXIO;
    }
    PortInfo& at(long number) { return port_table.at(static_cast<unsigned>(number)); }
    PortInfo& make(unsigned number) {
        auto& port = port_table[number];
        port.number = number;
        if (port.untagged_vlan == 0) vlan_table[0].tagged[number] = false;
        return port;
    }
};

class FakeFstp final : public FstpAdmin {
public:
    bool on = false;
    std::map<unsigned, FstpTreeView> tree_table{{0, FstpTreeView{}}};

    bool enabled() const override { return on; }
    unsigned priority() const override { return 0x8000; }
    std::vector<FstpTreeView> trees() const override {
        std::vector<FstpTreeView> all;
        for (const auto& [vlan, tree] : tree_table) all.push_back(tree);
        return all;
    }
    std::optional<FstpTreeView> tree(unsigned vlan) const override {
        const auto found = tree_table.find(vlan);
        return found == tree_table.end() ? std::nullopt : std::optional(found->second);
    }
    void enable(bool wanted) override { on = wanted; }
    Errno set_edge(long vlan, long port, bool edge) override {
        const auto error = check(vlan, port);
        if (error != 0) return error;
        for (auto& view : tree_table.at(static_cast<unsigned>(vlan)).ports)
            if (view.port == port) view.role = edge ? "Edge" : "Designated";
        return 0;
    }
    Errno set_bonus(long vlan, long port, long cost) override {
        const auto error = check(vlan, port);
        if (error != 0) return error;
        auto& tree = tree_table.at(static_cast<unsigned>(vlan));
        tree.bonus_port = static_cast<unsigned>(port);
        tree.bonus_cost = static_cast<std::uint32_t>(cost);
        return 0;
    }

private:
    Errno check(long vlan, long port) const {
        if (vlan < 0 || vlan > 4094 || port < 0 || port > 32) return EINVAL;
        return tree_table.contains(static_cast<unsigned>(vlan)) ? 0 : ENXIO;
    }
};

}  // namespace switchd::vde::test
