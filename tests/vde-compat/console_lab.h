// A console with everything that belongs to it, over a fake switch.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "tests/support/catch.h"
#include "tests/vde-compat/fake_switch.h"
#include "vde-compat/console.h"
#include "vde-compat/console_session.h"

namespace switchd::vde::test {

inline std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

struct ConsoleLab {
    FakeSwitch model;
    FakeFstp fstp;
    DebugEvents events;
    Log log{"test"};
    PacketDump dump{events, log, Duration{0}};
    Console console{{model, fstp, events, dump}};

    // What stood behind the recorded transcripts: three plugs on two ports, two learned addresses.
    void plug_two() {
        auto& first = model.plug(1, {{3, "unix prog", "first"}});
        auto& second = model.plug(2, {{9, "unix prog", ""}, {7, "unix prog", "second"}});
        first.in = first.out = second.in = second.out = {1, 60};
    }
    void one_tree() {
        auto& tree = fstp.tree_table[0];
        tree.is_root = true;
        tree.root = {0x80, 0, 0, 0xff, 1, 2, 3, 4};
        tree.designated.fill(0xff);
        tree.age = std::chrono::seconds{2};
        tree.ports = {{1, false, 20000000, "Designated"}, {2, false, 20000000, "Designated"}};
    }

    ConsoleSession session(ConsoleSession::Kind kind = ConsoleSession::Kind::socket) {
        return ConsoleSession(console, events, kind);
    }
};

// All that `session` has to say.
inline std::string drain(ConsoleSession& session) {
    std::string all;
    while (!session.pending().empty()) {
        const std::string chunk(session.pending().substr(0, 65536));
        session.consume(chunk.size());
        all += chunk;
    }
    return all;
}

// What `session` answers to one packet, without the prompt at the end.
inline std::string ask(ConsoleSession& session, std::string_view packet) {
    session.input(bytes_of(packet));
    auto reply = drain(session);
    if (reply.ends_with(console_prompt)) reply.resize(reply.size() - console_prompt.size());
    return reply;
}

// Plays a transcript: lines "> COMMAND", each followed by the lines of its reply. Lines "# ..."
// before the first reply line of a command say why vde_switch 2.3.2 answers otherwise; where there
// is none, the reply is what that program was seen to answer.
inline void check_transcript(ConsoleSession& session, std::string_view transcript) {
    drain(session);
    std::string command, expected;
    const auto check = [&] {
        if (command.empty()) return;
        INFO("after the command " << command);
        CHECK(ask(session, command + "\n") == expected);
    };
    while (!transcript.empty()) {
        const auto line = transcript.substr(0, transcript.find('\n'));
        transcript.remove_prefix(std::min(line.size() + 1, transcript.size()));
        if (line.starts_with("> ")) {
            check();
            command = line.substr(2);
            expected.clear();
        } else if (!line.starts_with("# ") && !command.empty()) {
            expected.append(line).append("\n");
        }
    }
    check();
}

}  // namespace switchd::vde::test
