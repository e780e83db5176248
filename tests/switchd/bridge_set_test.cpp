#include "switchd/bridge_set.h"

#include <sys/stat.h>

#include <array>
#include <filesystem>

#include "switchd/core/error.h"
#include "tests/support/catch.h"
#include "tests/support/loop.h"
#include "tests/support/sockets.h"

using namespace switchd;

namespace {

struct Lab {
    Lab() { std::filesystem::create_directory(directory / "ovs"); }
    ~Lab() {
        bridges.close();
        turns.close();
        loop.until([&] { return !loop.reactor.has_retired() && turns.idle(); });
    }
    BridgeOptions options(const std::string& name) const {
        BridgeOptions options;
        options.name = name;
        options.vde.directory = path + "/" + name;
        return options;
    }
    bool settles() {
        return loop.until([&] { return !loop.reactor.has_retired(); });
    }

    TemporaryDirectory directory;
    std::string path = directory.path().string();
    Log log{"test"};
    Loop loop;
    RequestTurns turns{loop.reactor};
    BridgeSet bridges{turns, log, path};
};

// Removes the bridge lan in one of the next turns, ahead of the requests that wait by then.
class Remover final : public Requester {
public:
    Remover(Lab& lab, int turns) : lab_(lab), turns_(turns) { lab_.turns.go_on_later(*this); }

private:
    void go_on() noexcept override {
        if (turns_-- > 0) return lab_.turns.go_on_later(*this);
        CHECK(lab_.bridges.remove_bridge("lan"));
    }
    Lab& lab_;
    int turns_;
};

}  // namespace

TEST_CASE("a bridge has its own directory and sockets, which go with it", "[bridge_set]") {
    Lab lab;
    lab.bridges.add(lab.options("br0"));
    CHECK(lab.bridges.add_bridge(std::vector<std::string>{"lan", "numports=8"}));
    CHECK(lab.bridges.list().all().size() == 2);
    CHECK(std::filesystem::exists(lab.directory / "lan/ctl"));
    CHECK(std::filesystem::exists(lab.directory / "ovs/lan.mgmt"));
    CHECK(lab.bridges.find("lan")->options().vde.port_count == 8);

    CHECK(lab.bridges.remove_bridge("lan"));
    CHECK(lab.bridges.list().find("lan") == nullptr);
    CHECK_FALSE(lab.bridges.context("lan"));
    CHECK(lab.settles());
    CHECK_FALSE(std::filesystem::exists(lab.directory / "lan"));
    CHECK_FALSE(std::filesystem::exists(lab.directory / "ovs/lan.mgmt"));
    CHECK(lab.bridges.context("")->bridge.name() == "br0");
}

TEST_CASE("a bridge comes back under its name while the old one still ends", "[bridge_set]") {
    Lab lab;
    lab.bridges.add(lab.options("br0"));
    const std::vector<std::string> words{"lan", "port=type=stream,name=vm1"};
    for (int i = 0; i < 3; ++i) {
        REQUIRE(lab.bridges.add_bridge(words));
        CHECK(lab.bridges.remove_bridge("lan"));
    }
    CHECK(lab.settles());
}

TEST_CASE("whoever is on a console when the bridge goes is let go", "[bridge_set]") {
    Lab lab;
    lab.bridges.add(lab.options("br0"));
    const std::string console = lab.path + "/console";
    REQUIRE(lab.bridges.add_bridge(std::vector<std::string>{"lan", "mgmt=" + console}));
    const Fd client = unix_socket(SOCK_STREAM);
    REQUIRE(connect_to(client, console) == 0);
    std::array<std::byte, 4096> bytes;
    REQUIRE(lab.loop.until_seen([&] { return receive_now(client, bytes) > 0; }));
    CHECK(lab.bridges.remove_bridge("lan"));
    CHECK(lab.settles());
    CHECK(lab.loop.until_seen([&] { return receive_now(client, bytes) == 0; }));
}

// Whatever is left to do of a request must not keep the bridge, nor arm its timers again.
TEST_CASE("a bridge goes at whatever moment of a request", "[bridge_set]") {
    Lab lab;
    lab.bridges.add(lab.options("br0"));
    const std::vector<std::string> words{"lan", "inactivity-probe=3600"};
    for (int turns = 0; turns < 10; ++turns) {
        CAPTURE(turns);
        REQUIRE(lab.bridges.add_bridge(words));
        const Fd client = unix_socket(SOCK_STREAM);
        REQUIRE(connect_to(client, lab.directory / "ovs/lan.mgmt") == 0);
        const std::string_view garbage = "this is no OpenFlow\n";
        REQUIRE(::send(client.get(), garbage.data(), garbage.size(), MSG_NOSIGNAL) ==
                static_cast<ssize_t>(garbage.size()));
        // Others have asked for much, so this has to wait.
        const TimePoint now = lab.loop.clock.now();
        lab.turns.time().spend(now - std::chrono::milliseconds{5}, now);
        Remover remover(lab, turns);
        REQUIRE(lab.loop.until([&] { return !lab.bridges.find("lan"); }));
        REQUIRE(lab.settles());
    }
}

TEST_CASE("what cannot be added leaves nothing, what is not there is not removed", "[bridge_set]") {
    Lab lab;
    lab.bridges.add(lab.options("br0"));
    const auto refused = [&](std::vector<std::string> words) {
        const auto added = lab.bridges.add_bridge(words);
        return added ? "" : added.error();
    };
    CHECK_THAT(refused({"br0"}), Catch::Contains("there is a bridge br0 already"));
    CHECK_THAT(refused({"lan", "numports=x"}), Catch::Contains("no number of ports"));
    CHECK_THAT(refused({"lan", "port=type=stream,name=a", "port=type=stream,name=a"}),
               Catch::Contains("port with this name already"));
    CHECK_THAT(refused({"lan", "port=type=stream,name=a,addr=punix:/no/such/place"}),
               Catch::Contains("/no/such/place"));
    CHECK_THAT(refused({"lan", "private-key=/none", "certificate=/none", "ca-cert=/none"}),
               Catch::Contains("/none"));
    // Nobody writes into it, and nobody waits for that.
    const std::string pipe = lab.path + "/pipe";
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    CHECK_THAT(refused({"lan", "rcfile=" + pipe}), Catch::Contains("no regular file"));
    CHECK_THAT(refused({"lan", "private-key=/none", "certificate=" + pipe, "ca-cert=/none"}),
               Catch::Contains("no regular file"));
    CHECK(lab.settles());
    CHECK_FALSE(std::filesystem::exists(lab.directory / "lan"));
    CHECK_FALSE(std::filesystem::exists(lab.directory / "a.sock"));
    CHECK(lab.bridges.list().all().size() == 1);

    CHECK_THAT(lab.bridges.remove_bridge("lan").error(), Catch::Contains("no bridge 'lan'"));
    CHECK_THAT(lab.bridges.remove_bridge("br0").error(), Catch::Contains("the only bridge"));
}

TEST_CASE("a port's name is that of one port in all bridges", "[bridge_set]") {
    Lab lab;
    lab.bridges.add(lab.options("br0"));
    REQUIRE(lab.bridges.add_bridge(std::vector<std::string>{"lan"}));
    ConfiguredPorts& first = lab.bridges.find("br0")->ports();
    ConfiguredPorts& second = lab.bridges.find("lan")->ports();
    CHECK(first.add({"stream", {{"name", "vm1"}}}));
    CHECK_THAT(second.add({"stream", {{"name", "vm1"}}}).error(), Catch::Contains("already"));
    CHECK(second.add({"stream", {}}).value()->name == "stream1");
    CHECK(first.add({"stream", {}}).value()->name == "stream2");
    CHECK(first.remove("vm1"));
    CHECK(lab.settles());
    CHECK(second.add({"stream", {{"name", "vm1"}}}));
}
