// Keeps a connection to an active target (tcp:, ssl:, unix:): hands each connected socket to its
// owner, who says when it has come to something and when it has ended.
//
// Connects at once, and again 1, 2, 4 and from then on 8 seconds after each failure. A connection
// that lasted longer than the pause before the next attempt starts anew with 1 second. What fails
// again and again is logged once.
#pragma once

#include <optional>
#include <string_view>

#include "switchd/core/log.h"
#include "switchd/core/stream_socket.h"
#include "switchd/core/timer.h"

namespace switchd {

class Dialer {
public:
    // Dialer dialer_ = Dialer::calling<&StreamDialer::on_socket>(reactor, log, target, this);
    // `method` takes the socket as an Fd. What is referred to must outlive this. Dialing begins at
    // once.
    template <auto method>
    static Dialer calling(Reactor& reactor, Log& log, const StreamTarget& target, auto* owner) {
        return Dialer{reactor, log, target, owner, [](void* to, Fd& socket) noexcept {
                          (static_cast<decltype(owner)>(to)->*method)(std::move(socket));
                      }};
    }
    Dialer(const Dialer&) = delete;
    Dialer& operator=(const Dialer&) = delete;

    const StreamTarget& target() const { return target_; }

    // The socket that the owner was given is in use, and is so no more.
    void established() noexcept;
    void ended(std::string_view reason) noexcept;
    bool is_established() const { return established_since_.has_value(); }

    // While it is, nothing is dialed. What is established stays so.
    void set_paused(bool paused) noexcept;

    void close() noexcept;
    bool idle() const { return !connect_.in_flight() && timer_.idle(); }

private:
    static constexpr Duration pause_min = std::chrono::seconds{1};
    static constexpr Duration pause_max = std::chrono::seconds{8};
    // An attempt that takes longer is given up.
    static constexpr Duration attempt_max = std::chrono::seconds{8};

    using Handler = void (*)(void* owner, Fd& socket) noexcept;
    Dialer(Reactor& reactor, Log& log, const StreamTarget& target, void* owner, Handler handler);

    void dial() noexcept;
    void on_timer() noexcept;
    void on_connected(Completion& completion) noexcept;
    void dial_later(std::string_view reason) noexcept;

    Reactor& reactor_;
    Log& log_;
    StreamTarget target_;
    SocketAddress address_;
    void* owner_;
    Handler handler_;
    Fd socket_;  // while it is being connected
    std::optional<TimePoint> established_since_;
    Duration pause_ = pause_min;  // before the attempt after the next failure
    bool timed_out_ = false;
    bool reported_ = false;  // that it is not there
    bool paused_ = false;
    bool closed_ = false;
    Operation connect_ = Operation::calling<&Dialer::on_connected>(this);
    Timer timer_ = Timer::calling<&Dialer::on_timer>(reactor_, this);  // of pause or attempt
};

}  // namespace switchd
