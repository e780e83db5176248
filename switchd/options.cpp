#include "switchd/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <optional>
#include <vector>

#include "flows/flow_tables.h"
#include "switchd/core/printable.h"
#include "switchd/option_reader.h"
#include "switchd/port_types.h"
#include "switchd/run_directory.h"
#include "switchd/version.h"
#include "vde-compat/setting_values.h"

namespace switchd {

namespace {

constexpr std::string_view licence =
    "Licensed under the Apache License, Version 2.0. There is NO WARRANTY, to the extent permitted "
    "by law.";

constexpr OptionText general_options[] = {
    {"help", "", "show this and exit"},
    {"version", "", "show the version and exit"},
    {"run-dir", "DIR", "where everything is that others connect to"},
};

constexpr OptionText process_options[] = {
    {"config", "FILE", "a JSON object of options, without their dashes"},
    {"daemon", "", "go into the background once all is set up"},
    {"pidfile", "FILE", "where to write the process id (RUN-DIR/switchd.pid)"},
    {"autovalidate", "1/N", "compare one in N cached decisions with the tables"},
    {"bridge", "NAME", "begin a bridge: what follows is said of it; may be repeated", true},
};

constexpr OptionText bridge_options[] = {
    {"rcfile", "FILE", "console commands to start with"},
    {"numports", "N", "number of ports: plugs get 1 to N (32)"},
    {"hub", "", "be a hub: every frame to every port (cancels --fstp)"},
    {"fstp", "", "take part in VDE's fast spanning tree"},
    {"macaddr", "MAC", "MAC address of the switch (00:ff and four random bytes)"},
    {"priority", "N", "its priority in the spanning tree (0x8000)"},
    {"hashsize", "N", "size of the MAC table's hash (128)"},
    {"strict-vlan", "", "drop tagged frames also while no VLAN is configured"},
    {"mode", "MODE", "rights of the plugs' sockets, octal (0600)"},
    {"dirmode", "MODE", "rights of the plugs' directory, octal (02700)"},
    {"group", "GROUP", "group of the plugs' directory and sockets"},
    {"port", "type=TYPE[,KEY=VALUE...]", "add a port, see switchctl port-types; may be repeated",
     true},
    {"nat", "", "add the way out: DHCP, DNS, NAT; the same as --port type=nat,name=nat"},
    {"tap", "IF[,IF...]", "attach TAP interfaces; may be repeated", true},
    {"local", "IF", "a TAP interface as the port LOCAL, the host's own"},
    {"mgmt", "SOCK", "management socket: the console for unixterm and vdecmd"},
    {"mgmtmode", "MODE", "rights of the management socket, octal (0600)"},
    {"mgmtgroup", "GROUP", "group of the management socket"},
};

constexpr OptionText openflow_options[] = {
    {"controller", "TARGET", "an OpenFlow controller: tcp:, ssl:, unix:, ptcp:, ...", true},
    {"fail-mode", "MODE", "without a controller: standalone or secure (standalone)"},
    {"inactivity-probe", "SECONDS", "silence before a controller is asked if it lives (5)"},
    {"datapath-id", "HEX", "how controllers know the bridge (from its MAC address)"},
    {"protocols", "LIST", "versions to speak: OpenFlow10,...,OpenFlow15 (all)"},
    {"flow-limit", "[TABLE=]N", "rules that each table, or this one, may have (1000000)", true},
    {"private-key", "FILE", "for ssl: and pssl:, the switch's key"},
    {"certificate", "FILE", "and its certificate"},
    {"ca-cert", "FILE", "and who signs the controllers' certificates"},
};

constexpr OptionText switchctl_options[] = {
    {"bridge", "NAME", "which bridge, if there are several (the first)"},
    {"json", "", "print JSON, for programs"},
    {"pcap", "FILE[:N]", "trace the Nth frame of a capture file (1)"},
};

// A long name has a line of its own.
std::string help_line(const std::string& name, std::string_view help) {
    constexpr std::size_t width = 22;
    return fmt::format("  {:<{}}{}{}\n", name, width,
                       name.size() > width ? "\n" + std::string(width + 3, ' ') : " ", help);
}

std::string help_of(std::span<const OptionText> options) {
    std::string text;
    for (const OptionText& option : options)
        text += help_line(fmt::format("--{} {}", option.name, option.value), option.help);
    return text;
}

std::string switchd_help() {
    return fmt::format(
        R"(Usage: switchd [OPTIONS]
A virtual switch: one bridge, br0, that virtual machines plug into. Runs until SIGTERM.

{}{}
Of a bridge:
{}
And its OpenFlow:
{}
Everything has a default; none of it needs root. The run directory is
    {}
and machines plug into RUN-DIR/br0. For example:
    switchd &
    qemu-system-x86_64 -nic vde,sock={}/br0,mac=52:54:00:00:00:01 ...     (each with its own mac)
    switchctl show
Several bridges, each with the options that follow it:
    switchd --bridge inside --nat --bridge dmz --numports 8
A switch for a group of users, in the background:
    switchd --daemon --run-dir /run/switchd --group users --mode 660
)",
        help_of(general_options), help_of(process_options), help_of(bridge_options),
        help_of(openflow_options), default_run_directory(), default_run_directory());
}

std::string usage_of(const SwitchctlCommand& command) {
    std::string text{command.name};
    if (!command.usage.empty()) text += fmt::format(" {}", command.usage);
    return text;
}

std::string switchctl_help(std::span<const SwitchctlCommand> commands) {
    std::string list;
    for (const SwitchctlCommand& command : commands)
        list += help_line(usage_of(command), command.help);
    return fmt::format(
        R"(Usage: switchctl [OPTIONS] COMMAND
Asks a running switchd, or changes its rules.

{}
{}{}
Exit status: 0 done, 1 the switch refused, 2 the command line is wrong, 3 no switch there.
The run directory is {} unless told otherwise. For example:
    switchctl show
    switchctl --json ports
    switchctl add-flow 'priority=10,tcp,tp_dst=23,actions=drop'
    switchctl trace in_port=1 --pcap lost.pcap:3
)",
        list, help_of(general_options), help_of(switchctl_options), default_run_directory());
}

OptionsExit version_text(std::string_view program) {
    return {fmt::format("{} ({})\n{}\n", program, version, licence), "", 0};
}

// Throws vde::ValueError.
vde::Settings vde_settings_of(const OptionReader& options) {
    vde::Settings settings;
    settings.read_stdin = false;
    if (options.given("rcfile"))
        settings.rc_file = vde::parse_path(options.value("rcfile"), "--rcfile");
    if (options.given("numports"))
        settings.port_count = vde::parse_port_count(options.value("numports"));
    settings.hub = options.given("hub");
    settings.fstp = options.given("fstp") && !settings.hub;
    if (options.given("macaddr")) settings.mac = vde::parse_switch_mac(options.value("macaddr"));
    if (options.given("priority"))
        settings.priority = vde::parse_priority(options.value("priority"));
    if (options.given("hashsize"))
        settings.hash_size = std::bit_ceil(vde::parse_hash_size(options.value("hashsize")));
    settings.strict_vlan = options.given("strict-vlan");

    std::optional<mode_t> mode, directory_mode;
    if (options.given("mode")) mode = vde::parse_mode(options.value("mode"), "--mode");
    if (options.given("dirmode"))
        directory_mode = vde::parse_mode(options.value("dirmode"), "--dirmode");
    const vde::Modes modes = vde::derive_modes(mode, directory_mode);
    settings.mode = modes.socket;
    settings.directory_mode = modes.directory;
    if (options.given("group")) settings.group = vde::parse_group(options.value("group"));
    for (const std::string& names : options.all_values("tap"))
        vde::append_names(names, settings.taps);

    if (options.given("mgmt")) {
        settings.management_socket = vde::parse_path(options.value("mgmt"), "--mgmt");
        settings.management_socket_typed = options.value("mgmt");
    }
    if (options.given("mgmtmode"))
        settings.management_mode = vde::parse_mode(options.value("mgmtmode"), "--mgmtmode");
    if (options.given("mgmtgroup"))
        settings.management_group = vde::parse_group(options.value("mgmtgroup"));
    return settings;
}

std::string run_directory_of(const OptionReader& options) {
    if (!options.given("run-dir")) return default_run_directory();
    std::string path = vde::parse_path(options.value("run-dir"), "--run-dir");
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    return path;
}

std::uint64_t parse_datapath_id(const std::string& text) {
    const bool prefixed = text.starts_with("0x") || text.starts_with("0X");
    const std::string_view digits = std::string_view(text).substr(prefixed ? 2 : 0);
    std::uint64_t id = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), id, 16);
    if (digits.size() > 16 || error != std::errc{} || end != digits.data() + digits.size() ||
        id == 0)
        throw vde::ValueError(fmt::format(
            "--datapath-id {} is none (1 to 16 hexadecimal digits, not all zero)", text));
    return id;
}

FailMode parse_fail_mode(const std::string& text) {
    if (text == "standalone") return FailMode::standalone;
    if (text == "secure") return FailMode::secure;
    throw vde::ValueError(fmt::format("--fail-mode {} is none (standalone or secure)", text));
}

Duration parse_probe_interval(const std::string& text) {
    constexpr unsigned seconds_max = 3600;
    unsigned seconds = 0;
    const char* const end = text.data() + text.size();
    const auto [last, error] = std::from_chars(text.data(), end, seconds);
    if (error != std::errc{} || last != end || seconds == 0 || seconds > seconds_max)
        throw vde::ValueError(fmt::format("--inactivity-probe {} is out of range (1 to {} seconds)",
                                          text, seconds_max));
    return std::chrono::seconds{seconds};
}

std::vector<openflow::Version> parse_versions(const std::string& list) {
    constexpr std::string_view names[] = {"OpenFlow10", "OpenFlow11", "OpenFlow12",
                                          "OpenFlow13", "OpenFlow14", "OpenFlow15"};
    std::vector<openflow::Version> versions;
    std::vector<std::string> words;
    vde::append_names(list, words);
    for (const std::string& word : words) {
        const auto name = std::ranges::find(names, word);
        if (name == std::end(names))
            throw vde::ValueError(fmt::format("--protocols {} has no such version as '{}' ({})",
                                              list, word, fmt::join(names, ", ")));
        versions.push_back(static_cast<openflow::Version>(name - std::begin(names) + 1));
    }
    if (versions.empty())
        throw vde::ValueError(fmt::format("--protocols names none ({})", fmt::join(names, ", ")));
    std::ranges::sort(versions);
    versions.erase(std::unique(versions.begin(), versions.end()), versions.end());
    return versions;
}

// "[TABLE=]N".
FlowLimit parse_flow_limit(const std::string& text) {
    const auto number = [](std::string_view digits, std::uint32_t max) {
        std::uint32_t value = 0;
        const char* const end = digits.data() + digits.size();
        const auto [last, error] = std::from_chars(digits.data(), end, value);
        const bool good = error == std::errc{} && last == end && value <= max;
        return good ? std::optional(value) : std::nullopt;
    };
    const std::size_t equals = text.find('=');
    const std::string_view words = text;
    const auto rules = number(words.substr(equals + 1), TableState{}.rules_max);
    const auto table = number(words.substr(0, equals), table_count - 1);
    if (!rules || (equals != text.npos && !table))
        throw vde::ValueError(
            fmt::format("--flow-limit {} is none ([TABLE=]N, TABLE 0 to {}, N up to {})", text,
                        table_count - 1, TableState{}.rules_max));
    if (equals == text.npos) return {std::nullopt, *rules};
    return {static_cast<std::uint8_t>(*table), *rules};
}

// "1/N".
std::uint32_t parse_one_in(const std::string& text) {
    std::uint32_t number = 0;
    const char* const end = text.data() + text.size();
    if (text.starts_with("1/")) {
        const auto [last, error] = std::from_chars(text.data() + 2, end, number);
        if (error == std::errc{} && last == end && number > 0) return number;
    }
    throw vde::ValueError(
        fmt::format("--autovalidate {} is no share (1/N, N from 1 on: 1/1 for all)", text));
}

std::optional<TlsFiles> tls_files_of(const OptionReader& options) {
    TlsFiles files;
    std::size_t given = 0;
    const std::pair<const char*, std::string*> all[] = {{"private-key", &files.private_key},
                                                        {"certificate", &files.certificate},
                                                        {"ca-cert", &files.ca_certificate}};
    for (const auto& [name, path] : all) {
        if (!options.given(name)) continue;
        *path = vde::parse_path(options.value(name), "--" + std::string(name));
        ++given;
    }
    if (given == 0) return std::nullopt;
    if (given < std::size(all))
        throw vde::ValueError(
            "TLS needs all of --private-key, --certificate and --ca-cert, or none");
    return files;
}

OpenflowOptions openflow_of(const OptionReader& options) {
    OpenflowOptions result;
    result.tls = tls_files_of(options);
    for (const std::string& text : options.all_values("controller")) {
        auto target = parse_stream_target(text);
        if (!target) throw vde::ValueError("--controller: " + target.error());
        if (target->kind == StreamTarget::Kind::tls && !result.tls)
            throw vde::ValueError(
                fmt::format("--controller {} needs TLS (add --private-key, --certificate and "
                            "--ca-cert)",
                            text));
        result.controllers.push_back(std::move(*target));
    }
    if (options.given("fail-mode")) result.fail_mode = parse_fail_mode(options.value("fail-mode"));
    if (options.given("inactivity-probe"))
        result.probe_interval = parse_probe_interval(options.value("inactivity-probe"));
    if (options.given("datapath-id"))
        result.datapath_id = parse_datapath_id(options.value("datapath-id"));
    for (const std::string& text : options.all_values("flow-limit"))
        result.flow_limits.push_back(parse_flow_limit(text));
    if (options.given("protocols")) result.versions = parse_versions(options.value("protocols"));
    return result;
}

// Throws vde::ValueError.
BridgeOptions bridge_of(const OptionReader& options, const std::string& name,
                        const std::string& run_directory) {
    if (const auto fits = check_bridge_name(name, run_directory); !fits)
        throw vde::ValueError(fits.error());
    BridgeOptions result;
    result.name = name;
    result.vde = vde_settings_of(options);
    result.vde.directory = run_directory + "/" + name;
    // As IEEE 802.1Q has it: five minutes, and a station that moves is found at its first frame.
    result.macs.hash_size = result.vde.hash_size;
    result.macs.expire_seconds = 300;
    result.macs.min_persistence_seconds = 0;
    if (options.given("local")) result.local_tap = options.value("local");
    for (const std::string& text : options.all_values("port")) {
        auto port = parse_port_spec(text);
        if (!port) throw vde::ValueError("--port: " + port.error());
        if (const auto type = port_type_of(*port); !type)
            throw vde::ValueError("--port " + text + ": " + type.error());
        result.ports.push_back(std::move(*port));
    }
    if (options.given("nat")) result.ports.push_back({"nat", {{"name", "nat"}}});
    result.openflow = openflow_of(options);
    return result;
}

// One bridge, as the command line or the file has it.
struct NamedBridge {
    std::string name;
    std::vector<std::string> words;
    std::vector<ConfigMember> members;
};

NamedBridge& bridge_called(std::vector<NamedBridge>& bridges, const std::string& name) {
    const auto known = std::ranges::find(bridges, name, &NamedBridge::name);
    if (known != bridges.end()) return *known;
    return bridges.emplace_back(NamedBridge{name, {}, {}});
}

// Takes what stands behind "--bridge NAME" out of the words.
std::vector<NamedBridge> take_bridges(std::vector<std::string>& words) {
    constexpr std::string_view option = "--bridge";
    std::vector<NamedBridge> bridges;
    std::vector<std::string> before;
    std::vector<std::string>* of = &before;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string& word = words[i];
        const bool has_name = word.starts_with("--bridge=");
        if (word != option && !has_name) {
            of->push_back(word);
            continue;
        }
        if (!has_name && i + 1 == words.size())
            throw vde::ValueError("--bridge needs a name (--bridge lan)");
        const std::string name = has_name ? word.substr(option.size() + 1) : words[++i];
        if (std::ranges::find(bridges, name, &NamedBridge::name) != bridges.end())
            throw vde::ValueError(fmt::format("--bridge {} is there twice", name));
        of = &bridges.emplace_back(NamedBridge{name, {}, {}}).words;
    }
    words = std::move(before);
    return bridges;
}

// Those of the file come first; what the command line says of one of them overrides it.
void add_bridges_of_file(std::vector<NamedBridge>& bridges,
                         std::vector<std::vector<ConfigMember>> entries) {
    std::vector<NamedBridge> all;
    for (auto& members : entries) {
        const auto name = std::ranges::find(members, "name", &ConfigMember::name);
        if (name == members.end() || name->values.size() != 1)
            throw vde::ValueError("each entry of \"bridge\" needs one \"name\"");
        const std::string text = name->values.front();
        if (std::ranges::find(all, text, &NamedBridge::name) != all.end())
            throw vde::ValueError(fmt::format("\"bridge\" has two with the name {}", text));
        members.erase(name);
        bridge_called(all, text).members = std::move(members);
    }
    for (NamedBridge& each : bridges) bridge_called(all, each.name).words = std::move(each.words);
    bridges = std::move(all);
}

// The first option of a bridge that has been said; null: none.
const OptionText* option_of_bridge(const OptionReader& options) {
    for (const auto group : {std::span<const OptionText>(bridge_options),
                             std::span<const OptionText>(openflow_options)})
        for (const OptionText& option : group)
            if (options.given(option.name)) return &option;
    return nullptr;
}

std::string no_option(const std::string& word) {
    return fmt::format("'{}' is no option (see switchd --help)", word);
}

bool is_of_process(std::string_view name) {
    for (const auto group : {std::span<const OptionText>(general_options),
                             std::span<const OptionText>(process_options)})
        if (std::ranges::find(group, name, &OptionText::name) != group.end()) return true;
    return false;
}

// `file` has the members, if any. Errors name the bridge.
std::variant<BridgeOptions, OptionsExit> named_bridge_of(const NamedBridge& bridge,
                                                         const std::string& run_directory,
                                                         const std::string& file) {
    constexpr std::string_view program = "switchd";
    const auto refuse = [&](std::string_view what) {
        return usage_error(program, fmt::format("bridge {}: {}", bridge.name, what));
    };
    for (const std::string& word : bridge.words)
        if (word.starts_with("--") && is_of_process(word.substr(2, word.find('=') - 2)))
            return refuse(
                fmt::format("{} is of the process (say it before the first --bridge)", word));
    OptionReader options(program, {bridge_options, openflow_options});
    if (const auto exit = options.read(bridge.words)) return *exit;
    if (!options.words().empty()) return refuse(no_option(options.words().front()));

    const auto refuse_file = [&](std::string_view what) {
        return usage_error(program, fmt::format("{}: bridge {}: {}", file, bridge.name, what));
    };
    for (const ConfigMember& member : bridge.members)
        if (is_of_process(member.name))
            return refuse_file(
                fmt::format("\"{}\" is of the process (say it beside \"bridge\")", member.name));
    if (const auto added = options.add(bridge.members); !added) return refuse_file(added.error());
    try {
        return bridge_of(options, bridge.name, run_directory);
    } catch (const vde::ValueError& error) {
        throw vde::ValueError(fmt::format("bridge {}: {}", printable(bridge.name), error.what()));
    }
}

}  // namespace

std::expected<BridgeOptions, std::string> parse_bridge_options(std::span<const std::string> words,
                                                               const std::string& run_directory) {
    std::vector<ConfigMember> members;
    for (const std::string& word : words.subspan(1)) {
        const std::size_t equals = word.find('=');
        const std::string name = word.substr(0, equals);
        auto known = std::ranges::find(members, name, &ConfigMember::name);
        if (known == members.end()) known = members.insert(members.end(), ConfigMember{name, {}});
        if (equals != word.npos) known->values.push_back(word.substr(equals + 1));
    }
    OptionReader options("switchd", {bridge_options, openflow_options});
    if (const auto added = options.add(members); !added) return std::unexpected(added.error());
    try {
        return bridge_of(options, words.front(), run_directory);
    } catch (const vde::ValueError& error) {
        return std::unexpected(error.what());
    }
}

std::variant<SwitchdOptions, OptionsExit> parse_switchd_options(int argc, const char* const* argv) {
    constexpr std::string_view program = "switchd";
    OptionReader options(program,
                         {general_options, process_options, bridge_options, openflow_options});
    std::vector<std::string> words(argv + std::min(1, argc), argv + argc);
    std::string file;
    try {
        std::vector<NamedBridge> bridges = take_bridges(words);
        if (const auto exit = options.read(words)) return *exit;
        if (options.given("config")) {
            file = options.value("config");
            const auto refuse = [&](std::string_view what) {
                return usage_error(program, fmt::format("{}: {}", file, what));
            };
            Config config = read_config_file(file);
            for (const std::string_view name : {"config", "help", "version"})
                if (std::ranges::find(config.members, name, &ConfigMember::name) !=
                    config.members.end())
                    return refuse(fmt::format("\"{}\" is for the command line only", name));
            if (const auto added = options.add(config.members); !added)
                return refuse(added.error());
            add_bridges_of_file(bridges, std::move(config.bridges));
        }
        if (options.given("help")) return OptionsExit{switchd_help(), "", 0};
        if (options.given("version")) return version_text(program);
        if (!options.words().empty())
            return usage_error(program, no_option(options.words().front()));

        SwitchdOptions result;
        result.run_directory = run_directory_of(options);
        if (options.given("run-dir")) result.run_directory_mode = 0755;
        result.daemon = options.given("daemon");
        result.pid_file = options.given("pidfile")
                              ? vde::parse_path(options.value("pidfile"), "--pidfile")
                              : result.run_directory + "/switchd.pid";
        if (bridges.empty())
            result.bridges.push_back(bridge_of(options, "br0", result.run_directory));
        else if (const OptionText* stray = option_of_bridge(options))
            return usage_error(
                program, fmt::format("'{}' is of a bridge, and those have names here (say it "
                                     "behind the --bridge, or in the entry of \"bridge\", that "
                                     "it is for)",
                                     stray->name));
        for (const NamedBridge& each : bridges) {
            auto bridge = named_bridge_of(each, result.run_directory, file);
            if (const auto* exit = std::get_if<OptionsExit>(&bridge)) return *exit;
            result.bridges.push_back(std::move(std::get<BridgeOptions>(bridge)));
        }
        if (options.given("autovalidate"))
            for (BridgeOptions& bridge : result.bridges)
                bridge.validate_every = parse_one_in(options.value("autovalidate"));
        return result;
    } catch (const ConfigError& error) {
        return usage_error(program, error.what());
    } catch (const vde::ValueError& error) {
        return usage_error(program, file.empty() ? error.what()
                                                 : fmt::format("{} (on the command line or in {})",
                                                               error.what(), file));
    }
}

std::variant<SwitchctlOptions, OptionsExit> parse_switchctl_options(
    int argc, const char* const* argv, std::span<const SwitchctlCommand> commands) {
    constexpr std::string_view program = "switchctl";
    OptionReader options(program, {general_options, switchctl_options});
    if (const auto exit =
            options.read(std::vector<std::string>(argv + std::min(1, argc), argv + argc)))
        return *exit;
    if (options.given("help")) return OptionsExit{switchctl_help(commands), "", 0};
    if (options.given("version")) return version_text(program);

    std::vector<std::string_view> names;
    for (const SwitchctlCommand& command : commands) names.push_back(command.name);
    const auto& words = options.words();
    if (words.empty())
        return usage_error(program, fmt::format("what is to be asked? One of {} (see {} --help)",
                                                fmt::join(names, ", "), program));
    const auto command = std::ranges::find(commands, words[0], &SwitchctlCommand::name);
    if (command == commands.end())
        return usage_error(program, fmt::format("unknown command '{}'{}", words[0],
                                                suggestion("", words[0], names, program)));
    const std::vector<std::string> arguments(words.begin() + 1, words.end());
    if (arguments.size() < command->arguments_min)
        return usage_error(program, fmt::format("{} needs more: {} {} (see {} --help)", words[0],
                                                program, usage_of(*command), program));
    if (arguments.size() > command->arguments_max)
        return usage_error(
            program, fmt::format("'{}' is too much: {} takes nothing more (see {} --help)",
                                 arguments[command->arguments_max], usage_of(*command), program));
    std::string capture;
    if (options.given("pcap")) {
        if (command->name != "trace")
            return usage_error(
                program,
                fmt::format("--pcap is for trace, not for {} (see {} --help)", words[0], program));
        if (arguments.size() == command->arguments_max)
            return usage_error(
                program,
                fmt::format("'{}' is too much: the frame is that of --pcap (see {} --help)",
                            arguments.back(), program));
        capture = options.value("pcap");
    }
    try {
        return SwitchctlOptions{run_directory_of(options),
                                options.given("bridge") ? options.value("bridge") : "",
                                options.given("json"),
                                capture,
                                words[0],
                                arguments};
    } catch (const vde::ValueError& error) {
        return usage_error(program, error.what());
    }
}

}  // namespace switchd
