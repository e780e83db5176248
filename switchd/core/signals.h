// Signals as requests of the loop: blocked for the process, read from a descriptor, handed to the
// owner one by one between packets.
#pragma once

#include <sys/signalfd.h>

#include <initializer_list>

#include "switchd/core/fd.h"
#include "switchd/core/reactor.h"

namespace switchd {

// To be called before any thread exists (io_uring's workers too), so that all inherit it.
void block_signals(std::initializer_list<int> signals);
void ignore_signals(std::initializer_list<int> signals);

class Signals {
public:
    // Signals signals_ = Signals::calling<&Program::on_signal>(reactor, this, {SIGTERM, SIGINT});
    // `method` takes the signal's number. They must be blocked.
    template <auto method>
    static Signals calling(Reactor& reactor, auto* owner, std::initializer_list<int> signals) {
        return Signals{reactor, owner, signals, [](void* to, int signal) noexcept {
                           (static_cast<decltype(owner)>(to)->*method)(signal);
                       }};
    }
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    void close() noexcept {
        closed_ = true;
        reactor_.cancel(read_);
    }
    bool idle() const { return !read_.in_flight(); }

private:
    using Handler = void (*)(void* owner, int signal) noexcept;
    Signals(Reactor& reactor, void* owner, std::initializer_list<int> signals, Handler handler);

    void read_next() {
        reactor_.read(read_, fd_.get(), std::as_writable_bytes(std::span(&info_, 1)));
    }
    void on_read(Completion& completion) noexcept;

    Reactor& reactor_;
    void* owner_;
    Handler handler_;
    Fd fd_;
    bool closed_ = false;
    signalfd_siginfo info_{};
    Operation read_ = Operation::calling<&Signals::on_read>(this);
};

}  // namespace switchd
