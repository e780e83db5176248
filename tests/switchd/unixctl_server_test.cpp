#include "switchd/unixctl_server.h"

#include <fcntl.h>
#include <sys/wait.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>

#include "switchd/core/error.h"
#include "tests/support/catch.h"
#include "tests/support/sockets.h"
#include "tests/support/test_switch.h"
#include "tests/switchd/unixctl_text.h"

using namespace switchd;
using namespace switchd::testing;
using nlohmann::json;

namespace {

struct Lab {
    Lab() { bridges.add(lan.bridge()); }
    ~Lab() {
        server.close();
        lan.loop().until([&] { return server.idle(); });
    }
    std::string file(const std::string& name) const { return (directory / name).string(); }
    std::expected<std::string, std::string> run(std::string_view name,
                                                std::vector<std::string> arguments = {}) {
        return whole(run_unixctl_command({bridges, log}, name, arguments));
    }
    std::string text(std::string_view name, std::vector<std::string> arguments = {}) {
        const auto reply = run(name, std::move(arguments));
        REQUIRE(reply);
        return *reply;
    }
    std::string error(std::string_view name, std::vector<std::string> arguments = {}) {
        const auto reply = run(name, std::move(arguments));
        REQUIRE_FALSE(reply);
        return reply.error();
    }

    TestSwitch lan;
    TemporaryDirectory directory;
    BridgeList bridges;
    Log log{"test"};
    std::string pid = std::to_string(::getpid());
    std::string path = file("ovs-vswitchd." + pid + ".ctl");
    UnixctlServer server{lan.turns(), directory.path().string(), {bridges, log}};
};

struct Client {
    explicit Client(Lab& of) : lab(of) { REQUIRE(connect_to(socket, lab.path) == 0); }

    void send(const std::string& text) {
        REQUIRE(::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
                static_cast<ssize_t>(text.size()));
    }
    // None: the session was ended.
    std::string answer() {
        std::string text;
        std::array<std::byte, 4096> bytes;
        REQUIRE(lab.lan.loop().until_seen([&] {
            const ssize_t size = receive_now(socket, bytes);
            if (size > 0)
                text.append(reinterpret_cast<const char*>(bytes.data()),
                            static_cast<std::size_t>(size));
            return size == 0 || (text.ends_with('}') && json::accept(text));
        }));
        return text;
    }

    Lab& lab;
    Fd socket = unix_socket(SOCK_STREAM);
};

// Whether another process finds the file's lock held by this one, as ovs-appctl asks.
bool locked_for_others(const std::string& path) {
    const pid_t child = ::fork();
    if (child == 0) {
        const int file = ::open(path.c_str(), O_RDWR);
        struct flock lock {};
        lock.l_type = F_WRLCK;
        lock.l_whence = SEEK_SET;
        ::_exit(::fcntl(file, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK &&
                        lock.l_pid == ::getppid()
                    ? 0
                    : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

TEST_CASE("requests are answered in the words of JSON-RPC 1.0", "[unixctl_server]") {
    Lab lab;
    Client client{lab};
    client.send(R"({"id":7,"method":"fdb/flush","params":["br0"]})");
    CHECK(client.answer() == R"({"id":7,"result":"table successfully flushed\n","error":null})");
    client.send(R"({"id":"x","method":"fdb/show","params":["br9"]})");
    CHECK(client.answer() == R"({"id":"x","error":"no such bridge\n"})");
    client.send(R"({"id":1,"method":"fdb/show","params":[1]})");
    CHECK(client.answer() ==
          R"({"id":1,"error":"\"fdb/show\" command has non-string argument\n"})");
    client.send(R"({"id":2,"meth)");
    lab.lan.loop().turn();
    client.send(R"(od":"revalidator/wait","params":[]} )");
    CHECK(client.answer() == R"({"id":2,"result":"","error":null})");
}

TEST_CASE("what is no request ends its session and no other", "[unixctl_server]") {
    Lab lab;
    Client other{lab};
    const std::string junk =
        GENERATE("nonsense", "[]", "{}", R"({"id":null,"method":"version","params":[]})",
                 R"({"id":[1],"method":"version","params":[]})", R"({"id":1,"method":"version"})",
                 R"({"id":1,"method":1,"params":[]})", R"({"id":1,"result":1,"error":null})",
                 "{\"\\ud800\"}", "{\"id\":1,\"method\":\"\xff\",\"params\":[]}");
    Client client{lab};
    client.send(junk);
    CHECK(client.answer() == "");
    other.send(R"({"id":1,"method":"revalidator/wait","params":[]})");
    CHECK(other.answer() != "");
}

TEST_CASE("a request without end is cut off", "[unixctl_server]") {
    Lab lab;
    Client client{lab};
    client.send("{\"id\":");
    bool cut = false;
    for (int i = 0; i < 100 && !cut; ++i) {
        const std::string piece(4096, '[');
        cut = ::send(client.socket.get(), piece.data(), piece.size(), MSG_NOSIGNAL | MSG_DONTWAIT) <
              0;
        lab.lan.loop().turn();
    }
    CHECK(cut);
}

TEST_CASE("the tool finds the process by its locked pid file", "[unixctl_server]") {
    Lab lab;
    CHECK(locked_for_others(lab.file("ovs-vswitchd.pid")));
    std::string content;  // read last: closing the file here gives up the lock
    std::getline(std::ifstream(lab.file("ovs-vswitchd.pid")), content);
    CHECK(content == lab.pid);
}

TEST_CASE("one directory has one ovs-vswitchd", "[unixctl_server]") {
    Lab lab;
    CHECK_THROWS_AS(
        UnixctlServer(lab.lan.turns(), lab.directory.path().string(), {lab.bridges, lab.log}),
        SetupError);
    Client client{lab};
    client.send(R"({"id":1,"method":"revalidator/wait","params":[]})");
    CHECK(client.answer() != "");
}

TEST_CASE("sockets of dead processes are removed, and nothing else", "[unixctl_server]") {
    TemporaryDirectory directory;
    { bind_to(unix_socket(SOCK_STREAM), directory / "ovs-vswitchd.1234.ctl"); }
    { bind_to(unix_socket(SOCK_STREAM), directory / "ovsdb-server.1234.ctl"); }
    std::ofstream(directory / "ovs-vswitchd.1.ctl") << "text";
    TestSwitch lan;
    Log log{"test"};
    const BridgeList bridges;
    UnixctlServer server{lan.turns(), directory.path().string(), {bridges, log}};
    CHECK_FALSE(std::filesystem::exists(directory / "ovs-vswitchd.1234.ctl"));
    CHECK(std::filesystem::exists(directory / "ovsdb-server.1234.ctl"));
    CHECK(std::filesystem::exists(directory / "ovs-vswitchd.1.ctl"));
    server.close();
    lan.loop().until([&] { return server.idle(); });
    const std::string own = "ovs-vswitchd." + std::to_string(::getpid()) + ".ctl";
    CHECK_FALSE(std::filesystem::exists(directory / own));
}

TEST_CASE("a command's arguments are counted before it runs", "[unixctl_server]") {
    Lab lab;
    CHECK(lab.error("bogus") ==
          "\"bogus\" is not a valid command (use \"list-commands\" to see a "
          "list of valid commands)");
    CHECK(lab.error("fdb/show") == "\"fdb/show\" command requires at least 1 arguments");
    CHECK(lab.error("version", {"x"}) == "\"version\" command takes at most 0 arguments");
    for (const UnixctlCommand& command : unixctl_commands()) {
        INFO(command.name);
        CHECK(lab.text("list-commands").find(command.name) != std::string::npos);
    }
}

TEST_CASE("stations, ports and megaflows are shown as ovs-appctl's users know them",
          "[unixctl_server]") {
    Lab lab;
    auto& plug = lab.lan.plug(3);
    lab.lan.plug(4);
    Bytes hello(60, 0xff);
    hello[6] = 2;
    plug.sends(hello);
    CHECK(lab.text("fdb/show", {"br0"}) ==
          " port  VLAN  MAC                Age\n"
          "    3     0  02:ff:ff:ff:ff:ff    0\n");
    CHECK(lab.text("dpif/show") ==
          "netdev@ovs-netdev: hit:0 missed:1\n  br0:\n    p3 3/3: (vde)\n    p4 4/4: (vde)\n");
    CHECK(lab.text("dpctl/show", {"--statistics"}) ==
          "netdev@ovs-netdev:\n  lookups: hit:0 missed:1 lost:0\n  flows: 1\n"
          "  masks: hit:0 total:1 hit/pkt:0.00\n  cache: hit:0 hit-rate:0.00%\n"
          "  port 3: p3 (vde)\n"
          "    RX packets:1 errors:? dropped:0 overruns:? frame:?\n"
          "    TX packets:0 errors:? dropped:? aborted:? carrier:?\n"
          "    collisions:?\n"
          "    RX bytes:60  TX bytes:0\n"
          "  port 4: p4 (vde)\n"
          "    RX packets:0 errors:? dropped:0 overruns:? frame:?\n"
          "    TX packets:1 errors:? dropped:? aborted:? carrier:?\n"
          "    collisions:?\n"
          "    RX bytes:0  TX bytes:60\n");
    const std::string line = lab.text("dpctl/dump-flows", {"--names", "netdev@ovs-netdev"});
    CHECK(line.starts_with("flow-dump from the main thread:\nrecirc_id(0),in_port(p3),"));
    CHECK(line.ends_with("actions:p4\n"));
    CHECK(lab.text("dpif/dump-flows", {"br0"}).starts_with("recirc_id(0),in_port(3),"));
    CHECK(lab.text("dpctl/dump-flows", {"-m"}).find("\nufid:") != std::string::npos);
    CHECK(lab.text("dpctl/dump-flows", {"type=offloaded"}) == "");
    CHECK(lab.text("coverage/read-counter", {"misses"}) == "1\n");
    CHECK(lab.text("coverage/show").find("misses                      total: 1\n") !=
          std::string::npos);
    plug.sends(Bytes(13));
    CHECK(lab.text("coverage/read-counter", {"drop_runt"}) == "1\n");
    CHECK(std::regex_match(lab.text("memory/show"),
                           std::regex("masks:1 megaflow-bytes:[1-9]\\d* megaflows:1 ports:2 "
                                      "rule-bytes:[1-9]\\d* rules:1 stations:1\n")));
    CHECK(lab.text("upcall/show") ==
          "netdev@ovs-netdev:\n  flows         : (current 1) (max 1) (limit 65536)\n");
    CHECK(lab.text("revalidator/purge") == "");
    CHECK(lab.text("dpctl/dump-flows") == "");
    CHECK(lab.text("upcall/show").find("(current 0) (max 1)") != std::string::npos);
    CHECK(lab.text("fdb/flush") == "table successfully flushed\n");
    CHECK(lab.text("fdb/show", {"br0"}) == " port  VLAN  MAC                Age\n");
}

TEST_CASE("what is not there is refused as ovs-vswitchd does", "[unixctl_server]") {
    Lab lab;
    CHECK(lab.error("fdb/flush", {"br1"}) == "no such bridge");
    CHECK(lab.error("dpif/dump-flows", {"br1"}) == "no such bridge");
    CHECK(lab.error("dpctl/dump-flows", {"nodp"}) ==
          "ovs-vswitchd: datapath not found (Invalid argument)");
    CHECK(lab.error("dpctl/show", {"nodp"}) ==
          "ovs-vswitchd: opening datapath nodp failed (No such file or directory)");
    CHECK(lab.error("dpctl/show", {"-x"}) == "Unrecognized option -x");
    CHECK(lab.error("dpctl/dump-flows", {"filter=tcp"}).starts_with("filter is not known"));
    CHECK(lab.error("coverage/read-counter", {"x"}) == "No such counter");
}

TEST_CASE("the log's thresholds are set in vlog's words", "[unixctl_server]") {
    Lab lab;
    using Level = Log::Level;
    CHECK(lab.text("vlog/list") ==
          "                 console    syslog    file\n"
          "                 -------    ------    ------\n"
          "switchd           INFO       INFO        OFF\n");
    CHECK(lab.text("vlog/set", {"ANY:console:dbg", "syslog:err"}) == "");
    CHECK(lab.log.threshold(Log::Destination::console) == Level::debug);
    CHECK(lab.log.threshold(Log::Destination::syslog) == Level::error);
    CHECK(lab.text("vlog/set", {"OFF"}) == "");
    CHECK(lab.log.threshold(Log::Destination::console) == Level::off);
    CHECK(lab.log.threshold(Log::Destination::syslog) == Level::off);
    CHECK(lab.text("vlog/set") == "");
    CHECK(lab.log.threshold(Log::Destination::syslog) == Level::debug);
    CHECK(lab.error("vlog/set", {"ANY:foo"}) == "no destination, level, or module \"foo\"");
    CHECK(lab.error("vlog/set", {"dbg:info"}) == "cannot specify multiple levels");
    CHECK_FALSE(lab.run("vlog/set", {"PATTERN:console:%m"}));
    CHECK(lab.text("vlog/list-pattern")
              .find("\nCONSOLE  none                              %A: %m\n") != std::string::npos);
    CHECK(lab.error("vlog/reopen") == "Logging to file not configured");
    CHECK(lab.text("vlog/close") == "");
}

TEST_CASE("ovs-appctl is told lists of any length bit by bit, and others are answered meanwhile",
          "[unixctl_server]") {
    Lab lab;
    lab.lan.add_long_rules(30);
    Client slow{lab}, other{lab};
    slow.send(R"({"id":1,"method":"bridge/dump-flows","params":["br0"]})");
    for (int i = 0; i < 20; ++i) {
        other.send(R"({"id":2,"method":"fdb/stats-clear","params":["br0"]})");
        CHECK(json::parse(other.answer())["id"] == 2);
    }
    const std::string text = json::parse(slow.answer())["result"].get<std::string>();
    CHECK(std::ranges::count(text, '\n') == 31);
    CHECK(text.size() > 30 * 180'000);
    CHECK(text.find("table_id=1, duration=0s, n_packets=0, n_bytes=0, priority=30,actions=note:") !=
          std::string::npos);
}
