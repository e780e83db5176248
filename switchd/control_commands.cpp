#include "switchd/control_commands.h"

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "switchd/core/printable.h"
#include "switchd/engine_counters.h"
#include "switchd/plug_hint.h"

namespace switchd {

using nlohmann::json;

namespace {

std::int64_t whole_seconds(Duration duration) {
    return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

json traffic(const TrafficCounters& counters) {
    return {{"packets", counters.packets}, {"bytes", counters.bytes}};
}

// Only the reasons that happened.
json drops(const DropCounters& counters) {
    json result = json::object();
    for (std::size_t i = 0; i < counters.size(); ++i)
        if (counters[i] > 0)
            result[std::string(to_string(static_cast<DropReason>(i)))] = counters[i];
    return result;
}

json show(const ControlContext& context) {
    const Bridge& bridge = context.bridge;
    std::size_t ports = 0, active = 0;
    for (const Port* port : bridge.ports()) {
        ++ports;
        active += port->active();
    }
    const vde::SwitchInfo info = context.front_door.info();
    return {{"bridge", bridge.name()},
            {"pid", ::getpid()},
            {"mac", bridge.mac().to_string()},
            {"uptime_seconds", whole_seconds(bridge.uptime())},
            {"mode", info.hub ? "hub" : "switch"},
            {"run_directory", context.run_directory},
            {"vde_directory", context.vde_directory},
            {"qemu", plug_hint(context.vde_directory)},
            {"ports", ports},
            {"ports_active", active},
            {"ports_max", info.port_count},
            {"stations", bridge.tables().macs().size()},
            {"megaflows", bridge.engine().megaflows().size()}};
}

json port_vlans(const Pipeline& tables, PortNumber port) {
    json tagged = json::array();
    for (const VlanId vlan : tables.vlans().vlans())
        if (const VlanMember* member = tables.vlans().find(vlan, port); member && member->tagged)
            tagged.push_back(vlan);
    const VlanId untagged = tables.vlans().untagged_of(port);
    return {{"untagged", untagged == vlan_none ? json(nullptr) : json(untagged)},
            {"tagged", std::move(tagged)}};
}

json ports(const ControlContext& context) {
    json result = json::array();
    for (const Port* port : context.bridge.ports()) {
        json endpoints = json::array();
        for (const auto& endpoint : port->endpoints)
            endpoints.push_back({{"id", endpoint->id()},
                                 {"module", endpoint->module()},
                                 {"description", printable(endpoint->description())},
                                 {"queued", endpoint->queued()}});
        result.push_back({{"port", port->number},
                          {"active", port->active()},
                          {"vlan", port_vlans(context.bridge.tables(), port->number)},
                          {"in", traffic(port->in)},
                          {"out", traffic(port->out)},
                          {"drops", drops(port->all_drops())},
                          {"endpoints", std::move(endpoints)}});
    }
    return result;
}

json macs(const ControlContext& context) {
    json result = json::array();
    for (const MacEntry& entry : context.bridge.tables().macs().entries())
        result.push_back({{"mac", entry.mac.to_string()},
                          {"vlan", entry.vlan},
                          {"port", entry.port},
                          {"age_seconds", whole_seconds(context.bridge.now() - entry.last_heard)}});
    return result;
}

json megaflows(const ControlContext& context) {
    json result = json::array();
    context.bridge.engine().megaflows().for_each([&](const Megaflow& flow) {
        result.push_back({{"match", flow.match_text()},
                          {"actions", flow.actions_text()},
                          {"packets", flow.packets},
                          {"bytes", flow.bytes},
                          {"idle_seconds", whole_seconds(context.bridge.now() - flow.last_used)}});
    });
    return result;
}

json counters(const ControlContext& context) {
    const Bridge& bridge = context.bridge;
    TrafficCounters in, out;
    for (const Port* port : bridge.ports()) {
        in.packets += port->in.packets;
        in.bytes += port->in.bytes;
        out.packets += port->out.packets;
        out.bytes += port->out.bytes;
    }
    json cache = json::object();
    for (const auto& [name, count] : engine_counters(bridge.engine()))
        cache[std::string(name)] = count;
    cache["megaflows"] = bridge.engine().megaflows().size();
    cache["masks"] = bridge.engine().megaflows().masks();
    return {{"in", traffic(in)}, {"out", traffic(out)}, {"cache", std::move(cache)}};
}

json all_drops(const ControlContext& context) {
    DropCounters total{};
    json by_port = json::array();
    for (const Port* port : context.bridge.ports()) {
        const DropCounters counters = port->all_drops();
        for (std::size_t i = 0; i < total.size(); ++i) total[i] += counters[i];
        if (json some = drops(counters); !some.empty())
            by_port.push_back({{"port", port->number}, {"drops", std::move(some)}});
    }
    return {{"total", drops(total)}, {"ports", std::move(by_port)}};
}

constexpr ControlCommand commands[] = {
    {"show", "the switch: where it is, how to plug in, what it holds", show},
    {"ports", "the ports: what is attached, traffic, drops", ports},
    {"macs", "the stations that were learned, and their ports", macs},
    {"megaflows", "the cached decisions that carry traffic now", megaflows},
    {"counters", "traffic in all, and how well the cache works", counters},
    {"drops", "dropped frames by reason, in all and by port", all_drops},
};

}  // namespace

std::span<const ControlCommand> control_commands() {
    return commands;
}

}  // namespace switchd
