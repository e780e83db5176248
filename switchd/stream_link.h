// One connected stream socket, plain or under TLS: moves bytes between its peer and a session.
//
// Nothing is queued here but one piece for the kernel (output_bytes_max, and what TLS adds): the
// session is asked for more when that has gone. All that a session says in one turn of the loop
// leaves in one write.
//
// TLS costs: a handshake a signature, and a peer may have new keys made as often as it likes. So it
// is listened to in small pieces, within the time that requests have, and not while the peer does
// not take what TLS has to answer.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "switchd/core/fd.h"
#include "switchd/core/reactor.h"
#include "switchd/core/request_turns.h"
#include "switchd/core/timer.h"
#include "switchd/stream_session.h"
#include "switchd/tls_stream.h"

namespace switchd {

class StreamLink final : public Retirable, private Requester {
public:
    class Owner {
    public:
        virtual ~Owner() = default;
        // The peer can be spoken to: under TLS, it has shown who it is.
        virtual std::unique_ptr<StreamSession> link_opened(StreamLink& link) noexcept = 0;
        // Called once, not after close(). The owner calls close() and retires the link.
        virtual void link_ended(StreamLink& link, std::string_view reason) noexcept = 0;
    };

    // `tls`: null for a plain stream. `peer` is who is there, for people. Nothing happens before
    // start().
    StreamLink(RequestTurns& turns, Fd socket, std::unique_ptr<TlsStream> tls, std::string peer,
               Owner& owner);
    ~StreamLink() override { turns_.forget(*this); }

    void start() noexcept;
    const std::string& peer() const { return peer_; }
    // See StreamSession; who has not finished TLS has not.
    bool introduced() const { return session_ && session_->introduced(); }

    // The session has something to send.
    void send() noexcept { reactor_.before_submit(pump_); }
    // Nothing more is read; what the session still has to send is sent, then the link ends.
    void finish(std::string_view reason) noexcept;
    // At once and for the owner only: it is not told.
    void close() noexcept;

    bool idle() const override {
        return closed_ && !read_.in_flight() && !write_.in_flight() && !pump_.queued() &&
               patience_.idle();
    }

private:
    static constexpr std::size_t input_bytes_max = 16 << 10;
    static constexpr std::size_t output_bytes_max = 64 << 10;
    // Of TLS at once: some 40 changes of keys, a millisecond.
    static constexpr std::size_t piece_bytes = 1 << 10;
    // For a TLS handshake, and for a peer to take the last words, or some that it still asked for.
    static constexpr Duration patience = std::chrono::seconds{10};

    void open() noexcept;
    void on_read(Completion& completion) noexcept;
    void on_written(Completion& completion) noexcept;
    void on_impatience() noexcept { end("it did not answer in time"); }
    void pump() noexcept;
    void fill() noexcept;
    bool hears_tls() const { return tls_->wire_size() < output_bytes_max; }
    void decrypt(bool in_turn) noexcept;
    void decrypt_piece() noexcept;
    void go_on() noexcept override;
    void end_input() noexcept;
    void end(std::string_view reason) noexcept;

    RequestTurns& turns_;
    Reactor& reactor_;
    Fd socket_;
    std::unique_ptr<TlsStream> tls_;
    std::string peer_;
    Owner& owner_;
    std::unique_ptr<StreamSession> session_;  // null until the peer can be spoken to
    bool input_ended_ = false;                // the peer says no more
    bool finishing_ = false;
    bool ended_ = false;
    bool closed_ = false;
    std::string reason_;             // why it is finishing
    std::vector<std::byte> plain_;   // on its way to or from TLS
    std::vector<std::byte> output_;  // in the kernel's hands from written_ on
    std::size_t written_ = 0;
    std::array<std::byte, input_bytes_max> input_;
    std::span<const std::byte> encrypted_;  // the rest of it, if TLS has not looked at all
    Operation read_ = Operation::calling<&StreamLink::on_read>(this);
    Operation write_ = Operation::calling<&StreamLink::on_written>(this);
    TurnHook pump_ = TurnHook::calling<&StreamLink::pump>(this);
    Timer patience_ = Timer::calling<&StreamLink::on_impatience>(reactor_, this);
};

}  // namespace switchd
