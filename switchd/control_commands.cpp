#include "switchd/control_commands.h"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <map>
#include <nlohmann/json.hpp>

#include "flows/action_text.h"
#include "flows/flow_text.h"
#include "flows/match_text.h"
#include "flows/openflow/flow_mod_codec.h"
#include "flows/openflow/switch.h"
#include "flows/rule_walk.h"
#include "switchd/control_trace.h"
#include "switchd/core/printable.h"
#include "switchd/engine_counters.h"
#include "switchd/plug_hint.h"

namespace switchd {

using nlohmann::json;

namespace {

// Of a list, what is looked at in one go.
constexpr std::size_t entries_at_once = 16;

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

// While no controller is there, fail mode may have a rule of the switch's own decide all packets.
bool overruled(const FlowTables& tables) {
    return tables.shown() != tables.size();
}

json show(const ControlContext& context) {
    const Bridge& bridge = context.bridge;
    std::size_t ports = 0, active = 0;
    for (const Port* port : bridge.ports()) {
        ++ports;
        active += port->active();
    }
    const vde::SwitchInfo info = context.front_door.info();
    const FlowTables& rules = bridge.tables().flow_tables();
    return {{"bridge", bridge.name()},
            {"pid", ::getpid()},
            {"mac", bridge.mac().to_string()},
            {"uptime_seconds", whole_seconds(bridge.uptime())},
            {"mode", info.hub ? "hub" : "switch"},
            {"run_directory", context.run_directory},
            {"ovs_rundir", context.run_directory + "/ovs"},
            {"vde_directory", context.vde_directory},
            {"qemu", plug_hint(context.vde_directory)},
            {"ports", ports},
            {"ports_active", active},
            {"ports_max", info.port_count},
            {"rules", rules.shown()},
            {"overruled", overruled(rules)},
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
        const PortSpec* const spec = context.ports.spec_of(port->number);
        result.push_back({{"port", port->number},
                          {"name", port->name},
                          {"type", spec                         ? spec->type
                                   : port->number == port_local ? "tap"
                                                                : "vde"},
                          {"place", context.ports.place_of(port->number)},
                          {"up", (port->config & openflow::port_config::down) == 0},
                          {"active", port->active()},
                          {"vlan", port_vlans(context.bridge.tables(), port->number)},
                          {"in", traffic(port->in)},
                          {"out", traffic(port->out)},
                          {"drops", drops(port->all_drops())},
                          {"endpoints", std::move(endpoints)}});
    }
    return result;
}

ControlReply macs(const ControlContext& context, ControlArguments) {
    return ControlList([&bridge = context.bridge,
                        stations = context.bridge.tables().macs().entries(),
                        at = std::size_t{0}](json& entries) mutable {
        for (const std::size_t end = std::min(at + entries_at_once, stations.size()); at < end;
             ++at) {
            const MacEntry& station = stations[at];
            entries.push_back({{"mac", station.mac.to_string()},
                               {"vlan", station.vlan},
                               {"port", station.port},
                               {"age_seconds", whole_seconds(bridge.now() - station.last_heard)},
                               {"static", station.is_static}});
        }
        return at < stations.size();
    });
}

ControlReply megaflows(const ControlContext& context, ControlArguments) {
    return ControlList([&bridge = context.bridge, slot = std::size_t{0}](json& entries) mutable {
        const MegaflowCache& cache = bridge.engine().megaflows();
        for (const std::size_t end = std::min<std::size_t>(slot + entries_at_once, cache.slots());
             slot < end; ++slot) {
            const Megaflow* flow = cache.in_slot(static_cast<std::uint32_t>(slot));
            if (!flow) continue;
            entries.push_back({{"match", flow->match_text()},
                               {"actions", flow->actions_text()},
                               {"packets", flow->packets},
                               {"bytes", flow->bytes},
                               {"idle_seconds", whole_seconds(bridge.now() - flow->last_used)}});
        }
        return slot < cache.slots();
    });
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

std::string rule_name(const Rule& rule) {
    const std::string match = match_text(rule.match());
    return fmt::format("priority={}{}{}", rule.priority(), match.empty() ? "" : ",", match);
}

// Which rules drop, or which tables have none: by the decisions that are cached now.
json dropping_rules(const Bridge& bridge) {
    const FlowTables& tables = bridge.tables().flow_tables();
    struct Dropped {
        std::string rule;  // empty: the table has none
        std::uint64_t frames = 0;
    };
    // Rules by their slot; none has one that no rule has.
    std::map<std::tuple<DropReason, std::uint8_t, std::uint32_t>, Dropped> dropped;
    bridge.engine().megaflows().for_each([&](const Megaflow& flow) {
        if (!flow.program->drops() || flow.counting.lookups.empty()) return;
        const auto before = std::span(flow.counting.lookups).first(flow.counting.blamed);
        const Counting::Lookup& last = flow.counting.lookups[flow.counting.blamed];
        const auto matched =
            static_cast<std::size_t>(std::ranges::count(before, true, &Counting::Lookup::matched));
        const Rule* const rule = last.matched ? tables.find(flow.counting.rules[matched]) : nullptr;
        if (last.matched && !rule) return;
        const DropReason reason = std::get<Drop>(flow.program->steps.front()).reason;
        Dropped& found = dropped[{reason, last.table, rule ? rule->id.slot : tables.slots()}];
        if (rule && found.rule.empty()) found.rule = rule_name(*rule);
        found.frames += flow.packets;
    });
    json result = json::array();
    for (const auto& [where, found] : dropped)
        result.push_back({{"reason", to_string(std::get<DropReason>(where))},
                          {"table", std::get<std::uint8_t>(where)},
                          {"rule", found.rule.empty() ? json(nullptr) : json(found.rule)},
                          {"frames", found.frames}});
    return result;
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
    return {{"total", drops(total)},
            {"ports", std::move(by_port)},
            {"rules", dropping_rules(context.bridge)}};
}

// -- rules

FlowMod every_rule() {
    FlowMod request;
    request.command = FlowMod::Command::remove;
    request.table = table_all;
    return request;
}

json rule_json(const Rule& rule, TimePoint now) {
    return {{"table", rule.table},
            {"priority", rule.priority()},
            {"cookie", rule.cookie},
            {"match", match_text(rule.match())},
            {"actions", actions_text(rule.actions)},
            {"packets", rule.packets},
            {"bytes", rule.bytes},
            {"duration_seconds", whole_seconds(now - rule.created)},
            {"idle_seconds", whole_seconds(now - rule.used)},
            {"idle_timeout", rule.idle_timeout},
            {"hard_timeout", rule.hard_timeout},
            {"text", rule_text(rule, now)}};
}

ControlReply flows(const ControlContext& context, ControlArguments arguments) {
    FlowMod request = every_rule();
    if (!arguments.empty()) {
        const std::string& text = arguments[0];
        const char* const end = text.data() + text.size();
        const auto [last, error] = std::from_chars(text.data(), end, request.table);
        if (error != std::errc{} || last != end || request.table >= table_count)
            return std::unexpected(
                fmt::format("'{}' is no table (0 to {})", printable(text), table_count - 1));
    }
    const FlowTables& tables = context.bridge.tables().flow_tables();
    tables.settle();
    const auto rules = std::make_shared<RuleWalk>(tables, RuleSelection(request));
    return ControlList([&bridge = context.bridge, rules, found = false](json& entries) mutable {
        if (!found) {
            found = rules->look_around();
            return true;
        }
        const Rule* rule = rules->next();
        if (rule) entries.push_back(rule_json(*rule, bridge.now()));
        return rule != nullptr;
    });
}

// -- ports

json keys_json(std::span<const PortKey> keys) {
    json result = json::array();
    for (const PortKey& key : keys)
        result.push_back({{"key", key.name},
                          {"value", key.value},
                          {"default", key.fallback},
                          {"help", key.help}});
    return result;
}

json types(const ControlContext&) {
    json result = json::array();
    for (const PortType& type : port_types()) {
        json keys = keys_json(common_port_keys());
        for (const json& key : keys_json(type.keys)) keys.push_back(key);
        result.push_back({{"type", type.name},
                          {"help", type.help},
                          {"example", type.example},
                          {"keys", std::move(keys)}});
    }
    return result;
}

ControlReply add_port(const ControlContext& context, ControlArguments arguments) {
    const auto spec = parse_port_spec(arguments[0]);
    if (!spec) return std::unexpected(spec.error());
    const auto port = context.ports.add(*spec);
    if (!port) return std::unexpected(port.error());
    return json{{"port", (*port)->number},
                {"name", (*port)->name},
                {"place", context.ports.place_of((*port)->number)}};
}

ControlReply delete_port(const ControlContext& context, ControlArguments arguments) {
    if (const auto removed = context.ports.remove(arguments[0]); !removed)
        return std::unexpected(removed.error());
    return json::object();
}

template <bool up>
ControlReply set_port_up(const ControlContext& context, ControlArguments arguments) {
    if (const auto set = context.ports.set_up(arguments[0], up); !set)
        return std::unexpected(set.error());
    return json::object();
}

// -- forwards

ControlReply forwards(const ControlContext& context, ControlArguments arguments) {
    const auto nat = context.ports.nat(arguments.empty() ? "" : arguments[0]);
    if (!nat) return std::unexpected(nat.error());
    json result = json::array();
    for (const NatForward& each : (*nat)->forwards())
        result.push_back({{"host", each.host_text()}, {"guest", each.guest.text()}});
    return result;
}

template <std::expected<NatForward, std::string> (*parse)(std::string_view),
          std::expected<void, std::string> (NatPort::*change)(const NatForward&)>
ControlReply change_forwards(const ControlContext& context, ControlArguments arguments) {
    const auto nat = context.ports.nat(arguments.size() > 1 ? arguments[1] : "");
    if (!nat) return std::unexpected(nat.error());
    const auto forward = parse(arguments[0]);
    if (!forward) return std::unexpected(forward.error());
    if (const auto done = ((*nat)->*change)(*forward); !done) return std::unexpected(done.error());
    return json::object();
}

// -- bridges

json bridges(const ControlContext& context) {
    json result = json::array();
    for (const Bridge* bridge : context.bridges.list().all()) {
        const auto its = context.bridges.context(bridge->name());
        const auto ports = bridge->ports();
        result.push_back({{"bridge", bridge->name()},
                          {"vde_directory", its->vde_directory},
                          {"ports", ports.size()},
                          {"ports_active", std::ranges::count_if(ports, &Port::active)},
                          {"rules", bridge->tables().flow_tables().shown()},
                          {"stations", bridge->tables().macs().size()}});
    }
    return result;
}

ControlReply add_bridge(const ControlContext& context, ControlArguments arguments) {
    if (const auto added = context.bridges.add_bridge(arguments); !added)
        return std::unexpected(added.error());
    const std::string directory = context.bridges.context(arguments[0])->vde_directory;
    return json{
        {"bridge", arguments[0]}, {"vde_directory", directory}, {"qemu", plug_hint(directory)}};
}

ControlReply delete_bridge(const ControlContext& context, ControlArguments arguments) {
    if (const auto removed = context.bridges.remove_bridge(arguments[0]); !removed)
        return std::unexpected(removed.error());
    return json::object();
}

std::string_view reason_of(FlowModError error) {
    switch (error) {
        case FlowModError::table_full: return "the table is full, or all rules hold too much";
        case FlowModError::bad_table_id: return "there is no such table";
        case FlowModError::overlap:
            return "another rule of this priority matches some of the same packets (without "
                   "check_overlap it would be added)";
        case FlowModError::bad_command: return "there is no such command";
        case FlowModError::bad_flags: return "these flags do not go together";
        case FlowModError::goto_backwards:
            return "goto_table only goes to a table behind the rule's own (table=N, 0 unless "
                   "given), "
                   "254 at most";
    }
    return "the tables cannot take it";
}

template <FlowMod::Command command>
ControlReply change_flows(const ControlContext& context, ControlArguments arguments) {
    Bridge& bridge = context.bridge;
    const std::string_view text = arguments.empty() ? std::string_view{} : arguments[0];
    const auto mod = parse_flow_mod(
        text, command, [&](std::string_view name) { return bridge.port_of_name(name); });
    if (!mod) return std::unexpected("the flow is not understood\n" + explained(text, mod.error()));
    if (const auto told = openflow::check_expressible(*mod); !told)
        return std::unexpected(
            fmt::format("OpenFlow has no way to say this, so no controller could see it ({})",
                        openflow::name(told.error())));
    FlowTables& tables = bridge.tables().flow_tables();
    if (const auto applied = tables.apply(*mod, bridge.now()); !applied)
        return std::unexpected(std::string(reason_of(applied.error())));
    bridge.ageing_changed();
    return json{{"rules", tables.shown()}, {"overruled", overruled(tables)}};
}

// What takes no arguments and cannot be refused.
template <json (*question)(const ControlContext&)>
ControlReply ask(const ControlContext& context, ControlArguments) {
    return question(context);
}

using enum FlowMod::Command;
constexpr ControlCommand commands[] = {
    {"show", "", "the switch: where it is, how to plug in, what it holds", 0, 0, ask<show>},
    {"bridges", "", "the bridges of the switch; others are told with --bridge", 0, 0, ask<bridges>},
    {"add-bridge", "NAME [OPTION...]", "add a bridge: options as --help of switchd has them", 1,
     100, add_bridge},
    {"del-bridge", "NAME", "remove a bridge, with all that is plugged in", 1, 1, delete_bridge},
    {"ports", "", "the ports: what is attached, traffic, drops", 0, 0, ask<ports>},
    {"port-types", "", "the types of ports, their keys and defaults", 0, 0, ask<types>},
    {"add-port", "type=TYPE[,KEY=VALUE...]", "add a port: a TAP, a socket for QEMU", 1, 1,
     add_port},
    {"port-down", "NAME", "take a port down, where its peer can see it", 1, 1, set_port_up<false>},
    {"port-up", "NAME", "and up again", 1, 1, set_port_up<true>},
    {"del-port", "NAME", "remove a port that was added", 1, 1, delete_port},
    {"forwards", "[NAT]", "ports of the host that lead to guests behind a NAT", 0, 1, forwards},
    {"add-forward", "FORWARD [NAT]", "add one: tcp:127.0.0.1:2222-10.0.2.15:22", 1, 2,
     change_forwards<NatForward::parse, &NatPort::add>},
    {"del-forward", "HOST [NAT]", "remove one: tcp:127.0.0.1:2222", 1, 2,
     change_forwards<NatForward::parse_host, &NatPort::remove>},
    {"macs", "", "the stations that are known, and their ports", 0, 0, macs},
    {"megaflows", "", "the cached decisions that carry traffic now", 0, 0, megaflows},
    {"counters", "", "traffic in all, and how well the cache works", 0, 0, ask<counters>},
    {"drops", "", "dropped frames by reason, in all and by port", 0, 0, ask<all_drops>},
    {"flows", "[TABLE]", "the rules of all tables or of one", 0, 1, flows},
    {"add-flow", "FLOW", "add a rule, as ovs-ofctl does", 1, 1, change_flows<add>},
    {"mod-flows", "FLOW", "give rules that match other actions", 1, 1, change_flows<modify>},
    {"del-flows", "[FLOW]", "remove the rules that match, or all", 0, 1, change_flows<remove>},
    {"trace", "FLOW [HEX]", "explain what happens to a packet, and why", 1, 2, trace_in_control},
};

}  // namespace

std::span<const ControlCommand> control_commands() {
    return commands;
}

}  // namespace switchd
