#include "vde-compat/command_line.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

#include "switchd/core/fd.h"
#include "tests/support/catch.h"
#include "tests/support/sockets.h"

using namespace switchd;
using namespace switchd::vde;

namespace {

struct Parsed {
    std::variant<CommandLine, CommandLineExit> result;
    std::string getopt_says;  // on stderr

    const CommandLine& line() const {
        if (const auto* exit = std::get_if<CommandLineExit>(&result)) FAIL(exit->error);
        return std::get<CommandLine>(result);
    }
    const Settings& settings() const { return line().settings; }
    const CommandLineExit& exit() const {
        REQUIRE(std::holds_alternative<CommandLineExit>(result));
        return std::get<CommandLineExit>(result);
    }
};

// Standard error goes to a file while getopt may write to it.
Parsed parse(std::vector<std::string> words) {
    words.insert(words.begin(), "vde_switch");
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);

    const Fd memory{::memfd_create("stderr", MFD_CLOEXEC)};
    const Fd terminal{::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)};
    ::dup2(memory.get(), STDERR_FILENO);
    auto result = parse_command_line(static_cast<int>(words.size()), argv.data());
    ::dup2(terminal.get(), STDERR_FILENO);

    std::string said(4096, '\0');
    const ssize_t size = ::pread(memory.get(), said.data(), said.size(), 0);
    said.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return {std::move(result), said};
}

std::string here(const std::string& name) {
    return (std::filesystem::current_path() / name).string();
}

}  // namespace

TEST_CASE("without options everything has vde_switch's default") {
    const auto parsed = parse({});
    const Settings& settings = parsed.settings();
    CHECK(settings.port_count == 32);
    CHECK_FALSE(settings.hub);
    CHECK_FALSE(settings.fstp);
    CHECK_FALSE(settings.mac);
    CHECK(settings.priority == 0x8000);
    CHECK(settings.hash_size == 128);
    CHECK_FALSE(settings.strict_vlan);
    CHECK(settings.directory == (::geteuid() == 0 ? "/var/run/vde.ctl" : "/tmp/vde.ctl"));
    CHECK(settings.mode == 0600);
    CHECK(settings.directory_mode == 02700);
    CHECK_FALSE(settings.group);
    CHECK(settings.taps.empty());
    CHECK(settings.management_socket.empty());
    CHECK(settings.management_mode == 0600);
    CHECK_FALSE(settings.daemon);
    CHECK(settings.read_stdin);
    CHECK(settings.pid_file.empty());
    CHECK(settings.rc_file.empty());
    CHECK(parsed.line().warnings.empty());
    CHECK(parsed.getopt_says.empty());
}

TEST_CASE("every spelling of the directory is understood") {
    const auto words = GENERATE(values<std::vector<std::string>>({
        {"-s", "/x/sw"},
        {"-s/x/sw"},
        {"-sock", "/x/sw"},
        {"--sock", "/x/sw"},
        {"--sock=/x/sw"},
        {"-sock=/x/sw"},
        {"--vdesock", "/x/sw"},
        {"-unix", "/x/sw"},
        {"--unix", "/x/sw"},
        {"--vde", "/x/sw"},
        {"-so", "/x/sw"},
    }));
    CHECK(parse(words).settings().directory == "/x/sw");
}

TEST_CASE("flags work with one dash, two dashes and abbreviated") {
    CHECK(parse({"-x"}).settings().hub);
    CHECK(parse({"-hub"}).settings().hub);
    CHECK(parse({"--hub"}).settings().hub);
    CHECK(parse({"-F"}).settings().fstp);
    CHECK(parse({"--fst"}).settings().fstp);
    CHECK(parse({"-daemon"}).settings().daemon);
    CHECK(parse({"-d"}).settings().daemon);
    CHECK(parse({"--strict-vlan"}).settings().strict_vlan);
    CHECK(parse({"-xd"}).settings().daemon);
}

TEST_CASE("a hub has no spanning tree, whatever the order") {
    CHECK_FALSE(parse({"-F", "-x"}).settings().fstp);
    CHECK_FALSE(parse({"-x", "-F"}).settings().fstp);
}

TEST_CASE("a daemon and --nostdin have no console on standard input") {
    CHECK_FALSE(parse({"--nostdin"}).settings().read_stdin);
    CHECK_FALSE(parse({"-d"}).settings().read_stdin);
}

TEST_CASE("numbers are understood as C writes them") {
    CHECK(parse({"-n", "0x10"}).settings().port_count == 16);
    CHECK(parse({"--numports", "65535"}).settings().port_count == 65535);
    CHECK(parse({"--priority", "0xffff"}).settings().priority == 0xffff);
    CHECK(parse({"--hashsize", "256"}).settings().hash_size == 256);
}

TEST_CASE("a hash size is rounded up, and said so") {
    const auto parsed = parse({"--hashsize", "100"});
    CHECK(parsed.settings().hash_size == 128);
    CHECK(parsed.line().warnings ==
          "vde_switch: Hash size must be a power of 2. 100 rounded to 128\n");
}

TEST_CASE("the switch's address may have colons or dots") {
    CHECK(parse({"--macaddr", "00:ff:1:2:3:4"}).settings().mac->to_string() == "00:ff:01:02:03:04");
    CHECK(parse({"-macaddr", "2.0.0.0.0.a"}).settings().mac->to_string() == "02:00:00:00:00:0a");
}

// As the real vde_switch 2.3.2 was seen to set them.
TEST_CASE("one of mode and dirmode follows from the other") {
    const auto& [mode, dirmode, socket, directory] =
        GENERATE(table<std::string, std::string, mode_t, mode_t>({
            {"666", "", 0666, 02777},
            {"660", "", 0660, 02770},
            {"060", "", 060, 02070},
            {"0700", "", 0700, 02700},
            {"4755", "", 0755, 02755},
            {"644", "", 0644, 02755},
            {"622", "", 0622, 02733},
            {"111", "", 0111, 02000},
            {"0", "", 0, 02000},
            {"", "2775", 0664, 02775},
            {"", "0700", 0600, 0700},
            {"", "1777", 0666, 01777},
            {"", "711", 0600, 0711},
            {"666", "750", 0666, 0750},
        }));
    std::vector<std::string> words;
    if (!mode.empty()) words.insert(words.end(), {"-mod", mode});
    if (!dirmode.empty()) words.insert(words.end(), {"--dirmode", dirmode});
    CAPTURE(mode, dirmode);
    CHECK(parse(words).settings().mode == socket);
    CHECK(parse(words).settings().directory_mode == directory);
}

TEST_CASE("interfaces may be repeated and separated by commas") {
    const auto parsed = parse({"-t", "tap0,tap1", "--tap", "tap2", "-tap=tap3,"});
    CHECK(parsed.settings().taps == std::vector<std::string>{"tap0", "tap1", "tap2", "tap3"});
}

TEST_CASE("paths are made absolute before a daemon changes its directory") {
    const auto parsed = parse({"-s", "sw", "-M", "mg", "-p", "pid", "-f", "../rc"});
    const Settings& settings = parsed.settings();
    CHECK(settings.directory == here("sw"));
    CHECK(settings.management_socket == here("mg"));
    CHECK(settings.management_socket_typed == "mg");
    CHECK(settings.pid_file == here("pid"));
    CHECK(settings.rc_file == here("../rc"));
}

TEST_CASE("unknown and incomplete options are warned about as getopt does and passed over") {
    const auto& [words, warning] = GENERATE(table<std::vector<std::string>, std::string>({
        {{"--bogus", "-x"}, "vde_switch: unrecognized option '--bogus'\n"},
        {{"-Z", "-x"}, "vde_switch: unrecognized option '-Z'\n"},
        {{"-x", "-s"}, "vde_switch: option requires an argument -- 's'\n"},
        {{"-x", "--fstp=1"}, "vde_switch: option '--fstp' doesn't allow an argument\n"},
    }));
    const auto parsed = parse(words);
    CHECK(parsed.settings().hub);
    CHECK_FALSE(parsed.settings().fstp);
    CHECK(parsed.getopt_says == warning);
}

TEST_CASE("a word that is no option is an error with the usage") {
    const auto parsed = parse({"-x", "stray"});
    CHECK(parsed.exit().status == 1);
    CHECK(parsed.exit().error == "vde_switch: 'stray' is no option (options begin with a dash)\n");
    CHECK(parsed.exit().output.starts_with("Usage: vde_switch [OPTIONS]\n"));
}

TEST_CASE("values that cannot be used are errors of one line and status 1") {
    const auto& [words, expected] = GENERATE(table<std::vector<std::string>, std::string>({
        {{"-n", "0"}, "vde_switch: The switch must have at least 1 port (1 to 65535)\n"},
        {{"-n", "-3"}, "vde_switch: The switch must have at least 1 port (1 to 65535)\n"},
        {{"-n", "65536"}, "vde_switch: 65536 ports are too many (1 to 65535)\n"},
        {{"-n", "abc"}, "vde_switch: 'abc' is no number of ports (1 to 65535)\n"},
        {{"-n", "5x"}, "vde_switch: '5x' is no number of ports (1 to 65535)\n"},
        {{"--priority", "zz"}, "vde_switch: 'zz' is no priority (0 to 0xffff)\n"},
        {{"--priority", "0x10000"}, "vde_switch: '0x10000' is no priority (0 to 0xffff)\n"},
        {{"--priority", "-1"}, "vde_switch: '-1' is no priority (0 to 0xffff)\n"},
        {{"--hashsize", "0"}, "vde_switch: '0' is no hash size (1 to 1048576)\n"},
        {{"-g", "no-such-group"},
         "vde_switch: No such group 'no-such-group' (`getent group` lists them)\n"},
        {{"--mgmtgroup", "no-such-group"},
         "vde_switch: No such group 'no-such-group' (`getent group` lists them)\n"},
        {{"-m", "rw"}, "vde_switch: --mode 'rw' is no mode (octal digits, such as 0660)\n"},
        {{"--dirmode", "88"},
         "vde_switch: --dirmode '88' is no mode (octal digits, such as 0660)\n"},
        {{"--mgmtmode", "10000"},
         "vde_switch: --mgmtmode '10000' is no mode (octal digits, such as 0660)\n"},
        {{"-s", ""}, "vde_switch: --sock is empty (it takes a path)\n"},
    }));
    const auto parsed = parse(words);
    CHECK(parsed.exit().error == expected);
    CHECK(parsed.exit().output.empty());
    CHECK(parsed.exit().status == 1);
}

TEST_CASE("an address that is none is an error with the usage, as vde_switch's") {
    const auto& [word, expected] = GENERATE(table<std::string, std::string>(
        {{"zz", "vde_switch: Invalid MAC Addr zz (a:b:c:d:e:f, six hex bytes)\n"},
         {"1:0:0:0:0:1", "vde_switch: 1:0:0:0:0:1 is a group's address, not one of a switch\n"}}));
    const auto parsed = parse({"--macaddr", word});
    CHECK(parsed.exit().error == expected);
    CHECK(parsed.exit().output.starts_with("Usage: "));
    CHECK(parsed.exit().status == 1);
}

TEST_CASE("the help goes to standard output, names every option, and ends with status 1") {
    const auto word = GENERATE(as<std::string>{}, "-h", "--help", "-help");
    const auto parsed = parse({"--sock", "/x", word, "--bogus"});
    CHECK(parsed.exit().status == 1);
    CHECK(parsed.exit().error.empty());
    for (const char* option :
         {"-h, --help",  "-v, --version", "-n, --numports", "-x, --hub",     "-F, --fstp",
          "--macaddr",   "--priority",    "--hashsize",     "--strict-vlan", "-s, --sock",
          "--vdesock",   "--unix",        "-m, --mode",     "--mod ",        "--dirmode",
          "-g, --group", "-t, --tap",     "-d, --daemon",   "-p, --pidfile", "-f, --rcfile",
          "-M, --mgmt",  "--mgmtmode",    "--mgmtgroup",    "--nostdin",     "-D, --debugclients"})
        CHECK_THAT(parsed.exit().output, Catch::Contains(option));
}

TEST_CASE("the version goes to standard output with status 0") {
    const auto parsed = parse({"-v"});
    CHECK(parsed.exit().status == 0);
    CHECK(parsed.exit().output.starts_with("VDE 2.3."));
}
