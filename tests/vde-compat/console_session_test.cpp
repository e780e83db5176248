#include "vde-compat/console_session.h"

#include "tests/vde-compat/console_lab.h"

namespace switchd::vde::test {

using Kind = ConsoleSession::Kind;

TEST_CASE("a session on a socket starts with banner and prompt") {
    ConsoleLab lab;
    auto session = lab.session();
    CHECK(session.pending() ==
          "VDE switch V.2.3.3\n"
          "switchd: answers as vde_switch 2.3.3 does\n"
          "\nvde$ ");
}

TEST_CASE("reply and prompt are there together after one packet") {
    ConsoleLab lab;
    auto session = lab.session();
    drain(session);
    session.input(bytes_of("vlan/create 5\n"));
    CHECK(session.pending() == "1000 Success\n\nvde$ ");
}

TEST_CASE("a command without a newline is executed at once") {
    ConsoleLab lab;
    auto session = lab.session();
    drain(session);
    CHECK(ask(session, "vlan/create 5") == "1000 Success\n");
    CHECK(ask(session, "vlan/create 5") == "1017 File exists\n");
}

TEST_CASE("several commands in one packet are all executed, in order") {
    ConsoleLab lab;
    auto session = lab.session();
    drain(session);
    CHECK(ask(session, "vlan/create 5\nvlan/create 5\r\nbogus") ==
          "1000 Success\n\nvde$ 1017 File exists\n\nvde$ 1038 Function not implemented\n");
}

TEST_CASE("blank lines and comments get a prompt and nothing else") {
    ConsoleLab lab;
    auto session = lab.session();
    drain(session);
    const auto line = GENERATE("\n", "   \n", "# comment\n", "\t# comment", "\r\n");
    session.input(bytes_of(line));
    CHECK(drain(session) == console_prompt);
}

TEST_CASE("a command's path is a prefix of the line, blanks around it do not matter") {
    ConsoleLab lab;
    lab.plug_two();
    auto session = lab.session();
    drain(session);
    const auto plain = ask(session, "port/print 1\n");
    CHECK(ask(session, "port/print1\n") == plain);
    CHECK(ask(session, "  port/print   1  \n") == plain);
    CHECK(ask(session, "\tport/print\t1\r\n") == plain);
    CHECK(ask(session, std::string_view("port/print 1\n\0", 14)).starts_with(plain));
}

TEST_CASE("a line that a full buffer cut in two is put together again") {
    ConsoleLab lab;
    auto session = lab.session();
    drain(session);
    session.input(bytes_of("vlan/create 5\nvlan/cre"), true);
    CHECK(drain(session) == "1000 Success\n\nvde$ ");
    session.input(bytes_of("ate 6"));
    CHECK(drain(session) == "1000 Success\n\nvde$ ");
    CHECK(lab.model.vlan_table.contains(6));
}

TEST_CASE("a command in two reads that were not full is two commands, as in vde_switch") {
    ConsoleLab lab;
    auto session = lab.session();
    drain(session);
    CHECK(ask(session, "vlan/cre") == "1038 Function not implemented\n");
    CHECK(ask(session, "ate 6\n") == "1038 Function not implemented\n");
}

TEST_CASE("a peer that sends megabytes without a newline is cut off") {
    ConsoleLab lab;
    auto session = lab.session();
    drain(session);
    const std::string part(4096, 'x');
    int reads = 0;
    while (!session.finished() && reads < 1000) {
        session.input(bytes_of(part), true);
        ++reads;
    }
    CHECK(reads == 3);
    CHECK(session.reason() == "sends a line that is too long");
    CHECK(session.pending().empty());
}

TEST_CASE("a peer that does not read holds one reply, its next commands wait") {
    ConsoleLab lab;
    for (unsigned i = 0; i < 2000; ++i)
        lab.model.mac_table.push_back({MacAddress::from_u64(0x020000000000 + i), 0, 1});
    auto session = lab.session();
    drain(session);
    session.input(bytes_of("hash/print\nhash/print\nvlan/create 7\n"));
    const auto one_reply = session.pending().size();
    CHECK(one_reply < 200'000);
    CHECK_FALSE(session.wants_input());
    CHECK_FALSE(lab.model.vlan_table.contains(7));

    const auto all = drain(session);
    CHECK(session.wants_input());
    CHECK(lab.model.vlan_table.contains(7));
    CHECK(all.size() == 2 * one_reply + std::string_view("1000 Success\n\nvde$ ").size());
}

TEST_CASE("a transport that reads on regardless is stopped at the input's bound") {
    ConsoleLab lab;
    auto session = lab.session();
    std::string commands;
    for (int i = 0; i < 400; ++i) commands += "help\n";
    for (int i = 0; i < 1000 && !session.finished(); ++i) session.input(bytes_of(commands));
    CHECK(session.finished());
    CHECK(session.reason() == "sends commands without reading their replies");
    CHECK(session.pending().size() < 2 * 64 * 1024);
}

TEST_CASE("logout says farewell and ends the session, with nothing after it") {
    ConsoleLab lab;
    auto session = lab.session();
    drain(session);
    session.input(bytes_of("logout\nvlan/create 5\n"));
    CHECK(session.finished());
    CHECK(session.pending() == "9999 END OF SESSION");
    CHECK(session.reason().empty());
    CHECK_FALSE(lab.model.vlan_table.contains(5));
    CHECK_FALSE(lab.model.ended);
}

TEST_CASE("shutdown says farewell and ends the switch") {
    ConsoleLab lab;
    auto session = lab.session();
    CHECK(ask(session, "shutdown").ends_with("9999 END OF SESSION"));
    CHECK(session.finished());
    CHECK(lab.model.ended);
}

TEST_CASE("on stdin there is no banner, and prompts are not part of the output") {
    ConsoleLab lab;
    auto session = lab.session(Kind::standard_input);
    CHECK(session.pending().empty());
    CHECK_FALSE(session.take_prompt());
    session.input(bytes_of("bogus\n"));
    CHECK(session.pending() == "1038 Function not implemented\n");
    CHECK(session.take_prompt());
    CHECK_FALSE(session.take_prompt());
}

TEST_CASE("on stdin logout does nothing and shutdown ends the switch silently") {
    ConsoleLab lab;
    auto session = lab.session(Kind::standard_input);
    session.input(bytes_of("logout\n"));
    CHECK(session.pending().empty());
    CHECK_FALSE(session.finished());
    session.input(bytes_of("shutdown\n"));
    CHECK(session.pending().empty());
    CHECK(lab.model.ended);
}

TEST_CASE("an event comes between replies, never inside one") {
    ConsoleLab lab;
    auto session = lab.session();
    drain(session);
    ask(session, "debug/add port\n");
    lab.events.port_created(1);
    CHECK(drain(session) == "3021 port/+ 01\n");
    // What a command itself causes is told before its reply, as vde_switch does.
    lab.model.on_create = [&](unsigned port) { lab.events.port_created(port); };
    CHECK(ask(session, "port/createauto\n") ==
          "3021 port/+ 01\n0000 DATA END WITH '.'\nPort 0001\n.\n1000 Success\n");
}

TEST_CASE("events for a peer that does not read are dropped and counted") {
    ConsoleLab lab;
    auto session = lab.session();
    ask(session, "debug/add\n");
    for (unsigned i = 0; i < 100'000; ++i) lab.events.port_created(i);
    CHECK_FALSE(session.finished());
    CHECK(session.pending().size() <= ConsoleSession::backlog_bytes_max);
    CHECK(session.events_dropped() > 50'000);
    drain(session);
    lab.events.port_created(5);
    CHECK(drain(session) == "3021 port/+ 05\n");
}

TEST_CASE("a session that is gone or has ended hears nothing more") {
    ConsoleLab lab;
    {
        auto session = lab.session();
        ask(session, "debug/add\n");
        CHECK(lab.events.wanted(DebugCategory::port_created));
    }
    CHECK_FALSE(lab.events.wanted(DebugCategory::port_created));
    auto session = lab.session();
    ask(session, "debug/add\n");
    ask(session, "logout\n");
    CHECK_FALSE(lab.events.wanted(DebugCategory::port_created));
}

TEST_CASE("what one session listens to is its own") {
    ConsoleLab lab;
    auto one = lab.session();
    auto other = lab.session();
    drain(one);
    drain(other);
    ask(one, "debug/add port\n");
    CHECK(ask(other, "debug/list port/+\n").find(" OFF ") != std::string::npos);
    lab.events.port_created(4);
    CHECK(drain(one) == "3021 port/+ 04\n");
    CHECK(drain(other).empty());
}

}  // namespace switchd::vde::test
