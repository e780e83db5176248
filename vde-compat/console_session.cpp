#include "vde-compat/console_session.h"

#include <algorithm>

namespace switchd::vde {

namespace {

// Replies up to this size may pile up before further commands wait.
constexpr std::size_t nearly_drained_bytes = 64 * 1024;

}  // namespace

ConsoleSession::ConsoleSession(Console& console, DebugEvents& events, Kind kind,
                               ConsoleOutput* output)
    : console_(console), events_(events), kind_(kind), transport_(output) {
    if (kind_ == Kind::socket) output_.append(console_banner).append(console_prompt);
}

void ConsoleSession::input(std::span<const std::byte> bytes, bool cut) {
    if (finished_ || bytes.empty()) return;
    if (input_.size() + bytes.size() > input_bytes_max)
        return finish("sends commands without reading their replies");
    input_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    cut_ = cut;
    run_commands();
}

void ConsoleSession::consume(std::size_t bytes) {
    sent_ += std::min(bytes, output_.size() - sent_);
    if (sent_ == output_.size()) {
        // A reply of megabytes must not stay in memory for the life of the session.
        if (output_.capacity() > backlog_bytes_max) std::string().swap(output_);
        output_.clear();
        sent_ = 0;
    }
    if (blocked_) run_commands();
}

void ConsoleSession::run_commands() {
    std::size_t done = 0;
    blocked_ = false;
    while (!finished_ && done < input_.size()) {
        const auto rest = std::string_view(input_).substr(done);
        const auto line = rest.substr(0, rest.find('\n'));
        const bool whole = line.size() < rest.size();
        if (line.size() > line_bytes_max) return finish("sends a line that is too long");
        if (!whole && cut_) break;
        if (pending().size() > nearly_drained_bytes) {
            blocked_ = true;
            break;
        }
        run(line);
        done += line.size() + (whole ? 1 : 0);
    }
    input_.erase(0, done);
}

void ConsoleSession::run(std::string_view line) {
    // Some clients send the terminating NUL of their string along.
    line = line.substr(0, line.find('\0'));
    std::string reply;
    const auto after = console_.execute(line, *this, reply);
    output_.append(reply);
    if (kind_ == Kind::standard_input) {
        prompt_due_ = true;
    } else if (after == Console::After::go_on) {
        output_.append(console_prompt);
    } else {
        output_.append(console_farewell);
        finish({});
    }
}

void ConsoleSession::finish(std::string_view reason) {
    finished_ = true;
    reason_ = reason;
    events_.listen(*this, 0);
}

void ConsoleSession::debug_line(std::string_view line) {
    if (pending().size() + line.size() > backlog_bytes_max) {
        ++events_dropped_;
        return;
    }
    output_.append(line);
    if (transport_ != nullptr) transport_->output_ready();
}

}  // namespace switchd::vde
