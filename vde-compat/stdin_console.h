// The console on standard input: commands from descriptor 0, replies to descriptor 1, as vde_switch
// in the foreground.
//
// The prompt goes to descriptor 0, after the reply, where that is a terminal or a socket; on a pipe
// it is lost. What an output that fails or is closed does not take is lost, and the console goes
// on; the end of the input is told once. An output that is not read stops the reading of commands.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <string>

#include "switchd/core/fd.h"
#include "switchd/core/reactor.h"
#include "vde-compat/console_session.h"

namespace switchd::vde {

class StdinConsole final : private ConsoleOutput {
public:
    // `at_end` is called on the end of the input, or an input that cannot be read, when all replies
    // are written; once, and never after close(). The descriptors stay open.
    StdinConsole(Reactor& reactor, Console& console, DebugEvents& events,
                 std::function<void()> at_end, int input = 0, int output = 1);
    StdinConsole(const StdinConsole&) = delete;
    StdinConsole& operator=(const StdinConsole&) = delete;

    void close() noexcept;
    bool idle() const {
        return !input_ready_.in_flight() && !read_.in_flight() && !output_ready_.in_flight() &&
               !write_.in_flight() && !pump_.queued();
    }

private:
    void output_ready() noexcept override { reactor_.before_submit(pump_); }
    void pump() noexcept;
    void show_prompt() noexcept;
    void write_more() noexcept;
    void write_rest() noexcept;

    void on_input_ready(Completion& completion) noexcept;
    void on_read(Completion& completion) noexcept;
    void on_output_ready(Completion& completion) noexcept;
    void on_written(Completion& completion) noexcept;

    Reactor& reactor_;
    std::function<void()> at_end_;
    int input_;
    int output_;
    bool prompts_;
    bool closed_ = false;
    bool input_over_ = false;
    bool ended_ = false;
    ConsoleSession session_;
    std::array<std::byte, 4096> input_bytes_;
    std::string writing_;  // in the kernel's hands from written_ on
    std::size_t written_ = 0;
    TurnHook pump_ = TurnHook::calling<&StdinConsole::pump>(this);
    Operation input_ready_ = Operation::calling<&StdinConsole::on_input_ready>(this);
    Operation read_ = Operation::calling<&StdinConsole::on_read>(this);
    Operation output_ready_ = Operation::calling<&StdinConsole::on_output_ready>(this);
    Operation write_ = Operation::calling<&StdinConsole::on_written>(this);
};

}  // namespace switchd::vde
