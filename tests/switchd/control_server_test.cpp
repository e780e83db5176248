#include "switchd/control_server.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <nlohmann/json.hpp>

#include "switchd/control_text.h"
#include "switchd/core/error.h"
#include "tests/support/catch.h"
#include "tests/support/sockets.h"
#include "tests/support/test_switch.h"

using namespace switchd;
using namespace switchd::testing;
using nlohmann::json;

namespace {

struct Lab final : ControlledBridges {
    Lab() { bridges.add(lan.bridge()); }
    ~Lab() override {
        server.close();
        lan.loop().until([&] { return server.idle(); });
    }
    std::optional<ControlContext> context(std::string_view name) override {
        if (!name.empty() && !bridges.find(name)) return std::nullopt;
        return ControlContext{lan.bridge(),     ports, directory.path().string(), "/run/lab",
                              lan.front_door(), *this};
    }
    const BridgeList& list() const override { return bridges; }
    std::expected<void, std::string> add_bridge(std::span<const std::string>) override {
        return {};
    }
    std::expected<void, std::string> remove_bridge(std::string_view) override {
        bridges.remove(lan.bridge());  // as seen by who tells a list
        bridges.add(lan.bridge());
        return {};
    }

    TestSwitch lan;
    TemporaryDirectory directory;
    std::string path = (directory / "switchd.sock").string();
    Log log{"test"};
    PortRegistry registry;
    ConfiguredPorts ports{lan.loop().reactor, log, lan.bridge(), directory.path().string(),
                          registry};
    BridgeList bridges;
    ControlServer server{lan.turns(), path, *this};
};

struct Client {
    explicit Client(Lab& of) : lab(of) { REQUIRE(connect_to(socket, lab.path) == 0); }

    void send(const std::string& text) {
        REQUIRE(::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
                static_cast<ssize_t>(text.size()));
    }
    json answer() {
        std::string text;
        std::array<std::byte, 4096> bytes;
        REQUIRE(lab.lan.loop().until_seen([&] {
            const ssize_t size = receive_now(socket, bytes);
            if (size > 0)
                text.append(reinterpret_cast<const char*>(bytes.data()),
                            static_cast<std::size_t>(size));
            return size == 0 || (!text.empty() && text.back() == '\n');
        }));
        return json::parse(text, nullptr, false);
    }
    // Without waiting for the answer.
    void ask_for_flows() {
        send(R"({"jsonrpc":"2.0","id":1,"method":"flows"})"
             "\n");
    }
    json call(const std::string& method, const json& params = json::array()) {
        send(json{{"jsonrpc", "2.0"}, {"id", 7}, {"method", method}, {"params", params}}.dump() +
             "\n");
        return answer();
    }

    Lab& lab;
    Fd socket = unix_socket(SOCK_STREAM);
};

// How far the stack of this process may grow meanwhile.
class StackLimit {
public:
    explicit StackLimit(rlim_t bytes) {
        ::getrlimit(RLIMIT_STACK, &before_);
        const rlimit smaller{bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_STACK, &smaller);
    }
    ~StackLimit() { ::setrlimit(RLIMIT_STACK, &before_); }
    StackLimit(const StackLimit&) = delete;
    StackLimit& operator=(const StackLimit&) = delete;

private:
    rlimit before_{};
};

// What a command takes that cannot do without.
std::string example_of(std::string_view command) {
    if (command == "add-port") return "type=stream,name=vm1";
    if (command == "add-forward") return "tcp:127.77.0.9:2222-10.0.2.15:22";
    if (command == "del-forward") return "tcp:127.77.0.9:2222";
    if (command.find("port") != command.npos) return "vm1";
    if (command.ends_with("-bridge")) return "br0";
    return command == "trace" ? "in_port=3,arp" : "priority=5,arp,actions=drop";
}

}  // namespace

TEST_CASE("every command answers in JSON and can be shown to people", "[control_server]") {
    Lab lab;
    auto& plug = lab.lan.plug(3);
    Bytes hello(60, 0xff);
    hello[6] = 2;
    plug.sends(hello);
    Client client{lab};
    for (const ControlCommand& command : control_commands()) {
        INFO(command.name);
        json params = json::array();
        const bool of_port = command.name == "del-port" || command.name.starts_with("port-") ||
                             command.name.ends_with("-forward") || command.name == "del-bridge";
        if (command.name == "forwards")
            REQUIRE(client.call("add-port", {"type=nat,name=out"}).contains("result"));
        if (command.arguments_min > 0) params.push_back(example_of(command.name));
        const json answer = client.call(std::string(command.name), params);
        CHECK(answer["id"] == 7);
        REQUIRE(answer.contains("result"));
        const bool silent = of_port && command.arguments_min > 0;
        CHECK(control_text(command.name, answer["result"]).empty() == silent);
    }
    REQUIRE(client.call("del-port", {"out"}).contains("result"));
    const json ports = client.call("ports")["result"];
    REQUIRE(ports.size() == 1);
    CHECK(ports[0]["port"] == 3);
    CHECK(ports[0]["in"]["packets"] == 1);
    CHECK(ports[0]["in"]["bytes"] == 60);
    CHECK(client.call("macs")["result"][0]["mac"] == "02:ff:ff:ff:ff:ff");
    CHECK(client.call("drops")["result"]["total"]["no_destination"] == 1);
    CHECK(client.call("show")["result"]["ports_active"] == 1);
}

TEST_CASE("what is no request gets JSON-RPC's error, and the session goes on", "[control_server]") {
    Lab lab;
    Client client{lab};
    client.send("nonsense\n");
    CHECK(client.answer()["error"]["code"] == -32700);
    client.send("[]\n");
    CHECK(client.answer()["error"]["code"] == -32600);
    client.send(std::string(1000, '[') + "\n");
    CHECK(client.answer()["error"]["code"] == -32700);
    CHECK(client.call("no-such-thing")["error"]["code"] == -32601);
    client.send("{\"id\":\"\\ud800\",\"method\":\"\xff\"}\n");
    CHECK(client.answer()["error"]["code"] == -32700);
    CHECK(client.call("show").contains("result"));
}

TEST_CASE("a request that is nested deeply takes no more of the stack", "[control_server]") {
    Lab lab;
    Client client{lab};
    const StackLimit limit{512 << 10};
    const std::string deep = std::string(30'000, '[') + std::string(30'000, ']');
    for (const char* const member : {"jsonrpc", "id", "method", "params"}) {
        client.send(fmt::format("{{\"{}\":{}}}\n", member, deep));
        CHECK(client.answer()["error"]["code"] == -32600);
    }
    client.send(R"({"jsonrpc":"2.0","id":1,"method":"show","params":)" + deep + "}\n");
    CHECK(client.answer()["error"]["code"] == -32602);
}

TEST_CASE("a line without end ends its session and no other", "[control_server]") {
    Lab lab;
    Client other{lab};
    Client client{lab};
    bool cut = false;
    for (int i = 0; i < 100 && !cut; ++i) {
        const std::string piece(4096, 'x');
        cut = ::send(client.socket.get(), piece.data(), piece.size(), MSG_NOSIGNAL | MSG_DONTWAIT) <
              0;
        lab.lan.loop().turn();
    }
    CHECK(cut);
    CHECK(other.call("show").contains("result"));
}

TEST_CASE("a socket that somebody listens on is not taken over", "[control_server]") {
    Lab lab;
    CHECK_THROWS_AS(ControlServer(lab.lan.turns(), lab.path, lab), SetupError);
    Client client{lab};
    CHECK(client.call("show").contains("result"));
}

TEST_CASE("rules are added, shown, changed and removed", "[control_server]") {
    Lab lab;
    lab.lan.plug(3);
    Client client{lab};
    CHECK(client.call("del-flows")["result"]["rules"] == 0);
    CHECK(client.call("add-flow",
                      {"table=1,priority=5,arp,in_port=p3,actions=drop"})["result"]["rules"] == 1);
    const json rules = client.call("flows")["result"];
    REQUIRE(rules.size() == 1);
    CHECK(rules[0]["table"] == 1);
    CHECK(rules[0]["priority"] == 5);
    CHECK(rules[0]["match"] == "arp,in_port=3");
    CHECK(rules[0]["actions"] == "drop");
    CHECK_THAT(rules[0]["text"].get<std::string>(), Catch::Contains("n_packets=0, n_bytes=0"));
    CHECK(client.call("flows", {"0"})["result"].empty());
    CHECK(client.call("flows", {"1"})["result"].size() == 1);
    client.call("mod-flows", {"table=1,arp,actions=NORMAL"});
    CHECK(client.call("flows", {"1"})["result"][0]["actions"] == "NORMAL");
    CHECK(client.call("del-flows", {"table=1,arp"})["result"]["rules"] == 0);
    CHECK(control_text("flows", client.call("flows")["result"]) == "no rules\n");
}

TEST_CASE("who changes rules that are not heeded is told so", "[control_server]") {
    Lab lab;
    Client client{lab};
    CHECK(control_text("del-flows", client.call("del-flows")["result"]) ==
          "the tables hold 0 rules now\n");
    FlowMod own;  // as fail mode's
    own.priority = priority_max + 1;
    REQUIRE(lab.lan.bridge().tables().flow_tables().apply(own, lab.lan.bridge().now()));
    CHECK(client.call("show")["result"]["overruled"] == true);
    const json changed = client.call("add-flow", {"actions=drop"})["result"];
    CHECK(changed["rules"] == 1);
    CHECK_THAT(control_text("add-flow", changed),
               Catch::StartsWith("the tables hold 1 rule now\n"
                                 "no controller is there, so the bridge is a learning switch"));
}

TEST_CASE("a trace begins at a port that is there", "[control_server]") {
    Lab lab;
    lab.lan.plug(3);
    Client client{lab};
    const auto refusal = [&](const std::string& packet) {
        const json answer = client.call("trace", {packet});
        return answer.contains("error") ? answer["error"]["message"].get<std::string>() : "";
    };
    CHECK(refusal("in_port=3,arp") == "");
    CHECK(refusal("in_port=controller,arp") == "");
    CHECK(refusal("in_port=4,arp") ==
          "there is no port 4 (plug something in, or make it on the console: port/create 4)");
    CHECK(refusal("arp") == "say where the packet comes in: in_port=1, or another port");
    CHECK(refusal("in_port=LOCAL,arp") == "there is no port LOCAL (switchd --local TAP)");
}

TEST_CASE("a flow that is wrong is shown with its place, and nothing changes", "[control_server]") {
    Lab lab;
    Client client{lab};
    const json before = client.call("flows")["result"].size();
    const json error = client.call("add-flow", {"priority=70000,actions=drop"})["error"];
    CHECK(error["code"] == -32000);
    CHECK_THAT(error["message"].get<std::string>(),
               Catch::StartsWith("the flow is not understood\n"
                                 "priority=70000,actions=drop\n"
                                 "         ^\n"));
    CHECK(client.call("add-flow", {"table=3,actions=goto_table:2"}).contains("error"));
    CHECK(client.call("flows", {"255"})["error"]["code"] == -32000);
    CHECK(client.call("add-flow")["error"]["code"] == -32602);
    CHECK(client.call("add-flow", {7})["error"]["code"] == -32602);
    CHECK(client.call("flows")["result"].size() == before);
}

TEST_CASE("a list of any length is told bit by bit, and others are answered meanwhile",
          "[control_server]") {
    Lab lab;
    lab.lan.add_long_rules(30);
    Client slow{lab}, other{lab};
    slow.ask_for_flows();
    for (int i = 0; i < 20; ++i) CHECK(other.call("flows", {"0"})["result"].size() == 1);
    const json rules = slow.answer()["result"];
    REQUIRE(rules.size() == 31);
    CHECK(rules[0]["table"] == 0);
    CHECK(rules[1]["priority"] == 30);
    CHECK(rules[30]["priority"] == 1);
}

TEST_CASE("rules that go while they are listed are left out", "[control_server]") {
    Lab lab;
    lab.lan.add_long_rules(30);
    Client slow{lab}, other{lab};
    slow.ask_for_flows();
    lab.lan.loop().turns(3);
    CHECK(other.call("del-flows", {"table=1"})["result"]["rules"] == 1);
    const json answer = slow.answer();
    CHECK(answer["id"] == 1);
    CHECK(answer["result"].size() < 31);
}

TEST_CASE("a list ends with its session when a bridge has gone meanwhile", "[control_server]") {
    Lab lab;
    lab.lan.add_long_rules(30);
    Client slow{lab}, other{lab};
    slow.ask_for_flows();
    lab.lan.loop().turns(3);
    CHECK(other.call("del-bridge", {"br1"}).contains("result"));
    std::array<std::byte, 4096> bytes;
    CHECK(lab.lan.loop().until_seen([&] { return receive_now(slow.socket, bytes) == 0; }));
    CHECK(other.call("flows").contains("result"));
}

TEST_CASE("a request may name its bridge", "[control_server]") {
    Lab lab;
    Client client{lab};
    const auto call = [&](const json& params) { return client.call("flows", params); };
    CHECK(call({{"bridge", "br0"}, {"words", {"0"}}})["result"].size() == 1);
    CHECK(call({{"bridge", "br0"}}).contains("result"));
    CHECK_THAT(call({{"bridge", "br1"}})["error"]["message"].get<std::string>(),
               Catch::Contains("no bridge 'br1'"));
    for (const json& wrong :
         {json{{"bridge", 1}}, json{{"words", json::array()}}, json{{"bridge", "br0"}, {"word", 1}},
          json{{"bridge", "br0"}, {"words", 1}}, json{{"bridge", "br0"}, {"words", {1}}},
          json{{"bridge", "br0"}, {"words", json::array()}, {"more", 1}}})
        CHECK(call(wrong)["error"]["code"] == -32602);
}

TEST_CASE("a request that is too long is told so, then its session ends", "[control_server]") {
    Lab lab;
    Client client{lab};
    client.send(std::string(ControlServer::request_bytes_max + 1, 'x'));
    CHECK(client.answer()["error"]["message"] == "a request has 65536 bytes at most");
    std::array<std::byte, 1> end;
    CHECK(lab.lan.loop().until_seen([&] { return receive_now(client.socket, end) == 0; }));
}

TEST_CASE("a rule that OpenFlow could not show is refused", "[control_server]") {
    Lab lab;
    Client client{lab};
    std::string outputs = "actions=1";
    for (int i = 0; i < 10'000; ++i) outputs += ",1";
    CHECK_THAT(
        client.call("add-flow", {outputs})["error"]["message"].get<std::string>(),
        Catch::Contains("OpenFlow has no way to say this") && Catch::Contains("OFPBAC_TOO_MANY"));
    CHECK_THAT(client.call("add-flow", {"actions=write_actions(note:01)"})["error"]["message"]
                   .get<std::string>(),
               Catch::Contains("OFPBAC_BAD_TYPE"));
    CHECK(lab.lan.bridge().tables().flow_tables().shown() == 1);
}
