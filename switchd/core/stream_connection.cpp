#include "switchd/core/stream_connection.h"

#include <cerrno>

namespace switchd {

StreamConnection::StreamConnection(Reactor& reactor, Fd input, Fd output,
                                   std::size_t output_bytes_max)
    : reactor_(reactor),
      input_(std::move(input)),
      output_(std::move(output)),
      output_bytes_max_(output_bytes_max) {}

void StreamConnection::start() {
    reactor_.read(read_, input_.get(), input_bytes_);
}

void StreamConnection::write(std::string_view bytes) noexcept {
    if (ended_ || closed_ || bytes.empty()) return;
    if (pending_bytes() + bytes.size() > output_bytes_max_) return end(true);
    waiting_.append(bytes);
    if (write_.in_flight()) return;
    // The bytes in the kernel's hands may not move, so what comes meanwhile waits in another
    // string.
    writing_ = std::exchange(waiting_, {});
    written_ = 0;
    reactor_.write(write_, output_fd(), std::as_bytes(std::span(writing_)));
}

void StreamConnection::finish() noexcept {
    finishing_ = true;
    reactor_.cancel(read_);
    if (!write_.in_flight()) end(false);
}

void StreamConnection::close() noexcept {
    closed_ = true;
    reactor_.cancel(read_);
    reactor_.cancel(write_);
}

void StreamConnection::end(bool overflow) noexcept {
    if (std::exchange(ended_, true) || closed_) return;
    ended(overflow);
}

void StreamConnection::on_read(Completion& completion) noexcept {
    if (ended_ || closed_ || finishing_) return;
    if (completion.result <= 0) {
        if (completion.result == -EINTR) return start();
        // A peer that has said all it wants to say may still be reading its answers.
        if (completion.result == 0 && write_.in_flight()) {
            finishing_ = true;
            return;
        }
        return end(false);
    }
    received(std::span(input_bytes_).first(static_cast<std::size_t>(completion.result)));
    if (!ended_ && !closed_ && !finishing_) start();
}

void StreamConnection::on_written(Completion& completion) noexcept {
    if (ended_ || closed_) return;
    if (completion.result < 0 && completion.result != -EINTR) return end(false);
    if (completion.result > 0) written_ += static_cast<std::size_t>(completion.result);
    if (written_ == writing_.size()) {
        writing_ = std::exchange(waiting_, {});
        written_ = 0;
    }
    if (!writing_.empty())
        return reactor_.write(write_, output_fd(),
                              std::as_bytes(std::span(writing_)).subspan(written_));
    drained();
    if (finishing_ && !write_.in_flight()) end(false);
}

}  // namespace switchd
