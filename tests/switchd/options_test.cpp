#include "switchd/options.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <vector>

#include "switchd/run_directory.h"
#include "tests/support/catch.h"
#include "tests/support/sockets.h"

using namespace switchd;

namespace {

template <class Options>
struct Parsed {
    std::variant<Options, OptionsExit> result;

    const Options& options() const {
        if (const auto* exit = std::get_if<OptionsExit>(&result)) FAIL(exit->error + exit->output);
        return std::get<Options>(result);
    }
    const OptionsExit& exit() const {
        REQUIRE(std::holds_alternative<OptionsExit>(result));
        return std::get<OptionsExit>(result);
    }
};

Parsed<SwitchdOptions> switchd_with(std::vector<const char*> words) {
    words.insert(words.begin(), "switchd");
    return {parse_switchd_options(static_cast<int>(words.size()), words.data())};
}

constexpr SwitchctlCommand commands[] = {{"show", "", "the switch"},
                                         {"megaflows", "", "the cache"},
                                         {"flows", "[TABLE]", "the rules", 0, 1},
                                         {"add-flow", "FLOW", "add a rule", 1, 1},
                                         {"trace", "FLOW [HEX]", "explain", 1, 2}};

Parsed<SwitchctlOptions> switchctl_with(std::vector<const char*> words) {
    words.insert(words.begin(), "switchctl");
    return {parse_switchctl_options(static_cast<int>(words.size()), words.data(), commands)};
}

}  // namespace

TEST_CASE("switchd without options has one bridge in the default run directory") {
    const auto parsed = switchd_with({});
    const SwitchdOptions& options = parsed.options();
    CHECK(options.run_directory == default_run_directory());
    CHECK(options.run_directory_mode == 0700);
    REQUIRE(options.bridges.size() == 1);
    CHECK(options.bridges.front().name == "br0");
    CHECK(options.bridges.front().vde.directory == options.run_directory + "/br0");
    CHECK(options.pid_file == options.run_directory + "/switchd.pid");
    CHECK(options.bridges.front().vde.rc_file.empty());
    CHECK_FALSE(options.bridges.front().vde.read_stdin);
    CHECK_FALSE(options.daemon);
    CHECK(options.bridges.front().vde.port_count == 32);
    CHECK(options.bridges.front().vde.mode == 0600);
    CHECK(options.bridges.front().vde.directory_mode == 02700);
}

TEST_CASE("switchd takes everything that vde_switch can be told") {
    const auto parsed = switchd_with(
        {"--run-dir",  "/run/lab/", "--numports=0x40", "--fstp",  "--macaddr", "2:0:0:0:0:7",
         "--priority", "0x1000",    "--hashsize",      "100",     "--mode",    "660",
         "--tap",      "t1,t2",     "--tap",           "t3",      "--mgmt",    "/run/m",
         "--mgmtmode", "640",       "--rcfile",        "/etc/rc", "--pidfile", "/run/p",
         "--group",    "root",      "--mgmtgroup",     "root",    "--daemon",  "--strict-vlan"});
    const SwitchdOptions& options = parsed.options();
    CHECK(options.run_directory == "/run/lab");
    CHECK(options.run_directory_mode == 0755);
    const vde::Settings& vde = options.bridges.front().vde;
    CHECK(vde.directory == "/run/lab/br0");
    CHECK(vde.port_count == 64);
    CHECK(vde.fstp);
    CHECK_FALSE(vde.hub);
    REQUIRE(vde.mac);
    CHECK(vde.mac->to_string() == "02:00:00:00:00:07");
    CHECK(vde.priority == 0x1000);
    CHECK(vde.hash_size == 128);
    CHECK(vde.mode == 0660);
    CHECK(vde.directory_mode == 02770);
    CHECK(vde.taps == std::vector<std::string>{"t1", "t2", "t3"});
    CHECK(vde.management_socket == "/run/m");
    CHECK(vde.management_mode == 0640);
    CHECK(vde.rc_file == "/etc/rc");
    CHECK(options.pid_file == "/run/p");
    CHECK(vde.group == gid_t{0});
    CHECK(vde.management_group == gid_t{0});
    CHECK(options.daemon);
    CHECK(vde.strict_vlan);
}

TEST_CASE("what follows --bridge is said of that bridge") {
    const auto parsed = switchd_with({"--run-dir", "/run/lab", "--bridge", "inside", "--hub",
                                      "--nat", "--bridge=dmz", "--numports", "8"});
    const SwitchdOptions& options = parsed.options();
    REQUIRE(options.bridges.size() == 2);
    const BridgeOptions& inside = options.bridges[0];
    const BridgeOptions& dmz = options.bridges[1];
    CHECK(inside.name == "inside");
    CHECK(inside.vde.directory == "/run/lab/inside");
    CHECK(inside.vde.hub);
    CHECK(inside.vde.port_count == 32);
    CHECK(inside.ports.size() == 1);
    CHECK(dmz.name == "dmz");
    CHECK_FALSE(dmz.vde.hub);
    CHECK(dmz.vde.port_count == 8);
    CHECK(dmz.ports.empty());
}

TEST_CASE("bridges that cannot be are refused") {
    const std::pair<std::vector<const char*>, const char*> cases[] = {
        {{"--bridge"}, "--bridge needs a name"},
        {{"--bridge", "a", "--bridge", "a"}, "--bridge a is there twice"},
        {{"--bridge", "9a"}, "'9a' is no name for a bridge (a letter, then"},
        {{"--bridge", "a.b"}, "'a.b' is no name for a bridge"},
        {{"--bridge", "../a"}, "'../a' is no name for a bridge"},
        {{"--bridge", ""}, "'' is no name for a bridge"},
        {{"--bridge", "abcdefghijklmnop"}, "is no name for a bridge"},
        {{"--bridge", "ovs"}, "'ovs' is no name for a bridge"},
        {{"--bridge", "Local"}, "'Local' is no name for a bridge (in flows"},
        {{"--hub", "--bridge", "a"}, "'hub' is of a bridge"},
        {{"--bridge", "a", "--daemon"},
         "bridge a: --daemon is of the process (say it before the first --bridge)"},
        {{"--bridge", "a", "--pidfile=/x"}, "bridge a: --pidfile=/x is of the process"},
        {{"--bridge", "a", "--help"}, "bridge a: --help is of the process"},
        {{"--bridge", "a", "--hubb"}, "unknown option '--hubb' (did you mean --hub?)"},
        {{"--bridge", "a", "--bridge", "b", "--numports", "x"},
         "bridge b: 'x' is no number of ports"},
        {{"--bridge", "a", "stray"}, "'stray' is no option"},
        {{"--bridg", "a"}, "(did you mean --bridge?)"},
    };
    for (const auto& [words, what] : cases) {
        const auto parsed = switchd_with(words);
        CHECK(parsed.exit().status == usage_exit_status);
        CHECK_THAT(parsed.exit().error, Catch::Contains(what));
    }
}

TEST_CASE("add-bridge takes the options of a bridge as words") {
    const auto added = [](std::vector<std::string> words) {
        return parse_bridge_options(words, "/run/lab");
    };
    const auto lan =
        added({"lan", "hub", "numports=8", "controller=ptcp:6653", "controller=tcp:127.0.0.1"});
    REQUIRE(lan);
    CHECK(lan->name == "lan");
    CHECK(lan->vde.directory == "/run/lab/lan");
    CHECK(lan->vde.hub);
    CHECK(lan->vde.port_count == 8);
    CHECK(lan->openflow.controllers.size() == 2);
    CHECK_THAT(added({"lan", "numport=8"}).error(), Catch::Contains("did you mean numports?"));
    CHECK_THAT(added({"lan", "numports"}).error(), Catch::Contains("needs a value"));
    CHECK_THAT(added({"lan", "numports=x"}).error(), Catch::Contains("no number of ports"));
    CHECK_THAT(added({"l/n"}).error(), Catch::Contains("no name for a bridge"));
    CHECK_THAT(added({"lan", "daemon"}).error(), Catch::Contains("unknown option"));
}

TEST_CASE("switchd is told its controllers as ovs-vsctl is") {
    const auto parsed = switchd_with(
        {"--controller", "tcp:127.0.0.1", "--controller=pssl:", "--fail-mode", "secure",
         "--datapath-id", "0xAB", "--protocols", "OpenFlow13,OpenFlow10,OpenFlow13",
         "--private-key", "/k", "--certificate", "/c", "--ca-cert", "/a", "--autovalidate", "1/8",
         "--inactivity-probe", "60"});
    const OpenflowOptions& openflow = parsed.options().bridges.front().openflow;
    REQUIRE(openflow.controllers.size() == 2);
    CHECK(openflow.controllers[0].text() == "tcp:127.0.0.1:6653");
    CHECK(openflow.controllers[1].text() == "pssl:6653:0.0.0.0");
    CHECK(openflow.fail_mode == FailMode::secure);
    CHECK(openflow.probe_interval == std::chrono::minutes{1});
    CHECK(openflow.datapath_id == 0xabU);
    CHECK(openflow.versions == std::vector{openflow::Version::v1_0, openflow::Version::v1_3});
    CHECK(openflow.tls == TlsFiles{"/k", "/c", "/a"});
    CHECK(parsed.options().bridges.front().validate_every == 8);
}

TEST_CASE("switchd is told how many rules tables may have") {
    CHECK(switchd_with({"--flow-limit", "500", "--flow-limit=3=0"})
              .options()
              .bridges.front()
              .openflow.flow_limits == std::vector{FlowLimit{std::nullopt, 500}, FlowLimit{3, 0}});
}

TEST_CASE("without options there is no controller, and all versions would be spoken") {
    const auto parsed = switchd_with({});
    const OpenflowOptions& openflow = parsed.options().bridges.front().openflow;
    CHECK(openflow.controllers.empty());
    CHECK(openflow.fail_mode == FailMode::standalone);
    CHECK(openflow.probe_interval == std::chrono::seconds{5});
    CHECK_FALSE(openflow.datapath_id);
    CHECK(openflow.versions.empty());
    CHECK(openflow.flow_limits.empty());
    CHECK_FALSE(openflow.tls);
    CHECK(parsed.options().bridges.front().validate_every == 0);
}

TEST_CASE("a controller that cannot be reached so is refused with the remedy") {
    const auto& [words, expected] = GENERATE(table<std::vector<const char*>, std::string>({
        {{"--controller", "br0"},
         "switchd: --controller: target 'br0': it says no way to connect (begin with tcp:, ssl:, "
         "unix:, ptcp:, pssl: or punix:)\n"},
        {{"--controller", "ssl:10.0.0.1"},
         "switchd: --controller ssl:10.0.0.1 needs TLS (add --private-key, --certificate and "
         "--ca-cert)\n"},
        {{"--private-key", "/k"},
         "switchd: TLS needs all of --private-key, --certificate and --ca-cert, or none\n"},
        {{"--datapath-id", "0x"},
         "switchd: --datapath-id 0x is none (1 to 16 hexadecimal digits, not all zero)\n"},
        {{"--inactivity-probe", "0"},
         "switchd: --inactivity-probe 0 is out of range (1 to 3600 seconds)\n"},
        {{"--inactivity-probe", "5s"},
         "switchd: --inactivity-probe 5s is out of range (1 to 3600 seconds)\n"},
        {{"--fail-mode", "open"}, "switchd: --fail-mode open is none (standalone or secure)\n"},
        {{"--autovalidate", "8"},
         "switchd: --autovalidate 8 is no share (1/N, N from 1 on: 1/1 for all)\n"},
    }));
    CHECK(switchd_with(words).exit().error == expected);
    CHECK(switchd_with(words).exit().status == 2);
}

TEST_CASE("a hub has no spanning tree") {
    const auto parsed = switchd_with({"--fstp", "--hub"});
    CHECK(parsed.options().bridges.front().vde.hub);
    CHECK_FALSE(parsed.options().bridges.front().vde.fstp);
}

TEST_CASE("switchd refuses what it does not know and names the nearest option") {
    const auto& [words, expected] = GENERATE(table<std::vector<const char*>, std::string>({
        {{"--numport", "3"}, "switchd: unknown option '--numport' (did you mean --numports?)\n"},
        {{"--deamon"}, "switchd: unknown option '--deamon' (did you mean --daemon?)\n"},
        {{"--pid-file=/x"}, "switchd: unknown option '--pid-file=/x' (did you mean --pidfile?)\n"},
        {{"--xyzzy"}, "switchd: unknown option '--xyzzy' (see switchd --help)\n"},
        {{"-x"}, "switchd: unknown option '-x' (see switchd --help)\n"},
        {{"br1"}, "switchd: 'br1' is no option (see switchd --help)\n"},
    }));
    const auto parsed = switchd_with(words);
    CHECK(parsed.exit().error == expected);
    CHECK(parsed.exit().output.empty());
    CHECK(parsed.exit().status == 2);
}

TEST_CASE("switchd refuses values that cannot be used, in one line") {
    const auto words = GENERATE(values<std::vector<const char*>>({
        {"--numports", "0"},
        {"--numports", "65536"},
        {"--numports", "many"},
        {"--numports"},
        {"--hub=1"},
        {"--macaddr", "1:2:3"},
        {"--mode", "888"},
        {"--dirmode", "-1"},
        {"--hashsize", "0"},
        {"--priority", ""},
        {"--group", "no-such-group"},
        {"--run-dir", ""},
        {"--datapath-id", "0"},
        {"--datapath-id", "12345678901234567"},
        {"--datapath-id", "1g"},
        {"--flow-limit", ""},
        {"--flow-limit", "=5"},
        {"--flow-limit", "255=5"},
        {"--flow-limit", "3="},
        {"--flow-limit", "1000001"},
        {"--protocols", ""},
        {"--protocols", "OpenFlow10,OpenFlow16"},
        {"--autovalidate", "1/0"},
        {"--autovalidate", "1/x"},
        {"--controller", ""},
        {"--mode", "600", "--mode", "660"},
    }));
    const auto parsed = switchd_with(words);
    const std::string& error = parsed.exit().error;
    CAPTURE(error);
    CHECK(parsed.exit().status == 2);
    CHECK(error.starts_with("switchd: "));
    CHECK(error.find('\n') == error.size() - 1);
}

TEST_CASE("switchd refuses a run directory whose sockets' names would be too long") {
    const std::string longest = "/" + std::string(77, 'x');
    CHECK(switchd_with({"--run-dir", longest.c_str()}).options().run_directory == longest);
    const std::string longer = longest + "x";
    CHECK(switchd_with({"--run-dir", longer.c_str()}).exit().status == 2);
}

TEST_CASE("the help of switchd names every option and shows how to plug in") {
    const auto parsed = switchd_with({"--help"});
    CHECK(parsed.exit().status == 0);
    CHECK(parsed.exit().error.empty());
    const std::string& text = parsed.exit().output;
    for (const char* option : {"--run-dir",     "--daemon",
                               "--pidfile",     "--rcfile",
                               "--numports",    "--hub",
                               "--fstp",        "--macaddr",
                               "--priority",    "--hashsize",
                               "--strict-vlan", "--mode",
                               "--dirmode",     "--group",
                               "--tap",         "--mgmt ",
                               "--mgmtmode",    "--mgmtgroup",
                               "--version",     "--controller",
                               "--ca-cert",     "qemu-system-x86_64 -nic vde,sock="})
        CHECK_THAT(text, Catch::Contains(option));
}

TEST_CASE("switchctl takes one command, with options before or after it") {
    CHECK(switchctl_with({"show"}).options().command == "show");
    CHECK_FALSE(switchctl_with({"show"}).options().json);
    const auto parsed = switchctl_with({"megaflows", "--json", "--run-dir", "/run/x"});
    CHECK(parsed.options().command == "megaflows");
    CHECK(parsed.options().json);
    CHECK(parsed.options().run_directory == "/run/x");
}

TEST_CASE("switchctl hands a command's arguments on") {
    const auto parsed = switchctl_with({"add-flow", "priority=1,actions=drop", "--json"});
    CHECK(parsed.options().command == "add-flow");
    CHECK(parsed.options().arguments == std::vector<std::string>{"priority=1,actions=drop"});
    CHECK(switchctl_with({"flows"}).options().arguments.empty());
    CHECK(switchctl_with({"trace", "in_port=1", "--pcap", "a:2"}).options().capture == "a:2");
}

TEST_CASE("switchctl refuses what it cannot ask with status 2") {
    const auto& [words, expected] = GENERATE(table<std::vector<const char*>, std::string>({
        {std::vector<const char*>{},
         "switchctl: what is to be asked? One of show, megaflows, flows, add-flow, trace "
         "(see switchctl --help)\n"},
        {{"megaflow"}, "switchctl: unknown command 'megaflow' (did you mean megaflows?)\n"},
        {{"sohw"}, "switchctl: unknown command 'sohw' (did you mean show?)\n"},
        {{"show", "me"},
         "switchctl: 'me' is too much: show takes nothing more (see switchctl --help)\n"},
        {{"flows", "1", "2"},
         "switchctl: '2' is too much: flows [TABLE] takes nothing more (see switchctl --help)\n"},
        {{"add-flow"},
         "switchctl: add-flow needs more: switchctl add-flow FLOW (see switchctl --help)\n"},
        {{"show", "--pcap", "a.pcap"},
         "switchctl: --pcap is for trace, not for show (see switchctl --help)\n"},
        {{"trace", "in_port=1", "ffff", "--pcap", "a.pcap"},
         "switchctl: 'ffff' is too much: the frame is that of --pcap (see switchctl --help)\n"},
        {{"--jsno", "show"}, "switchctl: unknown option '--jsno' (did you mean --json?)\n"},
    }));
    const auto parsed = switchctl_with(words);
    CHECK(parsed.exit().error == expected);
    CHECK(parsed.exit().status == 2);
}

TEST_CASE("the help of switchctl names every command") {
    const auto parsed = switchctl_with({"--help"});
    CHECK(parsed.exit().status == 0);
    for (const auto& command : commands)
        CHECK_THAT(parsed.exit().output, Catch::Contains(std::string(command.name)));
}

TEST_CASE("the configuration file has the command line's options as its members") {
    const TemporaryDirectory directory;
    const std::string path = directory / "switchd.json";
    const auto configured = [&](const std::string& text, std::vector<const char*> words = {}) {
        std::ofstream(path) << text;
        words.insert(words.end(), {"--config", path.c_str()});
        return switchd_with(words);
    };

    SECTION("all kinds of values") {
        const auto parsed = configured(R"({
            "run-dir": "/run/lab", "numports": 64, "fstp": true, "hub": false, "mode": "0660",
            "controller": ["tcp:192.0.2.1", "ptcp:6653:127.0.0.1"], "fail-mode": "secure",
            "datapath-id": "2a", "protocols": "OpenFlow13", "tap": "tap0", "autovalidate": "1/5"
        })");
        const SwitchdOptions& options = parsed.options();
        CHECK(options.run_directory == "/run/lab");
        CHECK(options.bridges.front().vde.port_count == 64);
        CHECK(options.bridges.front().vde.fstp);
        CHECK_FALSE(options.bridges.front().vde.hub);
        CHECK(options.bridges.front().vde.mode == 0660);
        REQUIRE(options.bridges.front().openflow.controllers.size() == 2);
        CHECK(options.bridges.front().openflow.fail_mode == FailMode::secure);
        CHECK(options.bridges.front().openflow.datapath_id == 0x2a);
        CHECK(options.bridges.front().openflow.versions == std::vector{openflow::Version::v1_3});
        CHECK(options.bridges.front().vde.taps == std::vector<std::string>{"tap0"});
        CHECK(options.bridges.front().validate_every == 5);
    }
    SECTION("the command line has the last word") {
        const auto parsed = configured(R"({"numports": 64, "controller": ["tcp:192.0.2.1"]})",
                                       {"--numports", "8", "--controller", "ptcp:6653"});
        const SwitchdOptions& options = parsed.options();
        CHECK(options.bridges.front().vde.port_count == 8);
        REQUIRE(options.bridges.front().openflow.controllers.size() == 1);
        CHECK(options.bridges.front().openflow.controllers.front().passive);
    }
    SECTION("several bridges, of which the command line has the last word too") {
        std::ofstream(path) << R"({"run-dir": "/run/lab", "bridge": [
            {"name": "inside", "hub": true, "port": [{"type": "nat", "name": "out"}]},
            {"name": "dmz", "numports": 8}]})";
        const auto parsed = switchd_with(
            {"--config", path.c_str(), "--bridge", "dmz", "--numports", "9", "--bridge", "third"});
        const auto& bridges = parsed.options().bridges;
        REQUIRE(bridges.size() == 3);
        CHECK(bridges[0].name == "inside");
        CHECK(bridges[0].vde.hub);
        CHECK(bridges[0].ports.size() == 1);
        CHECK(bridges[1].name == "dmz");
        CHECK(bridges[1].vde.port_count == 9);
        CHECK(bridges[2].name == "third");
    }
    SECTION("bridges that cannot be are refused, with the file") {
        const std::pair<const char*, const char*> cases[] = {
            {R"({"bridge": [{"hub": true}]})", R"(each entry of "bridge" needs one "name")"},
            {R"({"bridge": [{"name": ["a", "b"]}]})", R"(needs one "name")"},
            {R"({"bridge": ["a"]})", R"("bridge" is an array of objects)"},
            {R"({"bridge": [{"name": "a"}, {"name": "a"}]})", "two with the name a"},
            {R"({"bridge": [{"name": "a", "numport": 3}]})",
             R"(bridge a: unknown option "numport" (did you mean numports?))"},
            {R"({"bridge": [{"name": "a", "run-dir": "/x"}]})",
             R"(bridge a: "run-dir" is of the process (say it beside "bridge"))"},
            {R"({"bridge": [{"name": "a", "numports": "x"}]})", "bridge a: 'x' is no number"},
            {R"({"hub": true, "bridge": [{"name": "a"}]})", "'hub' is of a bridge"},
        };
        for (const auto& [text, what] : cases) {
            const OptionsExit exit = configured(text).exit();
            CHECK(exit.status == usage_exit_status);
            CHECK_THAT(exit.error, Catch::Contains(what));
            CHECK_THAT(exit.error, Catch::Contains(path) || Catch::Contains("entry of"));
        }
    }
    SECTION("what is wrong is said with the file and the member") {
        const std::string deep =
            R"({"numports": )" + std::string(200'000, '[') + std::string(200'000, ']') + "}";
        const std::pair<const char*, const char*> cases[] = {
            {R"({"numport": 64})", R"(unknown option "numport" (did you mean numports?))"},
            {R"({"numports": true})", R"("numports" needs a value (N))"},
            {R"({"numports": [1, 2]})", R"("numports" takes one value only)"},
            {R"({"hub": "yes"})", R"("hub" takes no value (true or false))"},
            {R"({"numports": 1.5})", R"("numports" cannot be 1.5)"},
            {R"({"controller": [["tcp:192.0.2.1"]]})",
             R"("controller" cannot be ["tcp:192.0.2.1"])"},
            {R"({"numports": null})", R"("numports" cannot be null)"},
            {R"({"hub": true, "hub": false})", R"("hub" is there twice)"},
            {R"({"port": [{"type": "nat", "name": "a"}, {"type": "tap", "type": "nat"}]})",
             R"("type" is there twice)"},
            {R"({"config": "other.json"})", R"("config" is for the command line only)"},
            {R"({"help": true})", R"("help" is for the command line only)"},
            {R"([])", "is no JSON object"},
            {"", "parse error at line 1, column 1"},
            {"{\n\"numports\" 64}", "parse error at line 2, column 13"},
            {R"({"numports": 1e999})", "number overflow parsing '1e999'"},
            {deep.c_str(), "nested too deeply"},
        };
        for (const auto& [text, what] : cases) {
            const OptionsExit exit = configured(text).exit();
            CHECK(exit.status == usage_exit_status);
            CHECK_THAT(exit.error, Catch::StartsWith("switchd: " + path + ": "));
            CHECK_THAT(exit.error, Catch::Contains(what));
        }
    }
    SECTION("and a value that cannot be used, with the file that may have it") {
        CHECK(configured(R"({"numports": "x"})").exit().error ==
              "switchd: 'x' is no number of ports (1 to 65535) (on the command line or in " + path +
                  ")\n");
    }
    SECTION("a file that cannot be read") {
        const std::string missing = directory / "missing.json";
        CHECK(switchd_with({"--config", missing.c_str()}).exit().error ==
              "switchd: " + missing +
                  ": No such file or directory (name a readable JSON file with --config)\n");
        const std::string itself = directory.path();
        CHECK_THAT(switchd_with({"--config", itself.c_str()}).exit().error,
                   Catch::Contains(": Is a directory ("));
    }
    SECTION("a value means what it means on the command line") {
        CHECK(
            configured(R"({"fail-mode": "open"})").exit().error ==
            "switchd: --fail-mode open is none (standalone or secure) (on the command line or in " +
                path + ")\n");
    }
}
