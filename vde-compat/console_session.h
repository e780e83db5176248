// One conversation with the console: bytes of a peer in, bytes for the peer out. It knows nothing
// of sockets; a transport reads into input() and drains pending().
//
// What one read brought is a command even without a newline at its end, as vdeterm relies on; with
// newlines it is several. Only a read that filled the transport's buffer may have cut a line in
// two: then its last part waits for the next read.
//
// Bounds: a line of more than line_bytes_max ends the session. The next command runs only when the
// reply before is nearly drained, so a peer that does not read holds one reply; until then its
// further commands wait, input_bytes_max of them (a transport that heeds wants_input() never gets
// there). Events beyond backlog_bytes_max are dropped and counted. Events never appear inside a
// reply.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "vde-compat/console.h"

namespace switchd::vde {

// Told when an event made output pending outside of input() and consume().
class ConsoleOutput {
public:
    virtual ~ConsoleOutput() = default;
    // Must not call the session back before it returns.
    virtual void output_ready() noexcept = 0;
};

class ConsoleSession final : public DebugListener {
public:
    // Of a socket: banner and prompt first, a prompt after each reply, a farewell at the end. Of
    // stdin: replies alone, `logout` does nothing, and prompts go elsewhere (take_prompt()).
    enum class Kind : std::uint8_t { socket, standard_input };

    static constexpr std::size_t line_bytes_max = 8 * 1024;
    static constexpr std::size_t input_bytes_max = 64 * 1024;
    static constexpr std::size_t backlog_bytes_max = 256 * 1024;

    // `output`, if there is one, outlives the session.
    ConsoleSession(Console& console, DebugEvents& events, Kind kind,
                   ConsoleOutput* output = nullptr);
    ConsoleSession(const ConsoleSession&) = delete;
    ConsoleSession& operator=(const ConsoleSession&) = delete;
    ~ConsoleSession() override { events_.listen(*this, 0); }

    // What one read() brought. `cut`: it filled the buffer, so more of the last line may follow.
    void input(std::span<const std::byte> bytes, bool cut = false);
    bool wants_input() const { return !finished_ && input_.size() < line_bytes_max && !blocked_; }

    // Output in order. The view is valid until the next call on this session or event.
    std::string_view pending() const { return std::string_view(output_).substr(sent_); }
    // The first `bytes` of pending() are written. May run commands that waited for it.
    void consume(std::size_t bytes);
    // Of stdin: whether a prompt is due, once all that is pending is written; then no longer.
    bool take_prompt() { return std::exchange(prompt_due_, false); }

    // Drain pending(), then close.
    bool finished() const { return finished_; }
    // Why the session, not the peer, ended it; empty after `logout` and `shutdown`.
    std::string_view reason() const { return reason_; }
    std::uint64_t events_dropped() const { return events_dropped_; }

    void debug_line(std::string_view line) override;

private:
    void run_commands();
    void run(std::string_view line);
    void finish(std::string_view reason);

    Console& console_;
    DebugEvents& events_;
    Kind kind_;
    ConsoleOutput* transport_;
    std::string input_;  // not yet executed
    std::string output_;
    std::size_t sent_ = 0;
    bool cut_ = false;      // the last line in input_ may go on
    bool blocked_ = false;  // commands wait in input_ until output is drained
    bool prompt_due_ = false;
    bool finished_ = false;
    std::string_view reason_;
    std::uint64_t events_dropped_ = 0;
};

}  // namespace switchd::vde
