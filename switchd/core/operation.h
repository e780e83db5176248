// Operation: one request in the kernel's hands, embedded in the object that asked for it.
//
// What comes back is a call of a method of that owner, so nothing is allocated or looked up for a
// request. From the request until its last completion the operation is in flight: it belongs to the
// kernel, and its owner may not die (~Operation checks). An owner that wants to go cancels its
// operations and is retired to the Reactor, which destroys it after the last completion.
//
// TurnHook: a call wished for later in the same turn of the loop; see Reactor.
#pragma once

#include <cstdint>
#include <cstdlib>

#include "switchd/core/frame.h"

namespace switchd {

struct Completion {
    int result = 0;         // what the system call would have returned, or -errno
    bool more = false;      // a multishot request is still armed and will complete again
    std::uint16_t tag = 0;  // of a send_frame(): the number that the sender gave it
    Frame frame;            // of a receive_frames(): what was received, if result > 0
};

class Operation {
public:
    using Handler = void (*)(void* owner, Completion&) noexcept;

    // Operation read_ = Operation::calling<&TapPort::on_read>(this);
    template <auto method>
    static Operation calling(auto* owner) {
        return Operation{owner, [](void* to, Completion& completion) noexcept {
                             (static_cast<decltype(owner)>(to)->*method)(completion);
                         }};
    }
    Operation(const Operation&) = delete;
    Operation& operator=(const Operation&) = delete;
    ~Operation() {
        if (in_flight_ != 0) std::abort();  // our mistake: the kernel would write into freed memory
    }

    bool in_flight() const { return in_flight_ != 0; }

private:
    friend class Reactor;
    Operation(void* owner, Handler handler) : owner_(owner), handler_(handler) {}

    void* owner_;
    Handler handler_;
    std::uint32_t in_flight_ = 0;
};

class TurnHook {
public:
    template <auto method>
    static TurnHook calling(auto* owner) {
        return TurnHook{owner,
                        [](void* to) noexcept { (static_cast<decltype(owner)>(to)->*method)(); }};
    }
    TurnHook(const TurnHook&) = delete;
    TurnHook& operator=(const TurnHook&) = delete;
    ~TurnHook() {
        if (queued_) std::abort();  // our mistake: the loop would call into freed memory
    }

    bool queued() const { return queued_; }

private:
    friend class Reactor;
    TurnHook(void* owner, void (*function)(void*) noexcept) : owner_(owner), function_(function) {}

    void* owner_;
    void (*function_)(void*) noexcept;
    TurnHook* next_ = nullptr;
    bool queued_ = false;
};

// Whatever owns operations and may end while they are in flight; see Reactor::retire().
class Retirable {
public:
    virtual ~Retirable() = default;
    // No operation in flight and no hook queued: it may be destroyed.
    virtual bool idle() const = 0;
};

}  // namespace switchd
