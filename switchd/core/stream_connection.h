// One peer on a stream socket (or a pipe, or a terminal): bytes in, bytes out, never waiting.
//
// Derived classes say what the bytes mean. What is written is queued and goes out when the peer
// takes it; the queue is bounded, and a peer that lets it overflow is cut off.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "switchd/core/fd.h"
#include "switchd/core/reactor.h"

namespace switchd {

class StreamConnection : public Retirable {
public:
    // `output` may be the same descriptor as `input` (a socket: pass an empty Fd) or another one.
    // Reading begins with start().
    StreamConnection(Reactor& reactor, Fd input, Fd output, std::size_t output_bytes_max);
    StreamConnection(const StreamConnection&) = delete;
    StreamConnection& operator=(const StreamConnection&) = delete;

    void start();

    // Queues bytes for the peer. Beyond the bound everything queued is given up and the peer cut
    // off.
    void write(std::string_view bytes) noexcept;
    bool closed() const { return closed_; }
    std::size_t pending_bytes() const { return writing_.size() - written_ + waiting_.size(); }

    // No more input is read; what is queued still goes out, then ended() is called.
    void finish() noexcept;
    // At once. ended() is not called any more; the owner retires this.
    void close() noexcept;

    bool idle() const override { return closed_ && !read_.in_flight() && !write_.in_flight(); }

protected:
    virtual void received(std::span<const std::byte> bytes) noexcept = 0;
    // All that was written has gone out: a good moment to write more.
    virtual void drained() noexcept {}
    // The peer has gone, was cut off, or finish() is done; `overflow` in the second case. Called
    // once; the owner calls close() and retires this.
    virtual void ended(bool overflow) noexcept = 0;

    Reactor& reactor_;

private:
    void on_read(Completion& completion) noexcept;
    void on_written(Completion& completion) noexcept;
    void end(bool overflow) noexcept;
    int output_fd() const { return output_ ? output_.get() : input_.get(); }

    Fd input_, output_;
    std::size_t output_bytes_max_;
    bool finishing_ = false;
    bool ended_ = false;
    bool closed_ = false;
    std::string writing_;  // in the kernel's hands from written_ on
    std::size_t written_ = 0;
    std::string waiting_;  // after that
    std::array<std::byte, 4096> input_bytes_;
    Operation read_ = Operation::calling<&StreamConnection::on_read>(this);
    Operation write_ = Operation::calling<&StreamConnection::on_written>(this);
};

}  // namespace switchd
