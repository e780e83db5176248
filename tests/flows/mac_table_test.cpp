#include "flows/mac_table.h"

#include <map>
#include <random>

#include "tests/flows/frames.h"
#include "tests/flows/seeds.h"
#include "tests/support/catch.h"

namespace switchd::test {
namespace {

using namespace std::chrono_literals;

const TimePoint start{1h};

MacAddress station(std::uint64_t number) {
    return MacAddress::from_u64(0x020000000000 + number);
}

struct Diary : MacTableObserver {
    void mac_learned(const MacEntry& entry) override { write("learned", entry); }
    void mac_moved(const MacEntry& entry, PortNumber from) override {
        write("moved from " + std::to_string(from), entry);
    }
    void mac_forgotten(const MacEntry& entry) override { write("forgot", entry); }

    std::vector<std::string> lines;

private:
    void write(const std::string& what, const MacEntry& entry) {
        lines.push_back(what + " " + std::to_string(entry.mac.to_u64() & 0xff) + " on " +
                        std::to_string(entry.port));
    }
};

}  // namespace

TEST_CASE("a station is found where it was last heard", "[flows]") {
    MacTable table{{}};
    CHECK(table.learn(0, alice, 1, start));
    CHECK(table.find(0, alice)->port == 1);
    CHECK_FALSE(table.find(1, alice));
    CHECK(table.learn(0, alice, 2, start));
    CHECK(table.find(0, alice)->port == 2);
    CHECK(table.size() == 1);
    CHECK(table.size_of_port(1) == 0);
    CHECK(table.size_of_port(2) == 1);
}

TEST_CASE("group addresses are not stations", "[flows]") {
    MacTable table{{}};
    CHECK_FALSE(table.learn(0, MacAddress::broadcast(), 1, start));
    CHECK_FALSE(table.learn(0, spanning_tree_address, 1, start));
    CHECK(table.size() == 0);
}

TEST_CASE("a young station stays on its port, an older one moves", "[flows]") {
    MacTable table{{.min_persistence = 3s}};
    table.learn(0, alice, 1, start);
    CHECK_FALSE(table.learn(0, alice, 2, start + 2s));
    CHECK(table.find(0, alice) == MacEntry{0, alice, 1, start});
    CHECK(table.learn(0, alice, 2, start + 3s));
    CHECK(table.find(0, alice) == MacEntry{0, alice, 2, start + 3s});
}

TEST_CASE("stations unheard for the idle time are forgotten, refreshed ones are not", "[flows]") {
    MacTable table{{.idle = 100s}};
    const auto handle = table.learn(0, alice, 1, start).value();
    table.learn(0, bob, 1, start);
    CHECK(table.next_expiry() == start + 100s);
    table.refresh(handle, start + 500ms);
    table.expire(start + 99s);
    CHECK(table.size() == 2);
    table.expire(start + 100s);
    CHECK_FALSE(table.find(0, bob));
    CHECK(table.find(0, alice)->last_heard == start + 500ms);
    table.expire(start + 101s);
    CHECK(table.size() == 0);
    CHECK_FALSE(table.next_expiry());
}

TEST_CASE("a handle is of no use once the station moved or was forgotten", "[flows]") {
    MacTable table{{}};
    const auto first = table.learn(0, alice, 1, start).value();
    const auto second = table.learn(0, alice, 2, start).value();
    table.refresh(first, start + 5s);
    CHECK(table.find(0, alice)->last_heard == start);
    table.refresh(second, start + 5s);
    CHECK(table.find(0, alice)->last_heard == start + 5s);

    table.forget(0, alice);
    table.learn(0, bob, 2, start);  // in the same slot
    table.refresh(second, start + 9s);
    CHECK(table.find(0, bob)->last_heard == start);
    table.refresh({}, start + 9s);
    table.refresh({12345, 1}, start + 9s);
    CHECK(table.find(0, bob)->last_heard == start);
}

TEST_CASE("a port that invents stations pushes out its own", "[flows]") {
    MacTable table{{.entries_max = 10}};
    for (std::uint64_t i = 0; i < 4; ++i) table.learn(0, station(i), 1, start);
    for (std::uint64_t i = 0; i < 1000; ++i)
        table.learn(0, station(100 + i), 2, start + std::chrono::seconds{i});
    CHECK(table.size() == 10);
    CHECK(table.size_of_port(1) == 4);
    CHECK(table.find(0, station(1099)));
    CHECK_FALSE(table.find(0, station(1093)));  // the longest unheard went first

    // Who has less than the others takes from the one that has most.
    for (std::uint64_t i = 0; i < 1000; ++i) table.learn(0, station(5000 + i), 3, start + 2000s);
    CHECK(table.size() == 10);
    CHECK(table.size_of_port(1) >= 3);
    CHECK(table.size_of_port(2) >= 3);
}

TEST_CASE("a smaller table gives up entries at once", "[flows]") {
    MacTable table{{.entries_max = 10}};
    for (std::uint64_t i = 0; i < 10; ++i) table.learn(0, station(i), i < 7 ? 1 : 2, start);
    table.configure({.entries_max = 4});
    CHECK(table.size() == 4);
    CHECK(table.size_of_port(1) == 2);
    CHECK(table.size_of_port(2) == 2);
}

TEST_CASE("a static entry stays where it was set, whatever is heard and forgotten", "[flows]") {
    MacTable table{{.idle = 100s}};
    REQUIRE(table.set_static(5, alice, 1, start));
    CHECK_FALSE(table.learn(5, alice, 2, start + 1s));
    table.expire(start + 1000s);
    CHECK_FALSE(table.forget(5, alice));
    table.forget_port(1);
    table.forget_vlan(5);
    table.forget_port_vlan(1, 5);
    table.forget_all();
    CHECK(table.find(5, alice) == MacEntry{5, alice, 1, start, true});
    CHECK(table.static_entries() == 1);
    CHECK_FALSE(table.next_expiry());
    CHECK_FALSE(table.find(0, alice));
}

TEST_CASE("a static entry goes with its port, with its VLAN, or when it is removed", "[flows]") {
    MacTable table{{}};
    for (const VlanId vlan : {VlanId{0}, VlanId{5}, VlanId{6}})
        REQUIRE(table.set_static(vlan, alice, vlan == 6 ? 2 : 1, start));
    table.learn(0, bob, 2, start);
    table.remove_port(2);
    CHECK_FALSE(table.find(6, alice));
    CHECK_FALSE(table.find(0, bob));
    table.remove_vlan(5);
    CHECK_FALSE(table.find(5, alice));
    CHECK(table.remove_static(0, alice));
    CHECK_FALSE(table.remove_static(0, alice));
    table.learn(0, bob, 2, start);
    CHECK_FALSE(table.remove_static(0, bob));
    CHECK(table.size() == 1);
    CHECK(table.static_entries() == 0);
    CHECK(table.learn(0, alice, 2, start));
}

TEST_CASE("a learned entry becomes static, a static one is set to another port", "[flows]") {
    Diary diary;
    MacTable table{{}, HashKey{}, &diary};
    const auto learned = table.learn(0, station(1), 1, start).value();
    REQUIRE(table.set_static(0, station(1), 1, start));
    REQUIRE(table.set_static(0, station(1), 1, start));
    table.refresh(learned, start + 5s);
    CHECK(table.find(0, station(1)) == MacEntry{0, station(1), 1, start, true});
    REQUIRE(table.set_static(0, station(1), 2, start));
    table.remove_static(0, station(1));
    CHECK(diary.lines == std::vector<std::string>{"learned 1 on 1", "moved from 1 1 on 1",
                                                  "moved from 1 1 on 2", "forgot 1 on 2"});
    CHECK(table.set_static(0, MacAddress::broadcast(), 1, start).error() ==
          MacError::group_address);
}

TEST_CASE("static entries fill half of the table, and are never pushed out of it", "[flows]") {
    MacTable table{{.entries_max = 10}};
    for (std::uint64_t i = 0; i < 10; ++i) table.learn(0, station(i), 2, start);
    for (std::uint64_t i = 0; i < 5; ++i) REQUIRE(table.set_static(0, station(100 + i), 1, start));
    CHECK(table.set_static(0, station(105), 1, start).error() == MacError::table_full);
    CHECK(table.set_static(0, station(104), 2, start));  // it has its room already
    CHECK(table.size() == 10);
    for (std::uint64_t i = 0; i < 1000; ++i) table.learn(0, station(1000 + i), 1, start);
    CHECK(table.size() == 10);
    CHECK(table.static_entries() == 5);

    table.configure({.entries_max = 2});
    CHECK(table.static_entries() == 5);
    CHECK(table.size() == 6);
    CHECK(table.learn(0, bob, 2, start));
    CHECK(table.size() == 6);
}

TEST_CASE("statistics count what is learned, not what is set, until they are cleared", "[flows]") {
    MacTable table{{.idle = 100s}};
    REQUIRE(table.set_static(0, alice, 1, start));
    table.learn(0, bob, 1, start);
    table.learn(0, bob, 2, start);
    table.expire(start + 100s);
    CHECK(table.statistics().learned == 1);
    CHECK(table.statistics().moved == 1);
    CHECK(table.statistics().expired == 1);
    table.clear_statistics();
    CHECK(table.statistics().learned == 0);
    CHECK(table.static_entries() == 1);
}

TEST_CASE("the observer hears of everything that is learned, moves and is forgotten", "[flows]") {
    Diary diary;
    MacTable table{{.entries_max = 2}, HashKey{}, &diary};
    table.learn(0, station(1), 1, start);
    table.learn(0, station(1), 1, start + 1s);
    table.learn(0, station(1), 2, start + 1s);
    table.learn(0, station(2), 2, start + 1s);
    table.learn(0, station(3), 1, start + 1s);
    table.forget_all();
    CHECK(diary.lines == std::vector<std::string>{
                             "learned 1 on 1", "moved from 1 1 on 2", "learned 2 on 2",
                             "forgot 1 on 2", "learned 3 on 1", "forgot 3 on 1", "forgot 2 on 2"});
}

TEST_CASE("the table does what a map would do", "[flows][property]") {
    for (const auto seed : seeds(150)) {
        INFO("rerun with seed " << seed);
        std::mt19937 random{seed};
        const Duration idle = 5s;
        const Duration persistence = std::chrono::seconds{random() % 3};
        MacTable table{{.idle = idle, .min_persistence = persistence}, HashKey{seed}};
        using Key = std::pair<VlanId, MacAddress>;
        std::map<Key, MacEntry> oracle;
        std::map<Key, MacTable::Handle> handles;  // of the entry with its present port
        TimePoint now = start;

        for (int step = 0; step < 600; ++step) {
            now += std::chrono::milliseconds{random() % 300};
            const auto vlan = static_cast<VlanId>(random() % 3);
            const MacAddress mac = station(random() % 40);
            const Key key{vlan, mac};
            const auto port = static_cast<PortNumber>(random() % 4);
            const bool statics = random() % 2 == 0;
            const auto forget = [&](bool statics_too, auto matches) {
                std::erase_if(oracle, [&](const auto& item) {
                    return (statics_too || !item.second.is_static) && matches(item.second);
                });
            };
            switch (random() % 14) {
                case 0:
                    REQUIRE((statics ? table.remove_static(vlan, mac) : table.forget(vlan, mac)) ==
                            (oracle.contains(key) && oracle[key].is_static == statics));
                    if (oracle.contains(key) && oracle[key].is_static == statics) oracle.erase(key);
                    break;
                case 1:
                    if (random() % 4 != 0) break;
                    statics ? table.remove_port(port) : table.forget_port(port);
                    forget(statics, [&](const MacEntry& entry) { return entry.port == port; });
                    break;
                case 2:
                    if (random() % 4 != 0) break;
                    statics ? table.remove_vlan(vlan) : table.forget_vlan(vlan);
                    forget(statics, [&](const MacEntry& entry) { return entry.vlan == vlan; });
                    break;
                case 3:
                    table.forget_port_vlan(port, vlan);
                    forget(false, [&](const MacEntry& entry) {
                        return entry.port == port && entry.vlan == vlan;
                    });
                    break;
                case 4:
                    table.expire(now);
                    forget(false,
                           [&](const MacEntry& entry) { return now - entry.last_heard >= idle; });
                    break;
                case 5:
                case 6:
                    if (oracle.contains(key) && handles.contains(key)) {
                        table.refresh(handles[key], now);
                        oracle[key].last_heard = now;
                    }
                    break;
                case 7: {
                    REQUIRE(table.set_static(vlan, mac, port, now));
                    if (MacEntry& entry = oracle[key]; !entry.is_static || entry.port != port) {
                        entry = {vlan, mac, port, now, true};
                        handles.erase(key);
                    }
                    break;
                }
                default: {
                    const auto handle = table.learn(vlan, mac, port, now);
                    const auto at = oracle.find(key);
                    const bool is_static = at != oracle.end() && at->second.is_static;
                    const bool stays = at != oracle.end() && at->second.port != port &&
                                       (is_static || now - at->second.last_heard < persistence);
                    REQUIRE(handle.has_value() != stays);
                    if (stays) break;
                    oracle[key] = {vlan, mac, port, now, is_static};
                    handles[key] = *handle;
                }
            }
            std::vector<MacEntry> wanted;
            for (const auto& [unused, entry] : oracle) wanted.push_back(entry);
            REQUIRE(table.entries() == wanted);
            REQUIRE(table.size() == oracle.size());
            const auto found = table.find(vlan, mac);
            REQUIRE(found.has_value() == oracle.contains(key));
            if (found) REQUIRE(*found == oracle[key]);
        }
    }
}

}  // namespace switchd::test
