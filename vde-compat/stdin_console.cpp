#include "vde-compat/stdin_console.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace switchd::vde {

namespace {

constexpr std::size_t write_bytes_max = 64 * 1024;

// Terminals and sockets can be written to although they are somebody's input.
bool takes_prompts(int input) {
    struct stat status {};
    if (::fstat(input, &status) != 0) return false;
    if (!S_ISCHR(status.st_mode) && !S_ISSOCK(status.st_mode)) return false;
    return (::fcntl(input, F_GETFL) & O_ACCMODE) != O_RDONLY;
}

}  // namespace

StdinConsole::StdinConsole(Reactor& reactor, Console& console, DebugEvents& events,
                           std::function<void()> at_end, int input, int output)
    : reactor_(reactor),
      at_end_(std::move(at_end)),
      input_(input),
      output_(output),
      prompts_(takes_prompts(input)),
      session_(console, events, ConsoleSession::Kind::standard_input, this) {
    output_ready();  // the first pump() asks for input
}

void StdinConsole::close() noexcept {
    closed_ = true;
    for (auto* operation : {&input_ready_, &read_, &output_ready_}) reactor_.cancel(*operation);
    // A file takes what it was given in its own time, and always; others may never.
    struct stat status {};
    if (::fstat(output_, &status) != 0 || !S_ISREG(status.st_mode)) reactor_.cancel(write_);
    if (!write_.in_flight()) write_rest();
}

// The last replies, as far as the output takes them without waiting.
void StdinConsole::write_rest() noexcept {
    std::string rest = writing_.substr(written_);
    rest += session_.pending();
    for (std::size_t written = 0; written < rest.size();) {
        pollfd ready{output_, POLLOUT, 0};
        if (::poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0) return;
        const ssize_t bytes = ::write(output_, rest.data() + written,
                                      std::min<std::size_t>(rest.size() - written, PIPE_BUF));
        if (bytes <= 0) return;
        written += static_cast<std::size_t>(bytes);
    }
}

void StdinConsole::pump() noexcept {
    if (closed_) return;
    if (!session_.pending().empty()) {
        if (!write_.in_flight() && !output_ready_.in_flight()) {
            writing_ = session_.pending().substr(0, write_bytes_max);
            written_ = 0;
            write_more();
            session_.consume(writing_.size());
        }
    } else if (!write_.in_flight() && !output_ready_.in_flight()) {
        show_prompt();
        if (input_over_ && !std::exchange(ended_, true)) return at_end_();
    }
    // Asked before it is read: reading a terminal from the background would stop the process even
    // though nobody types, and a descriptor that does not block would have to be asked in vain.
    if (session_.wants_input() && !input_over_ && !input_ready_.in_flight() && !read_.in_flight())
        reactor_.poll(input_ready_, input_, POLLIN);
}

void StdinConsole::show_prompt() noexcept {
    if (!session_.take_prompt() || !prompts_) return;
    // Six bytes that nobody waits for: where they do not fit, they are lost.
    pollfd ready{input_, POLLOUT, 0};
    if (::poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT) != 0)
        static_cast<void>(::write(input_, console_prompt.data(), console_prompt.size()) < 0);
}

void StdinConsole::on_input_ready(Completion& completion) noexcept {
    if (closed_) return;
    if (completion.result < 0) {
        input_over_ = true;
        return pump();
    }
    reactor_.read(read_, input_, input_bytes_);
}

void StdinConsole::on_read(Completion& completion) noexcept {
    if (closed_) return;
    const int result = completion.result;
    input_over_ = result == 0 || (result < 0 && result != -EAGAIN && result != -EINTR);
    if (result > 0) {
        const auto bytes = static_cast<std::size_t>(result);
        session_.input(std::span(input_bytes_).first(bytes), bytes == input_bytes_.size());
    }
    pump();
}

void StdinConsole::write_more() noexcept {
    reactor_.write(write_, output_, std::as_bytes(std::span(writing_)).subspan(written_));
}

void StdinConsole::on_output_ready(Completion&) noexcept {
    if (!closed_) write_more();
}

void StdinConsole::on_written(Completion& completion) noexcept {
    const int result = completion.result;
    if (closed_) {
        if (result > 0) written_ += static_cast<std::size_t>(result);
        return write_rest();
    }
    if (result == -EAGAIN) return reactor_.poll(output_ready_, output_, POLLOUT);
    if (result > 0) written_ += static_cast<std::size_t>(result);
    // Nobody can read this, or its disk is full. The next reply may fare better.
    if (result < 0 && result != -EINTR) written_ = writing_.size();
    if (written_ < writing_.size()) return write_more();
    pump();
}

}  // namespace switchd::vde
