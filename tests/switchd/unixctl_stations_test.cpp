#include "switchd/unixctl_stations.h"

#include "tests/support/catch.h"
#include "tests/support/test_switch.h"
#include "tests/switchd/unixctl_text.h"

using namespace switchd;
using namespace switchd::testing;

namespace {

const std::string alice = "02:00:00:00:00:0a";

struct Lab {
    Lab() {
        bridges.add(lan.bridge());
        lan.plug(1);
        lan.plug(2);
    }
    std::expected<std::string, std::string> run(std::string_view name,
                                                std::vector<std::string> arguments) {
        return whole(run_unixctl_command({bridges, log}, name, arguments));
    }
    std::string line_of(const std::string& mac) {
        const std::string text = run("fdb/show", {"br0"}).value();
        const std::size_t at = text.find(mac);
        return at == text.npos ? "" : text.substr(at - 13, text.find('\n', at) - at + 13);
    }

    TestSwitch lan;
    BridgeList bridges;
    Log log{"test"};
};

}  // namespace

TEST_CASE("a station is set, set elsewhere, flushed in vain and removed", "[unixctl_stations]") {
    Lab lab;
    CHECK(lab.run("fdb/add", {"br0", "p1", "5", alice}) == "");
    CHECK(lab.run("fdb/add", {"br0", "p1", "5", alice}) == "");
    CHECK(lab.line_of(alice) == "    1     5  02:00:00:00:00:0a  static");
    CHECK(lab.run("fdb/add", {"br0", "p2", "5", alice}) ==
          "Overriding already existing static entry on 1\n");
    CHECK(lab.run("fdb/flush", {"br0"}) == "table successfully flushed\n");
    CHECK(lab.line_of(alice) == "    2     5  02:00:00:00:00:0a  static");
    CHECK(lab.run("fdb/del", {"br0", "5", alice}) == "");
    CHECK(lab.line_of(alice) == "");
}

TEST_CASE("a station that was learned can be set, not removed", "[unixctl_stations]") {
    Lab lab;
    Bytes hello(60, 0xff);
    hello[6] = 2;
    lab.lan.plug(3).sends(hello);
    const std::string heard = "02:ff:ff:ff:ff:ff";
    CHECK(lab.run("fdb/del", {"br0", "0", heard}).error() == "could not find static mac entry");
    CHECK(lab.run("fdb/add", {"br0", "p3", "0", heard}) ==
          "Overriding already existing dynamic entry on 3\n");
    CHECK(lab.run("fdb/del", {"br0", "0", heard}) == "");
}

TEST_CASE("what is no station of a port is refused, and nothing is changed", "[unixctl_stations]") {
    Lab lab;
    const auto refusal = [&](std::vector<std::string> arguments) {
        return lab.run("fdb/add", std::move(arguments)).error();
    };
    CHECK(refusal({"br1", "p1", "0", alice}) == "no such bridge");
    CHECK(refusal({"br0", "p9", "0", alice}) ==
          "software error, odp port is present but no ofp port");
    CHECK(refusal({"br0", "p1", "0", "02:00"}) == "bad MAC address");
    CHECK(refusal({"br0", "p1", "0", "ff:ff:ff:ff:ff:ff"}) ==
          "bad MAC address: a group has no port");
    for (const std::string vlan : {"", "x", "5x", "-1", "4096", "99999999999"})
        CHECK(refusal({"br0", "p1", vlan, alice}) ==
              "bad VLAN: a number from 0 to 4095 is expected");
    CHECK(lab.run("fdb/del", {"br1", "0", alice}).error() == "no such bridge");
    CHECK(lab.run("fdb/del", {"br0", "0", "alice"}).error() == "bad MAC address");
    CHECK(lab.run("fdb/del", {"br0", "0", alice}).error() == "could not find static mac entry");
    CHECK(lab.lan.bridge().tables().macs().size() == 0);
}

TEST_CASE("half of the table may be static", "[unixctl_stations]") {
    Lab lab;
    lab.lan.bridge().tables().configure_macs({.entries_max = 2});
    CHECK(lab.run("fdb/add", {"br0", "p1", "0", alice}) == "");
    CHECK(lab.run("fdb/add", {"br0", "p1", "1", alice}).error() ==
          "no room: half of the table, 1 entries, may be static");
}

TEST_CASE("statistics tell the static ones, and are cleared", "[unixctl_stations]") {
    Lab lab;
    REQUIRE(lab.run("fdb/add", {"br0", "p1", "0", alice}));
    Bytes hello(60, 0xff);
    hello[6] = 2;
    lab.lan.plug(3).sends(hello);
    const auto text = [](unsigned learned) {
        return fmt::format(
            "Statistics for bridge \"br0\":\n"
            "  Current/maximum MAC entries in the table: 2/32768\n"
            "  Current static MAC entries in the table : 1\n"
            "  Total number of learned MAC entries     : {}\n"
            "  Total number of expired MAC entries     : 0\n"
            "  Total number of evicted MAC entries     : 0\n"
            "  Total number of port moved MAC entries  : 0\n",
            learned);
    };
    CHECK(lab.run("fdb/stats-show", {"br0"}) == text(1));
    CHECK(lab.run("fdb/stats-clear", {"br1"}).error() == "no such bridge");
    CHECK(lab.run("fdb/stats-clear", {}) == "statistics successfully cleared\n");
    CHECK(lab.run("fdb/stats-show", {"br0"}) == text(0));
}
