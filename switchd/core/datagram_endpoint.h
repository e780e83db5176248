// An endpoint whose frames are datagrams on a connected unix socket: one frame, one datagram.
//
// Receiving is armed once and stays armed. Sending keeps the order of frames by construction: no
// frame is given to the kernel unless the socket is known to have room for it, so none fails while
// a later one passes. The knowledge is a *credit*: when the kernel reports the socket writable, at
// most a quarter of its send buffer is in use (unix(7) sockets are writable from there on), so what
// costs less than the other three quarters is sure to fit. Sending uses the credit up; a poll for
// writability, asked for in the same submission once half of it is gone, renews it. A peer that
// reads costs one poll per some 200 frames, a peer that does not read costs nothing at all.
//
// That holds for a peer that is connected back to us. Others (User-mode Linux, dynamips, and every
// peer in its first moments) take only net.unix.max_dgram_qlen frames, whatever our buffer holds.
// So a peer has to prove itself first, by taking many frames at once; until then one frame is under
// way at a time, or several in one sendmmsg(2), which stops at the first that is refused.
#pragma once

#include <cstdint>
#include <vector>

#include "switchd/core/endpoint.h"
#include "switchd/core/fd.h"

namespace switchd {

class DatagramEndpoint : public Endpoint {
public:
    // `socket` is blocking and connected to the peer. Its send buffer is deepened as far as the
    // system allows.
    DatagramEndpoint(Reactor& reactor, FrameSink& sink, Fd socket);

    // Begins to receive.
    void start();

    bool idle() const override;
    void set_paused(bool paused) noexcept override;

protected:
    void flush() noexcept override;
    void close_peer() noexcept override;
    int socket() const { return socket_.get(); }
    // Delivers what the socket still holds, for a peer that has gone; bounded.
    void drain() noexcept;

private:
    // So many frames taken at once prove that it is our send buffer that holds them.
    static constexpr std::size_t proof_frames = 32;
    // More than a default send buffer of its peer's holds.
    static constexpr std::size_t drain_frames_max = 512;

    void on_received(Completion& completion) noexcept;
    void on_send_failed(Completion& completion) noexcept;
    void on_writable(Completion& completion) noexcept;
    void settle() noexcept;
    void take(Frame frame) noexcept;
    void flush_unproven() noexcept;
    void submit_front() noexcept;
    void ask_for_report() noexcept;
    void count_failure(int error) noexcept;

    Fd socket_;
    std::int64_t window_bytes_ = 0;      // credit that a report of writability is worth
    std::int64_t credit_bytes_ = 0;      // may be sent without a new report
    std::int64_t since_poll_bytes_ = 0;  // sent since the poll now in flight was asked for
    bool proven_ = false;                // connected back to us: the credit holds for it
    std::vector<Frame> submitted_;       // of the last submission, until it is known to have passed
    std::vector<std::uint16_t> refused_;  // indices into submitted_, ascending

    Operation receive_ = Operation::calling<&DatagramEndpoint::on_received>(this);
    Operation send_ = Operation::calling<&DatagramEndpoint::on_send_failed>(this);
    Operation writable_ = Operation::calling<&DatagramEndpoint::on_writable>(this);
    TurnHook settle_hook_ = TurnHook::calling<&DatagramEndpoint::settle>(this);
};

}  // namespace switchd
