// The management console of vde_switch: its commands, and what one line typed there answers.
//
// A line is looked up in one table of commands: the first whose path is a prefix of the line runs,
// the rest of the line is its argument. What it says is built as one string:
//
//     0000 DATA END WITH '.'     commands with output only
//     ...
//     .
//     1000 Success               1EEE TEXT: EEE = errno, always below 100
//
// Every front door (management socket, stdin, rc file) uses the same Console; what belongs to one
// connection lives in ConsoleSession.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vde-compat/console_fstp.h"
#include "vde-compat/debug_events.h"
#include "vde-compat/packet_dump.h"
#include "vde-compat/switch.h"

namespace switchd::vde {

// Programs look for "V." and a number that ends its line here, so the number is the one of the
// vde_switch whose commands these are. No "$ " may stand in it: it would look like a prompt.
inline constexpr std::string_view console_banner =
    "VDE switch V.2.3.3\n"
    "switchd: answers as vde_switch 2.3.3 does\n";
inline constexpr std::string_view console_prompt = "\nvde$ ";
inline constexpr std::string_view console_farewell = "9999 END OF SESSION";

// A reply that would be longer is replaced by error 1027; 65,535 ports or 500,000 MAC addresses
// fit.
inline constexpr std::size_t console_reply_bytes_max = 64 << 20;

class Console {
public:
    // All of them must outlive the console.
    struct Parts {
        Switch& model;
        FstpAdmin& fstp;
        DebugEvents& events;
        PacketDump& dump;
    };
    explicit Console(const Parts& parts) : parts_(parts) {}

    enum class After { go_on, end_session };

    // Runs one line (without its newline) and appends the reply, if any, to `reply`. `listener` is
    // the session that debug/* is about. Blank lines and comments ("#...") have no reply.
    After execute(std::string_view line, DebugListener& listener, std::string& reply);

    // Runs an rc file's text. Nobody hears the replies, commands about a session fail, and what
    // failed is returned: in vde_switch's console errors of an rc file are silent, not so here.
    struct ScriptFailure {
        std::size_t line_number;  // from 1
        std::string line;
        std::string result;  // "1017 File exists"
    };
    std::vector<ScriptFailure> run_script(std::string_view text);

private:
    struct Context;
    After execute_in(const Context& context, std::string_view line, std::string& reply);
    void run_lines(const Context& context, std::string_view path, std::string_view text,
                   std::string& reply);
    After load(const Context& context, std::string_view path, std::string& reply);

    Parts parts_;
};

}  // namespace switchd::vde
