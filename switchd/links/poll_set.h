// The descriptors that a library wants to be told about, in one epoll(7) set: the loop polls that,
// once, however many there are.
//
// The library says anew what it wants before each wait: begin(), want() for each, wait(). What has
// not changed since the last time costs no system call.
#pragma once

#include <cstdint>
#include <vector>

#include "switchd/core/fd.h"
#include "switchd/core/reactor.h"

namespace switchd {

class PollSet {
public:
    // `method` of the owner is called when some of them are ready.
    template <auto method>
    static PollSet calling(Reactor& reactor, auto* owner) {
        return PollSet{reactor, owner,
                       [](void* to) noexcept { (static_cast<decltype(owner)>(to)->*method)(); }};
    }
    PollSet(const PollSet&) = delete;
    PollSet& operator=(const PollSet&) = delete;

    void begin();
    // `events` as of epoll(7); the index for ready().
    int want(int fd, std::uint32_t events);
    void wait() noexcept;
    // Of what was wanted last: the descriptor, and the events that there were when the owner was
    // called.
    struct Ready {
        int fd = -1;
        std::uint32_t events = 0;
    };
    Ready ready(int index) const;
    // The descriptor is about to be closed.
    void forget(int fd) noexcept;

    int id() const { return epoll_.get(); }  // its own descriptor
    void close() noexcept;
    bool idle() const { return !poll_.in_flight(); }

private:
    PollSet(Reactor& reactor, void* owner, void (*function)(void*) noexcept);
    void on_ready(Completion& completion) noexcept;
    void set(int operation, int fd, std::uint32_t events) noexcept;

    struct Known {
        std::uint32_t events = 0;  // in the epoll set; 0: it is not there
        std::uint32_t round = 0;   // in which it was wanted last
        int index = -1;            // in wanted_
    };

    Reactor& reactor_;
    void* owner_;
    void (*function_)(void*) noexcept;
    Fd epoll_;
    bool closed_ = false;
    std::uint32_t round_ = 0;
    std::vector<Ready> wanted_, before_;
    std::vector<Known> known_;  // by descriptor
    Operation poll_ = Operation::calling<&PollSet::on_ready>(this);
};

}  // namespace switchd
