#include "flows/openflow/table_vacancy.h"

#include "tests/flows/openflow/peer.h"
#include "tests/flows/rules.h"
#include "tests/support/catch.h"

using namespace switchd;
using namespace switchd::test;
using namespace switchd::openflow;
using enum MessageType;

namespace {

Match from_port(PortNumber port) {
    Match match;
    match.key.set(field::in_port, port);
    match.mask.fold(field::in_port);
    return match;
}

}  // namespace

TEST_CASE("vacancy is what is free of a table, in percent") {
    TableState state;
    state.rules_max = 10;
    CHECK(vacancy_of(state) == 100);
    state.rules = 9;
    CHECK(vacancy_of(state) == 10);
    state.rules = 11;
    CHECK(vacancy_of(state) == 0);
    state.rules_max = 0;
    CHECK(vacancy_of(state) == 0);
}

TEST_CASE("a table that fills up is told of once, and once when it has room again") {
    World world;
    FlowTables& tables = world.target.tables();
    tables.set_limit(3, 10);
    VacancyWatch watch;
    watch.set(3, Vacancy{20, 50}, tables.state(3));
    std::string events;
    const auto check = [&] {
        watch.check(tables, [&](std::uint8_t table, VacancyEvent event) {
            CHECK(table == 3);
            events += event == VacancyEvent::down ? 'd' : 'u';
        });
    };
    const auto add = [&](PortNumber from, PortNumber to) {
        for (; from < to; ++from) {
            REQUIRE(tables.apply(add_mod(from_port(from), 1, output(1), 3), world.target.now()));
            check();
        }
    };
    const auto remove = [&](PortNumber from, PortNumber to) {
        for (; from < to; ++from) {
            REQUIRE(tables.apply(remove_mod(from_port(from)), world.target.now()));
            check();
        }
    };
    add(0, 8);
    CHECK(events.empty());
    add(8, 10);
    CHECK(events == "d");
    remove(0, 5);
    add(0, 5);
    CHECK(events == "d");
    remove(0, 6);
    CHECK(events == "du");
    remove(6, 8);
    CHECK(events == "du");
    add(0, 8);
    CHECK(events == "dud");
    watch.set(3, std::nullopt, tables.state(3));
    CHECK_FALSE(watch.thresholds(3));
    remove(0, 8);
    CHECK(events == "dud");
}

TEST_CASE("peers that want it hear of a table that fills up") {
    World world;
    world.target.tables().set_limit(3, 2);
    Peer peer(world.controllers, Version::v1_4);
    CHECK(peer.answer(set_async, "0009000800000018").empty());
    CHECK(peer.answer(table_mod, "0300000000000008 000300083c500000").empty());
    peer.send(flow_mod, 1,
              "0000000000000000 0000000000000000 03 00 0000 0000 8000 ffffffff ffffffff ffffffff"
              "0000 0000 0001000400000000");
    const auto messages = peer.take();
    REQUIRE(messages.size() == 1);
    CHECK(messages[0].header.type == 31);
    CHECK(messages[0].body ==
          "0300000000000000"
          "0018030000000008"
          "0002000800000006"
          "000300083c503200");
    CHECK(peer.answer(multipart_request, "000e 0000 00000000").substr(16 + 3 * 32, 48) ==
          "0018030000000008"
          "0002000800000006"
          "000300083c503200");
}
