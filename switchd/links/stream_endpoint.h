// An endpoint whose frames come in a stream, each behind its length in four bytes, big endian: what
// QEMU calls -netdev stream and -netdev socket, and passt, gvproxy and others speak as well.
//
// Bytes are read as many as there are and cut into frames; frames are sent up to 64 at once, and
// the others wait in the queue until these have gone.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "switchd/core/bytes.h"
#include "switchd/core/endpoint.h"
#include "switchd/core/fd.h"

namespace switchd {

class StreamEndpoint final : public Endpoint {
public:
    // QEMU's own limit; who says more speaks something else.
    static constexpr std::size_t length_max = 4096 + 65536;

    // `socket` is blocking and connected. `peer` is who is there, for people.
    StreamEndpoint(Reactor& reactor, FrameSink& sink, Fd socket, std::string peer);

    // Begins to receive.
    void start() noexcept;
    // Why the peer's end ended, in a few words; empty while it has not.
    std::string_view reason() const { return reason_; }

    int id() const override { return id_; }
    std::string_view module() const override { return "stream"; }
    bool idle() const override;
    void set_paused(bool paused) noexcept override;

protected:
    void flush() noexcept override;
    void close_peer() noexcept override;

private:
    // Some 1000 small frames: more in one turn would keep others waiting.
    static constexpr std::size_t input_bytes = 64 << 10;
    static constexpr std::size_t frames_at_once = 64;

    void on_read(Completion& completion) noexcept;
    void cut() noexcept;
    void take(std::span<const std::byte> bytes) noexcept;
    void on_sent(Completion& completion) noexcept;
    void end(std::string reason) noexcept;

    Fd socket_;
    int id_;
    std::string reason_;

    std::unique_ptr<std::byte[]> input_;
    std::size_t filled_ = 0;  // bytes of it
    std::size_t skip_ = 0;    // bytes still to come of a frame that is dropped

    std::vector<Frame> sending_;  // in the kernel's hands
    std::array<be32, frames_at_once> lengths_;
    std::array<iovec, 2 * frames_at_once> pieces_;
    msghdr message_{};
    Operation read_ = Operation::calling<&StreamEndpoint::on_read>(this);
    Operation send_ = Operation::calling<&StreamEndpoint::on_sent>(this);
};

}  // namespace switchd
