// Endpoint: one attachment of the switch: a plug, a TAP, a socket. A bridge port has one or
// several.
//
// An endpoint delivers what it receives to a FrameSink, as one batch per turn of the loop, and
// sends what the sink enqueues. It never waits for its peer: frames that the peer does not take are
// kept in a bounded queue in their order, and what does not fit there is dropped and counted.
//
// Virtual calls are made per batch, not per frame.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "switchd/core/drop_reason.h"
#include "switchd/core/frame.h"
#include "switchd/core/frame_queue.h"
#include "switchd/core/reactor.h"

namespace switchd {

class Endpoint;

class FrameSink {
public:
    virtual ~FrameSink() = default;
    // Frames that arrived on `from`; the sink takes what it wants and leaves the rest to be freed.
    virtual void receive(Endpoint& from, FrameBatch& batch) noexcept = 0;
    // The peer has gone, or broke the rules so badly that the endpoint ends. The sink detaches it
    // from its port and lets go of it; called once, never from within enqueue().
    virtual void ended(Endpoint& endpoint) noexcept = 0;
};

using DropCounters = std::array<std::uint64_t, static_cast<std::size_t>(DropReason::count_)>;

class Endpoint : public Retirable, private Backlog::Member {
public:
    // `sink` must outlive the endpoint.
    Endpoint(Reactor& reactor, FrameSink& sink) : reactor_(reactor), sink_(sink) {}
    Endpoint(const Endpoint&) = delete;
    Endpoint& operator=(const Endpoint&) = delete;

    // Which port of the sink this is attached to; the sink's to set.
    std::uint32_t port() const { return port_; }
    void set_port(std::uint32_t port) { port_ = port; }

    // A number that tells endpoints of one process apart while they live, what kind of thing this
    // is in vde_switch's words ("unix prog", "tuntap"), and what the peer says of itself: any
    // bytes.
    virtual int id() const = 0;
    virtual std::string_view module() const = 0;
    const std::string& description() const { return description_; }

    // Sends the frame in this turn if the peer takes it. A full queue drops it.
    void enqueue(Frame frame) noexcept {
        if (closed_) return count_drop(DropReason::port_gone);
        if (queue_.size() >= FrameQueue::frames_max) return count_drop(DropReason::queue_full);
        // An eighth of the buffers is kept for whoever sends and receives now.
        const FramePool& pool = reactor_.pool();
        if (pool.free() < pool.size() / 8 && !reactor_.backlog().make_room(*this))
            return count_drop(DropReason::queue_full);
        queue_.push_back(std::move(frame));
        reactor_.before_submit(flush_hook_);
    }

    // Ends it from our side: the peer is told as its protocol has it, nothing is sent or delivered
    // any more. The owner then retires it to the reactor.
    void close() noexcept {
        if (closed_) return;
        closed_ = true;
        drops_[static_cast<std::size_t>(DropReason::port_gone)] += queue_.size() + batch_.size();
        queue_.clear();
        update_backlog();
        batch_.clear();
        close_peer();
    }
    bool closed() const { return closed_; }

    // It takes frames of which something is left to do (Frame::offload()).
    virtual bool takes_offloads() const { return false; }
    // While it is paused, no more is taken from the peer than what is on its way already.
    virtual void set_paused(bool paused) noexcept = 0;

    std::size_t queued() const { return queue_.size(); }
    const DropCounters& drops() const { return drops_; }
    void count_drop(DropReason reason) noexcept { ++drops_[static_cast<std::size_t>(reason)]; }

    bool idle() const override {
        return closed_ && !flush_hook_.queued() && !deliver_hook_.queued();
    }

protected:
    // Hands as much of the queue to the kernel as the peer takes.
    virtual void flush() noexcept = 0;
    // Cancels what is in flight and closes what the peer can see.
    virtual void close_peer() noexcept = 0;

    // A frame that arrived; delivered with the others of this turn.
    void deliver(Frame frame) noexcept {
        if (closed_) return;
        batch_.push(std::move(frame));
        if (batch_.full()) return deliver_batch();
        reactor_.before_submit(deliver_hook_);
    }
    // At once, for an endpoint that is about to end.
    void deliver_batch() noexcept {
        if (!batch_.empty()) sink_.receive(*this, batch_);
        batch_.clear();
    }
    void flush_soon() noexcept { reactor_.before_submit(flush_hook_); }

    // For set_paused() of who receives by one operation. True: it is to be started now. One that is
    // being cancelled starts anew when it has ended, unless paused_.
    bool resumes(Operation& receiving, bool paused) noexcept {
        if (paused_ == paused || closed_) return false;
        paused_ = paused;
        if (paused) reactor_.cancel(receiving);
        return !paused && !receiving.in_flight();
    }

    Reactor& reactor_;
    FrameSink& sink_;
    FrameQueue queue_;
    std::string description_;
    bool paused_ = false;

private:
    void on_flush() noexcept {
        if (closed_) return;
        flush();
        update_backlog();
    }
    void update_backlog() noexcept {
        const bool waits = !queue_.empty();
        if (waits == listed_) return;
        listed_ = waits;
        waits ? reactor_.backlog().add(*this) : reactor_.backlog().remove(*this);
    }

    std::size_t waiting_frames() const noexcept override { return queue_.size(); }
    void give_way() noexcept override {
        const std::size_t half = (queue_.size() + 1) / 2;
        drops_[static_cast<std::size_t>(DropReason::queue_full)] += half;
        for (std::size_t i = 0; i < half; ++i) queue_.pop_front();
    }

    std::uint32_t port_ = 0;
    bool closed_ = false;
    bool listed_ = false;  // in the reactor's backlog
    DropCounters drops_{};
    FrameBatch batch_;
    TurnHook deliver_hook_ = TurnHook::calling<&Endpoint::deliver_batch>(this);
    TurnHook flush_hook_ = TurnHook::calling<&Endpoint::on_flush>(this);
};

}  // namespace switchd
