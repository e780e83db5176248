#include "tests/flows/openflow/peer.h"
#include "tests/flows/rules.h"
#include "tests/support/catch.h"

using namespace switchd;
using namespace switchd::test;
using namespace switchd::openflow;
using enum MessageType;

namespace {

// Of 1.3: in_port=1 (or anything) in this table, with this command, output to port 2.
std::string flow_mod_1_3(
    const std::string& table, const std::string& command,
    const std::string& match = "0001000c 80000004 00000001 00000000",
    const std::string& instructions = "0004 0018 00000000 0000 0010 00000002 0000 000000000000") {
    return "0000000000000077 0000000000000000" + table + command +
           "0000 0000 0007 ffffffff ffffffff ffffffff 0000 0000" + match + instructions;
}

const std::string every_flow_1_3 =
    "00010000 00000000 ff000000 ffffffff ffffffff 00000000"
    "0000000000000000 0000000000000000 0001000400000000";

}  // namespace

TEST_CASE("rules are added, told and removed") {
    World world;
    Peer peer(world.controllers, Version::v1_3);
    CHECK(peer.answer(flow_mod, flow_mod_1_3("03", "00")).empty());
    CHECK(world.target.tables().size() == 1);
    world.target.clock.advance(std::chrono::seconds{3});
    const auto told = peer.answer(multipart_request, every_flow_1_3);
    CHECK(told ==
          "0001000000000000"
          "0058"
          "03"
          "00"
          "00000003"
          "00000000"
          "0007"
          "0000"
          "0000"
          "0000"
          "00000000"
          "0000000000000077"
          "0000000000000000"
          "0000000000000000"
          "0001000c800000040000000100000000"
          "0004001800000000"
          "00000010000000020000000000000000");
    CHECK(peer.answer(flow_mod, flow_mod_1_3("ff", "03", "0001000400000000", "")).empty());
    CHECK(world.target.tables().size() == 0);
    CHECK(peer.answer(multipart_request, every_flow_1_3) == "0001000000000000");
}

TEST_CASE("what is wrong with a flow mod is told, and nothing is changed") {
    World world;
    Peer peer(world.controllers, Version::v1_3);
    const std::string back_to_2 = "0001 0008 02 000000";
    CHECK(peer.answer(flow_mod, flow_mod_1_3("03", "00", "0001000400000000", back_to_2)) ==
          "error 0003 0002");
    CHECK(peer.answer(flow_mod, flow_mod_1_3("ff", "00")) == "error 0005 0002");
    CHECK(peer.answer(flow_mod, flow_mod_1_3("03", "09")) == "error 0005 0006");
    CHECK(peer.answer(flow_mod, "00") == "error 0001 0006");
    CHECK(world.target.tables().size() == 0);
    world.target.tables().set_limit(3, 0);
    CHECK(peer.answer(flow_mod, flow_mod_1_3("03", "00")) == "error 0005 0001");
}

TEST_CASE("sums of rules are told in every version") {
    World world;
    REQUIRE(world.target.tables().apply(add_mod({}, 1, output(1)), world.target.now()));
    REQUIRE(world.target.tables().apply(add_mod({}, 2, output(1), 9), world.target.now()));
    const std::string sums =
        "0000000000000000"
        "0000000000000000"
        "00000002"
        "00000000";
    Peer old(world.controllers, Version::v1_0);
    const std::string all_1_0 = "003fffff" + std::string(2 * 36, '0') + "ff 00 ffff";
    CHECK(old.answer(multipart_request, "0002 0000" + all_1_0) == "00020000" + sums);
    CHECK(
        old.answer(multipart_request, "ffff 0000 00002320 00000001 00000000 ffff 0000 ff 000000") ==
        "ffff0000"
        "00002320"
        "00000001"
        "00000000" +
            sums);
    std::string request = every_flow_1_3;
    request[3] = '2';
    CHECK(Peer(world.controllers, Version::v1_3).answer(multipart_request, request) ==
          "0002000000000000" + sums);
}

TEST_CASE("Nicira's messages about flows have matches of their own") {
    World world;
    Peer peer(world.controllers, Version::v1_0);
    CHECK(peer.answer(experimenter,
                      "00002320 0000000d 0000000000000077 0000 0000 0000 0007 ffffffff ffff 0000"
                      "0006 000000000000 00000002 0001 0000 0000 0008 0002 0000")
              .empty());
    CHECK(world.target.tables().state(0).rules == 1);
    const auto told =
        peer.answer(multipart_request, "ffff 0000 00002320 00000000 00000000 ffff 0000 ff 000000");
    CHECK(told.substr(0, 40) ==
          "ffff0000"
          "00002320"
          "00000000"
          "00000000"
          "0040"
          "00"
          "00");
    CHECK(told.substr(told.size() - 32) ==
          "0000000200010000"
          "0000000800020000");
}

TEST_CASE("a table in a command of 1.0 counts once the peer has said so") {
    World world;
    Peer peer(world.controllers, Version::v1_0);
    const auto add_to_5 = [&] {
        return peer.answer(flow_mod, "003fffff" + std::string(2 * 36, '0') +
                                         "0000000000000000 0500 0000 0000 8000 ffffffff ffff 0000");
    };
    CHECK(add_to_5() == "error 0003 0004");
    CHECK(peer.answer(experimenter, "00002320 0000000f 01 00000000000000").empty());
    CHECK(add_to_5().empty());
    CHECK(world.target.tables().state(5).rules == 1);
}
