#include "vde-compat/command_line.h"

#include <fmt/core.h>
#include <getopt.h>
#include <unistd.h>

#include <bit>

#include "vde-compat/setting_values.h"

namespace switchd::vde {

namespace {

constexpr const char usage_text[] =
    R"(Usage: vde_switch [OPTIONS]
Runs a VDE switch.
  -h, --help                 Display this help and exit
  -v, --version              Display the version and exit
The switch:
  -n, --numports N           Number of ports: plugs get 1 to N (default 32)
  -x, --hub                  Be a hub: every frame to every port (cancels --fstp)
  -F, --fstp                 Activate the fast spanning tree protocol
      --macaddr MAC          MAC address of the switch (default 00:ff and four random bytes)
      --priority N           Priority in the spanning tree (default 0x8000)
      --hashsize N           Size of the MAC table's hash (default 128)
      --strict-vlan          Drop tagged frames also while no VLAN is configured
Where machines plug in:
  -s, --sock DIR             Directory of the control socket (default /var/run/vde.ctl for root,
                             /tmp/vde.ctl for others)
      --vdesock DIR, --unix DIR    The same as --sock
  -m, --mode MODE, --mod MODE      Permissions of the sockets, octal (default 0600)
      --dirmode MODE         Permissions of the directory, octal (default 02700)
  -g, --group GROUP          Group of the directory and the sockets
  -t, --tap IF[,IF...]       Attach TAP interfaces; may be repeated
How it runs:
  -d, --daemon               Go into the background once all is set up
  -p, --pidfile FILE         Write the process id to FILE
  -f, --rcfile FILE          Console commands to start with (default ~/.vde2/vde_switch.rc,
                             else /etc/vde2/vde_switch.rc)
  -M, --mgmt SOCK            Management socket: the console for unixterm and vdecmd
      --mgmtmode MODE        Permissions of the management socket, octal (default 0600)
      --mgmtgroup GROUP      Group of the management socket
      --nostdin              No console on standard input (whose end ends the switch)
  -D, --debugclients N       Accepted, without effect

Plug in a machine:  qemu-system-x86_64 -nic vde,sock=DIR ...
Plug in this host:  vde_plug2tap -s DIR tap0
Talk to the switch: unixterm SOCK            (then: help)
)";

constexpr const char version_text[] =
    "VDE 2.3.3\n"
    "switchd's vde_switch: the command line, sockets and console of VDE 2.3.3\n"
    "Licensed under the Apache License, Version 2.0.\n"
    "There is NO WARRANTY, to the extent permitted by law.\n";

enum LongOnly : int {
    option_macaddr = 0x100,
    option_priority,
    option_hashsize,
    option_strict_vlan,
    option_dirmode,
    option_mgmtmode,
    option_mgmtgroup,
    option_nostdin,
};

// Aliases have the same value: an abbreviation of both of them is not ambiguous.
constexpr option long_options[] = {
    {"help", no_argument, nullptr, 'h'},
    {"version", no_argument, nullptr, 'v'},
    {"numports", required_argument, nullptr, 'n'},
    {"hub", no_argument, nullptr, 'x'},
    {"fstp", no_argument, nullptr, 'F'},
    {"macaddr", required_argument, nullptr, option_macaddr},
    {"priority", required_argument, nullptr, option_priority},
    {"hashsize", required_argument, nullptr, option_hashsize},
    {"strict-vlan", no_argument, nullptr, option_strict_vlan},
    {"sock", required_argument, nullptr, 's'},
    {"vdesock", required_argument, nullptr, 's'},
    {"unix", required_argument, nullptr, 's'},
    {"mod", required_argument, nullptr, 'm'},
    {"mode", required_argument, nullptr, 'm'},
    {"dirmode", required_argument, nullptr, option_dirmode},
    {"group", required_argument, nullptr, 'g'},
    {"daemon", no_argument, nullptr, 'd'},
    {"pidfile", required_argument, nullptr, 'p'},
    {"rcfile", required_argument, nullptr, 'f'},
    {"mgmt", required_argument, nullptr, 'M'},
    {"mgmtmode", required_argument, nullptr, option_mgmtmode},
    {"mgmtgroup", required_argument, nullptr, option_mgmtgroup},
    {"nostdin", no_argument, nullptr, option_nostdin},
    {"debugclients", required_argument, nullptr, 'D'},
    {"tap", required_argument, nullptr, 't'},
    {nullptr, 0, nullptr, 0},
};

constexpr const char short_options[] = "hvn:xFs:m:g:dp:f:M:D:t:";

struct Parser {
    std::string program;
    CommandLine line;
    std::optional<mode_t> mode, directory_mode;

    // Throws ValueError.
    void take(int code, const std::string& value);
    void finish();
};

void Parser::take(int code, const std::string& value) {
    Settings& settings = line.settings;
    switch (code) {
        case 'n': settings.port_count = parse_port_count(value); break;
        case 'x': settings.hub = true; break;
        case 'F': settings.fstp = true; break;
        case option_macaddr: settings.mac = parse_switch_mac(value); break;
        case option_priority: settings.priority = parse_priority(value); break;
        case option_hashsize: {
            const unsigned size = parse_hash_size(value);
            settings.hash_size = std::bit_ceil(size);
            if (settings.hash_size != size)
                line.warnings +=
                    fmt::format("{}: Hash size must be a power of 2. {} rounded to {}\n", program,
                                size, settings.hash_size);
            break;
        }
        case option_strict_vlan: settings.strict_vlan = true; break;
        case 's': settings.directory = parse_path(value, "--sock"); break;
        case 'm': mode = parse_mode(value, "--mode"); break;
        case option_dirmode: directory_mode = parse_mode(value, "--dirmode"); break;
        case 'g': settings.group = parse_group(value); break;
        case 'd': settings.daemon = true; break;
        case 'p': settings.pid_file = parse_path(value, "--pidfile"); break;
        case 'f': settings.rc_file = parse_path(value, "--rcfile"); break;
        case 'M':
            settings.management_socket = parse_path(value, "--mgmt");
            settings.management_socket_typed = value;
            break;
        case option_mgmtmode: settings.management_mode = parse_mode(value, "--mgmtmode"); break;
        case option_mgmtgroup: settings.management_group = parse_group(value); break;
        case option_nostdin: settings.read_stdin = false; break;
        case 't': append_names(value, settings.taps); break;
        default: break;  // 'D', as in vde_switch; '?', of which getopt has warned
    }
}

void Parser::finish() {
    Settings& settings = line.settings;
    if (settings.directory.empty())
        settings.directory = ::geteuid() == 0 ? "/var/run/vde.ctl" : "/tmp/vde.ctl";
    const Modes modes = derive_modes(mode, directory_mode);
    settings.mode = modes.socket;
    settings.directory_mode = modes.directory;
    if (settings.hub) settings.fstp = false;
    if (settings.daemon) settings.read_stdin = false;
}

}  // namespace

std::variant<CommandLine, CommandLineExit> parse_command_line(int argc, char** argv) {
    if (argc < 1) return CommandLineExit{usage_text, "", 1};
    Parser parser;
    parser.program = argv[0];
    int code = 0;
    try {
        optind = 0;  // glibc: begin anew
        opterr = 1;
        while ((code = ::getopt_long_only(argc, argv, short_options, long_options, nullptr)) !=
               -1) {
            if (code == 'h') return CommandLineExit{usage_text, "", 1};
            if (code == 'v') return CommandLineExit{version_text, "", 0};
            parser.take(code, optarg ? optarg : "");
        }
        if (optind < argc)
            return CommandLineExit{
                usage_text,
                fmt::format("{}: '{}' is no option (options begin with a dash)\n", parser.program,
                            argv[optind]),
                1};
        parser.finish();
    } catch (const ValueError& error) {
        // As vde_switch does for this one.
        const bool usage = code == option_macaddr;
        return CommandLineExit{usage ? usage_text : "",
                               fmt::format("{}: {}\n", parser.program, error.what()), 1};
    }
    return parser.line;
}

}  // namespace switchd::vde
