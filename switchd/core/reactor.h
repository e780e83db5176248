// The event loop: one io_uring, one thread, and no polling unless asked to linger().
//
// One turn (run_once):
//   1  lend free buffers to the kernel, submit what the last turn asked for and wait, in one
//      io_uring_enter
//   2  harvest the completions and call their operations' handlers
//   3  call the after-submit hooks: what was submitted has been sent, or its failure was just seen
//   4  call the before-submit hooks, and those that they ask for, until none is left: a port
//      delivers the frames that arrived as one batch, ports that got frames hand them to the kernel
//   5  destroy retired objects that are idle
// Without traffic the thread sleeps in step 1, and nothing wakes it but a request that completes.
//
// Requests are prepared by the methods below and belong to the given Operation, which must not be
// in flight yet. Memory that is named in a request must stay valid until it completes.
//
// Needs Linux 6.1: IORING_SETUP_SINGLE_ISSUER and IORING_SETUP_DEFER_TASKRUN, multishot receives
// and provided buffer rings.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "switchd/core/backlog.h"
#include "switchd/core/clock.h"
#include "switchd/core/frame_pool.h"
#include "switchd/core/operation.h"

struct io_uring_sqe;
struct msghdr;
struct sockaddr;

namespace switchd {

// What recvmsg(2) said beside a datagram; stays while its frame does.
struct BesideMessage {
    std::span<const std::byte> name;     // its sender's address
    std::span<const std::byte> control;  // as cmsg(3) has it
    bool cut = false;                    // more has come than was room for
};

class Reactor {
public:
    enum Size : unsigned { ordinary, large };  // of buffers

    // `pool` is for ordinary frames, `large_pool` for those of read_large_frames(). All must
    // outlive this. Throws SetupError that says why io_uring cannot be had.
    Reactor(FramePool& pool, FramePool& large_pool, const Clock& clock);
    ~Reactor();
    Reactor(const Reactor&) = delete;
    Reactor& operator=(const Reactor&) = delete;

    // The time at which this turn began.
    TimePoint now() const { return now_; }
    const Clock& clock() const { return clock_; }
    FramePool& pool() { return pool_; }
    Backlog& backlog() { return backlog_; }

    // Turns until stop().
    void run();
    void stop() { running_ = false; }
    void run_once();

    // Every datagram that arrives on `fd` completes with a frame, until an error or cancel().
    void receive_frames(Operation& operation, int fd);
    // The same with what came beside each datagram: its sender's address, of shape.msg_namelen
    // bytes at most, and control messages of shape.msg_controllen (together beside_bytes_max).
    // `shape` stays as long as the operation is in flight; each frame goes through take_message().
    void receive_messages(Operation& operation, int fd, msghdr& shape, Size size);
    // Leaves the datagram in `frame`.
    static BesideMessage take_message(const msghdr& shape, Frame& frame);
    // Sends without waiting and completes only on failure (-EAGAIN, -ECONNREFUSED, ...), before the
    // after-submit hooks of the next turn. `tag` is at least 1 and tells several such sends of one
    // operation apart. The operation does not count as in flight.
    void send_frame(Operation& operation, int fd, std::span<const std::byte> bytes,
                    std::uint16_t tag);
    // The same for devices (TAP), where a frame is what one read or write moves: it may have 64 KiB
    // and a header, and comes in a buffer of the large pool. These are few: who keeps a frame for
    // long copies it. Before Linux 6.7 each read completes for itself, with `more` false.
    void read_large_frames(Operation& operation, int fd);
    void write_frame(Operation& operation, int fd, std::span<const std::byte> bytes,
                     std::uint16_t tag);
    // The next connection completes with its descriptor, a blocking one: this ring waits for what
    // would block, and gives up at once only where O_NONBLOCK is set. One at a time, so that a
    // flood of connections has its turn and no more than that.
    void accept(Operation& operation, int fd);
    // Completes when the socket is connected, or with the reason why it is not. `address` must
    // stay until then.
    void connect(Operation& operation, int fd, const sockaddr* address, std::uint32_t bytes);
    void read(Operation& operation, int fd, std::span<std::byte> into);
    void write(Operation& operation, int fd, std::span<const std::byte> bytes);
    // All of the message's pieces, in their order, unless the peer ends; `message` and what it
    // points to must stay until then.
    void send_message(Operation& operation, int fd, const msghdr& message);
    // Completes once with the events that are there, of poll(2)'s `events`, POLLERR and POLLHUP.
    void poll(Operation& operation, int fd, unsigned events);
    // `timespec` holds the deadline while the request is in flight; completes with -ETIME.
    struct Timespec {
        std::int64_t seconds;
        long long nanoseconds;
    };
    void timeout(Operation& operation, Timespec& timespec, TimePoint deadline);
    // A timeout() in flight is to end at another time.
    void change_timeout(Operation& operation, Timespec& timespec, TimePoint deadline);
    // A request in flight completes soon, with -ECANCELED if it had not completed anyway.
    void cancel(Operation& operation);

    // Calls `hook` once, in step 3 of the next turn or step 4 of this one. Nothing happens if it is
    // queued already.
    void after_submit(TurnHook& hook) { after_submit_.push(hook); }
    void before_submit(TurnHook& hook) { before_submit_.push(hook); }

    // Whoever was just answered will ask for more at once: for so long the loop looks whether he
    // has, without sleeping. To be woken costs both sides more than that.
    void linger(Duration time) { linger_until_ = clock_.now() + time; }

    // Keeps the object until it is idle, at least until the end of this turn, then destroys it.
    void retire(std::unique_ptr<Retirable> object);
    // Some of these are still there, and what they refer to has to be.
    bool has_retired() const { return !retired_.empty(); }
    // How many have been retired so far, and whether some of the first `count` are still there: for
    // an object that others refer to, which were retired before it.
    std::uint64_t retirements() const { return retirements_; }
    bool has_retired(std::uint64_t count) const;

private:
    class HookList {
    public:
        void push(TurnHook& hook);
        void run();
        bool empty() const { return !first_; }

    private:
        TurnHook* first_ = nullptr;
        TurnHook* last_ = nullptr;
    };
    struct Ring;

    io_uring_sqe& next_request(Operation& operation, std::uint16_t tag);
    void look_around();
    void harvest();
    void bury();

    FramePool& pool_;
    Backlog backlog_;
    const Clock& clock_;
    TimePoint now_;
    TimePoint linger_until_{};
    std::unique_ptr<Ring> ring_;
    bool running_ = false;
    HookList after_submit_, before_submit_;
    struct Retired {
        std::unique_ptr<Retirable> object;
        std::uint64_t place;  // how many were retired before it
    };
    std::vector<Retired> retired_;
    std::uint64_t retirements_ = 0;
};

}  // namespace switchd
