#include "switchd/unixctl_commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "flows/action_text.h"
#include "flows/match_text.h"
#include "flows/rule_walk.h"
#include "switchd/datapath_flow_text.h"
#include "switchd/engine_counters.h"
#include "switchd/unixctl_stations.h"
#include "switchd/unixctl_trace.h"
#include "switchd/version.h"

namespace switchd {

namespace {

// What Open vSwitch calls its datapath in user space.
constexpr std::string_view datapath_name = "netdev@ovs-netdev";

constexpr std::size_t any_number = 1000;

// Of a list, what is looked at in one go.
constexpr std::uint32_t slots_at_once = 64;

std::string_view type_of(const Port& port) {
    const bool tap = port.active() && port.endpoints.front()->module() == "tuntap";
    return tap ? "tap" : "vde";
}

std::uint64_t missed(const Bridge& bridge) {
    const auto& statistics = bridge.engine().statistics();
    return statistics.misses + statistics.replaced + statistics.revalidated;
}

// What Open vSwitch would say of the datapath that is behind all bridges.
struct Lookups {
    explicit Lookups(const BridgeList& bridges) {
        for (const Bridge* bridge : bridges.all()) {
            const MegaflowCache& cache = bridge->engine().megaflows();
            hits += bridge->engine().statistics().hits;
            misses += missed(*bridge);
            flows += cache.size();
            flows_max += cache.statistics().size_max;
            flows_limit += cache.settings().entries_max;
            masks += cache.masks();
            masks_asked += cache.statistics().subtables_asked;
            cache_hits += cache.statistics().front_hits;
        }
    }
    std::uint64_t hits = 0, misses = 0, masks_asked = 0, cache_hits = 0;
    std::size_t flows = 0, flows_max = 0, flows_limit = 0, masks = 0;
};

// -- the process

UnixctlReply show_version(const UnixctlContext&, UnixctlArguments) {
    return fmt::format("{}, in the place of ovs-vswitchd (Open vSwitch) 3.1.0\n", version);
}

UnixctlReply list_commands(const UnixctlContext&, UnixctlArguments) {
    std::string text = "The available commands are:\n";
    for (const UnixctlCommand& command : unixctl_commands())
        text += fmt::format("  {:<23} {}\n", command.name, command.usage);
    return text;
}

UnixctlReply show_memory(const UnixctlContext& context, UnixctlArguments) {
    std::size_t masks = 0, megaflow_bytes = 0, megaflows = 0, ports = 0, rule_bytes = 0, rules = 0,
                stations = 0;
    for (const Bridge* bridge : context.bridges.all()) {
        const MegaflowCache& cache = bridge->engine().megaflows();
        const FlowTables& tables = bridge->tables().flow_tables();
        masks += cache.masks();
        megaflow_bytes += cache.size() * sizeof(Megaflow) + cache.bytes();
        megaflows += cache.size();
        ports += bridge->ports().size();
        rule_bytes += tables.bytes();
        rules += tables.size();
        stations += bridge->tables().macs().size();
    }
    return fmt::format(
        "masks:{} megaflow-bytes:{} megaflows:{} ports:{} rule-bytes:{} rules:{} stations:{}\n",
        masks, megaflow_bytes, megaflows, ports, rule_bytes, rules, stations);
}

using Counters = std::vector<std::pair<std::string, std::uint64_t>>;

// Of all engines, and the drops of all ports.
Counters all_counters(const BridgeList& bridges) {
    Counters counters;
    DropCounters drops{};
    for (const Bridge* bridge : bridges.all()) {
        std::size_t at = 0;
        for (const auto& [name, count] : engine_counters(bridge->engine())) {
            if (at == counters.size()) counters.emplace_back(name, 0);
            counters[at++].second += count;
        }
        for (const Port* port : bridge->ports()) {
            const DropCounters dropped = port->all_drops();
            for (std::size_t i = 0; i < drops.size(); ++i) drops[i] += dropped[i];
        }
    }
    for (std::size_t i = 0; i < drops.size(); ++i)
        counters.emplace_back(fmt::format("drop_{}", to_string(static_cast<DropReason>(i))),
                              drops[i]);
    return counters;
}

// Without rates: nothing wakes up to measure them.
UnixctlReply show_coverage(const UnixctlContext& context, UnixctlArguments) {
    std::string text = "Event coverage, total since the start, drops of the present ports:\n";
    std::size_t never = 0;
    for (const auto& [name, count] : all_counters(context.bridges))
        if (count > 0)
            text += fmt::format("{:<27} total: {}\n", name, count);
        else
            ++never;
    return text + fmt::format("{} events never hit\n", never);
}

UnixctlReply read_counter(const UnixctlContext& context, UnixctlArguments arguments) {
    for (const auto& [name, count] : all_counters(context.bridges))
        if (name == arguments[0]) return fmt::format("{}\n", count);
    return failure("No such counter");
}

// -- rules

std::string rule_line(const Rule& rule, TimePoint now) {
    const std::string table = rule.table == 0 ? "" : fmt::format("table_id={}, ", rule.table);
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(now - rule.created);
    const std::string match = match_text(rule.match());
    return fmt::format("{}duration={}s, n_packets={}, n_bytes={}, priority={}{}{},actions={}\n",
                       table, age.count(), rule.packets, rule.bytes, rule.priority(),
                       match.empty() ? "" : ",", match, actions_text(rule.actions));
}

// The switch's own are shown as well.
UnixctlReply dump_rules(const UnixctlContext& context, UnixctlArguments arguments) {
    const auto found = bridge_of(context, arguments[0]);
    if (!found) return failure(found.error());
    const Bridge& bridge = **found;
    const FlowTables& tables = bridge.tables().flow_tables();
    tables.settle();
    const auto rules = std::make_shared<RuleWalk>(tables, RuleSelection::everything());
    return UnixctlText("", [&bridge, rules, found = false](std::string& text) mutable {
        if (!found) {
            found = rules->look_around();
            return true;
        }
        const Rule* rule = rules->next();
        if (rule) text += rule_line(*rule, bridge.now());
        return rule != nullptr;
    });
}

UnixctlReply list_bridges(const UnixctlContext& context, UnixctlArguments) {
    std::string text;
    for (const Bridge* bridge : context.bridges.all()) text += bridge->name() + "\n";
    return text;
}

// -- the datapath

UnixctlReply show_bridges(const UnixctlContext& context, UnixctlArguments) {
    const Lookups lookups(context.bridges);
    std::string text =
        fmt::format("{}: hit:{} missed:{}\n", datapath_name, lookups.hits, lookups.misses);
    for (const Bridge* bridge : context.bridges.all()) {
        text += fmt::format("  {}:\n", bridge->name());
        for (const Port* port : bridge->ports())
            text += fmt::format("    {} {}/{}: ({})\n", port->name, port->number & 0xffff,
                                port->number, type_of(*port));
    }
    return text;
}

// "12345 (12.1 KiB)", in the largest unit that leaves a whole one.
std::string bytes_text(std::uint64_t bytes) {
    constexpr std::array<std::string_view, 4> units{"TiB", "GiB", "MiB", "KiB"};
    std::uint64_t size = std::uint64_t{1} << 40;
    for (const std::string_view unit : units) {
        if (bytes >= size)
            return fmt::format("{} ({:.1f} {})", bytes,
                               static_cast<double>(bytes) / static_cast<double>(size), unit);
        size >>= 10;
    }
    return std::to_string(bytes);
}

std::string statistics_text(const Port& port) {
    std::uint64_t dropped = 0;
    for (const std::uint64_t count : port.all_drops()) dropped += count;
    return fmt::format(
        "    RX packets:{} errors:? dropped:{} overruns:? frame:?\n"
        "    TX packets:{} errors:? dropped:? aborted:? carrier:?\n"
        "    collisions:?\n"
        "    RX bytes:{}  TX bytes:{}\n",
        port.in.packets, dropped, port.out.packets, bytes_text(port.in.bytes),
        bytes_text(port.out.bytes));
}

// With what Open vSwitch shows of masks and their cache for the kernel's datapath.
std::string lookups_text(const Lookups& lookups) {
    const auto of_all = [&](std::uint64_t count) {
        const std::uint64_t all = lookups.hits + lookups.misses;
        return all == 0 ? 0.0 : static_cast<double>(count) / static_cast<double>(all);
    };
    return fmt::format(
        "{}:\n"
        "  lookups: hit:{} missed:{} lost:0\n"
        "  flows: {}\n"
        "  masks: hit:{} total:{} hit/pkt:{:.2f}\n"
        "  cache: hit:{} hit-rate:{:.2f}%\n",
        datapath_name, lookups.hits, lookups.misses, lookups.flows, lookups.masks_asked,
        lookups.masks, of_all(lookups.masks_asked), lookups.cache_hits,
        100 * of_all(lookups.cache_hits));
}

UnixctlReply show_datapath(const UnixctlContext& context, UnixctlArguments arguments) {
    bool statistics = false;
    for (const std::string& word : arguments) {
        if (word == "-s" || word == "--statistics")
            statistics = true;
        else if (word.starts_with('-'))
            return failure(fmt::format("Unrecognized option {}", word));
        else if (word != datapath_name)
            return failure(fmt::format(
                "ovs-vswitchd: opening datapath {} failed (No such file or directory)", word));
    }
    std::string text = lookups_text(Lookups(context.bridges));
    for (const Bridge* bridge : context.bridges.all())
        for (const Port* port : bridge->ports()) {
            text += fmt::format("  port {}: {} ({})\n", port->number, port->name, type_of(*port));
            if (statistics) text += statistics_text(*port);
        }
    return text;
}

struct DumpOptions {
    bool more = false;
    bool names = false;  // of ports, instead of their numbers
    bool all = true;     // of the types of flows that Open vSwitch tells apart, ours is one
    std::vector<std::string_view> words;
};

std::expected<DumpOptions, std::string> dump_options(UnixctlArguments arguments) {
    DumpOptions options;
    for (const std::string& word : arguments) {
        if (word == "-m" || word == "--more") {
            options.more = true;
        } else if (word == "--names") {
            options.names = true;
        } else if (word == "--no-names") {
            options.names = false;
        } else if (word.starts_with("type=")) {
            const std::string_view types = std::string_view(word).substr(5);
            options.all = types.find("ovs") != types.npos || types.find("all") != types.npos;
        } else if (word.starts_with("filter=") || word.starts_with("pmd=")) {
            return failure(fmt::format("{} is not known to this switch: search its output instead",
                                       word.substr(0, word.find('='))));
        } else if (word.starts_with('-')) {
            return failure(fmt::format("Unrecognized option {}", word));
        } else {
            options.words.push_back(word);
        }
    }
    return options;
}

// The heading stands before the first flow, if there is one.
UnixctlReply flows_text(std::vector<Bridge*> bridges, const DumpOptions& options,
                        std::string heading) {
    if (!options.all) return "";
    const auto next = [bridges = std::move(bridges), more = options.more, names = options.names,
                       heading = std::move(heading), of = std::size_t{0},
                       slot = std::uint32_t{0}](std::string& text) mutable {
        if (of == bridges.size()) return false;
        const Bridge& bridge = *bridges[of];
        const MegaflowCache& cache = bridge.engine().megaflows();
        const auto port = [&](PortNumber number) {
            return names ? bridge.port_name(number) : std::to_string(number);
        };
        for (const std::uint32_t end = std::min(slot + slots_at_once, cache.slots()); slot < end;
             ++slot) {
            const Megaflow* flow = cache.in_slot(slot);
            if (!flow) continue;
            text += std::exchange(heading, "");
            if (more) text += fmt::format("ufid:{}, ", datapath_flow_id(*flow));
            text += datapath_flow_text(*flow, bridge.now(), port) + "\n";
        }
        if (slot < cache.slots()) return true;
        slot = 0;
        return ++of < bridges.size();
    };
    return UnixctlText("", next);
}

UnixctlReply dump_datapath_flows(const UnixctlContext& context, UnixctlArguments arguments) {
    const auto options = dump_options(arguments);
    if (!options) return failure(options.error());
    if (!options->words.empty() && options->words.front() != datapath_name)
        return failure("ovs-vswitchd: datapath not found (Invalid argument)");
    const auto all = context.bridges.all();
    return flows_text({all.begin(), all.end()}, *options, "flow-dump from the main thread:\n");
}

UnixctlReply dump_bridge_flows(const UnixctlContext& context, UnixctlArguments arguments) {
    const auto options = dump_options(arguments);
    if (!options) return failure(options.error());
    const auto bridge = bridge_of(context, options->words.empty() ? "" : options->words.front());
    if (!bridge) return failure(bridge.error());
    return flows_text({*bridge}, *options, "");
}

UnixctlReply show_upcalls(const UnixctlContext& context, UnixctlArguments) {
    const Lookups lookups(context.bridges);
    return fmt::format("{}:\n  flows         : (current {}) (max {}) (limit {})\n", datapath_name,
                       lookups.flows, lookups.flows_max, lookups.flows_limit);
}

// A change of the tables is in force when it has been answered: there is nothing to wait for.
UnixctlReply await_revalidation(const UnixctlContext&, UnixctlArguments) {
    return "";
}

UnixctlReply purge_flows(const UnixctlContext& context, UnixctlArguments) {
    for (Bridge* bridge : context.bridges.all()) bridge->engine().flush_megaflows();
    return "";
}

// -- the log

// The switch is one module to it.
constexpr std::string_view log_module = "switchd";

struct LevelName {
    std::string_view name;  // in upper case when shown
    Log::Level level;
};
constexpr LevelName level_names[] = {{"off", Log::Level::off},   {"emer", Log::Level::emergency},
                                     {"err", Log::Level::error}, {"warn", Log::Level::warning},
                                     {"info", Log::Level::info}, {"dbg", Log::Level::debug}};

std::string level_text(Log::Level level) {
    const auto it = std::ranges::find(level_names, level, &LevelName::level);
    std::string text{it->name};
    for (char& c : text) c = static_cast<char>(c - 'a' + 'A');
    return text;
}

std::string lower(std::string_view word) {
    std::string text{word};
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return text;
}

UnixctlReply list_log(const UnixctlContext& context, UnixctlArguments) {
    return fmt::format(
        "                 console    syslog    file\n"
        "                 -------    ------    ------\n"
        "{:<16}  {:>4}       {:>4}       {:>4}\n",
        log_module, level_text(context.log.threshold(Log::Destination::console)),
        level_text(context.log.threshold(Log::Destination::syslog)), "OFF");
}

// In the words of vlog: %A the program, %P its id, %D the time, %B facility and level, %m the text.
UnixctlReply list_log_patterns(const UnixctlContext&, UnixctlArguments) {
    return "         prefix                            format\n"
           "         ------                            ------\n"
           "SYSLOG   <%B>%D{%h %e %T} %A[%P]:          %m\n"
           "CONSOLE  none                              %A: %m\n";
}

UnixctlReply reopen_log(const UnixctlContext&, UnixctlArguments) {
    return failure("Logging to file not configured");
}

// There is no file to close.
UnixctlReply close_log(const UnixctlContext&, UnixctlArguments) {
    return "";
}

// "ANY:syslog:dbg": a module, a destination and a level, in any order, at most one of each.
std::optional<std::string> set_log(Log& log, std::string_view specification) {
    std::optional<Log::Level> level;
    std::optional<std::string> destination;
    bool module = false;
    while (!specification.empty()) {
        const std::string_view word = specification.substr(0, specification.find_first_of(" ,:"));
        specification.remove_prefix(std::min(word.size() + 1, specification.size()));
        if (word.empty()) continue;
        const std::string name = lower(word);
        const auto named = std::ranges::find(level_names, name, &LevelName::name);
        if (named != std::end(level_names)) {
            if (level) return "cannot specify multiple levels";
            level = named->level;
        } else if (name == "console" || name == "syslog" || name == "file") {
            if (destination) return "cannot specify multiple destinations";
            destination = name;
        } else if (name == "any" || name == log_module) {
            if (module) return "cannot specify multiple modules";
            module = true;
        } else {
            return fmt::format("no destination, level, or module \"{}\"", word);
        }
    }
    // Without a level, all that can be said is said. There is no file to write to.
    for (const auto& [name, to] : {std::pair{"console", Log::Destination::console},
                                   std::pair{"syslog", Log::Destination::syslog}})
        if (!destination || *destination == name)
            log.set_threshold(to, level.value_or(Log::Level::debug));
    return std::nullopt;
}

UnixctlReply change_log(const UnixctlContext& context, UnixctlArguments arguments) {
    if (arguments.empty()) set_log(context.log, "");
    for (const std::string& specification : arguments) {
        if (lower(specification).starts_with("pattern:"))
            return failure("the pattern of log lines cannot be changed");
        if (const auto wrong = set_log(context.log, specification)) return failure(*wrong);
    }
    return "";
}

constexpr UnixctlCommand commands[] = {
    {"bridge/dump-flows", "bridge", 1, 1, dump_rules},
    {"coverage/read-counter", "COUNTER", 1, 1, read_counter},
    {"coverage/show", "", 0, 0, show_coverage},
    {"dpctl/dump-flows", "[-m] [--names] [dp] [type=..]", 0, 6, dump_datapath_flows},
    {"dpctl/show", "[-s] [dp...]", 0, any_number, show_datapath},
    {"dpif/dump-flows", "[-m] [--names | --no-names] bridge", 1, any_number, dump_bridge_flows},
    {"dpif/show", "", 0, 0, show_bridges},
    {"fdb/add", "bridge port vlan mac", 4, 4, set_station},
    {"fdb/del", "bridge vlan mac", 3, 3, remove_station},
    {"fdb/flush", "[bridge]", 0, 1, flush_stations},
    {"fdb/show", "bridge", 1, 1, show_stations},
    {"fdb/stats-clear", "[bridge]", 0, 1, clear_station_statistics},
    {"fdb/stats-show", "bridge", 1, 1, show_station_statistics},
    {"list-commands", "", 0, 0, list_commands},
    {"memory/show", "", 0, 0, show_memory},
    {"ofproto/list", "", 0, 0, list_bridges},
    {"ofproto/trace", "bridge flow [-generate|packet]", 1, 3, trace_flow},
    {"revalidator/purge", "", 0, 0, purge_flows},
    {"revalidator/wait", "", 0, 0, await_revalidation},
    {"upcall/show", "", 0, 0, show_upcalls},
    {"version", "", 0, 0, show_version},
    {"vlog/close", "", 0, 0, close_log},
    {"vlog/list", "", 0, 0, list_log},
    {"vlog/list-pattern", "", 0, 0, list_log_patterns},
    {"vlog/reopen", "", 0, 0, reopen_log},
    {"vlog/set", "[spec...]", 0, any_number, change_log},
};
static_assert(std::ranges::is_sorted(commands, {}, &UnixctlCommand::name));

}  // namespace

std::span<const UnixctlCommand> unixctl_commands() {
    return commands;
}

UnixctlReply run_unixctl_command(const UnixctlContext& context, std::string_view name,
                                 UnixctlArguments arguments) {
    const auto command = std::ranges::find(commands, name, &UnixctlCommand::name);
    if (command == std::end(commands))
        return failure(
            fmt::format("\"{}\" is not a valid command (use \"list-commands\" to see a "
                        "list of valid commands)",
                        name));
    if (arguments.size() < command->arguments_min)
        return failure(fmt::format("\"{}\" command requires at least {} arguments", name,
                                   command->arguments_min));
    if (arguments.size() > command->arguments_max)
        return failure(
            fmt::format("\"{}\" command takes at most {} arguments", name, command->arguments_max));
    return command->run(context, arguments);
}

}  // namespace switchd
