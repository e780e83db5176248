// One Ethernet frame: a move-only handle to a pooled buffer, with the part of it that is the frame.
//
// A frame has one owner at a time. share() makes a second owner of the same bytes; who wants to
// change bytes asks for them with own(), which copies when somebody else looks at them too.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

#include "switchd/core/frame_pool.h"

namespace switchd {

class Frame {
public:
    Frame() = default;
    Frame(Frame&& other) noexcept
        : pool_(std::exchange(other.pool_, nullptr)), place_(other.place_) {}
    Frame& operator=(Frame&& other) noexcept {
        if (this != &other) {
            reset();
            pool_ = std::exchange(other.pool_, nullptr);
            place_ = other.place_;
        }
        return *this;
    }
    ~Frame() { reset(); }

    explicit operator bool() const { return pool_ != nullptr; }
    void reset() noexcept {
        if (pool_) std::exchange(pool_, nullptr)->release(place_.id);
    }

    const FramePool& pool() const { return *pool_; }  // of one that holds a buffer
    std::size_t size() const { return place_.size; }
    std::span<const std::byte> bytes() const { return {data(), size()}; }

    // Something is left to do to it before it can stand on a wire.
    bool offloaded() const { return place_.offloaded; }
    // What that is; offsets follow where the front is moved.
    Offload offload() const noexcept {
        if (!offloaded()) return {};
        Offload offload = pool_->offloads_[place_.id];
        offload.checksum_start = static_cast<std::uint16_t>(offload.checksum_start - place_.start);
        return offload;
    }
    // For the only owner. The bytes that it names must be in the frame.
    void set_offload(Offload offload) noexcept {
        place_.offloaded = offload.any();
        if (!offloaded()) return;
        offload.checksum_start = static_cast<std::uint16_t>(offload.checksum_start + place_.start);
        pool_->offloads_[place_.id] = offload;
    }

    // A second owner of the same bytes.
    Frame share() const noexcept {
        ++pool_->references_[place_.id];
        return Frame{*pool_, place_};
    }

    // Makes this the only owner of its bytes, by copying if need be. False, and nothing changed,
    // when no buffer is free for the copy.
    bool own() noexcept {
        if (pool_->references_[place_.id] == 1) return true;
        Frame copy = pool_->take();
        if (!copy) return false;
        copy.resize(size());
        std::memcpy(copy.data(), data(), size());
        copy.set_offload(offload());
        *this = std::move(copy);
        return true;
    }

    // For the only owner: its bytes, the room in front of and behind them, and new bounds.
    std::span<std::byte> writable() { return {data(), size()}; }
    std::size_t headroom() const { return place_.start; }
    // The `bytes` in front of the frame, at most headroom(): for what a device wants to read there.
    // Not for the only owner alone: all owners of the same bytes put the same there.
    std::span<std::byte> front_room(std::size_t bytes) const { return {data() - bytes, bytes}; }
    std::size_t room() const { return pool_->stride_bytes_ - place_.start; }
    void resize(std::size_t bytes) { place_.size = bytes & size_bits; }
    // Moves the front by `bytes`: negative grows into the headroom, positive cuts. At most
    // headroom() or size().
    void move_front(std::ptrdiff_t bytes) {
        place_.start = static_cast<std::uint16_t>(place_.start + bytes);
        resize(static_cast<std::size_t>(static_cast<std::ptrdiff_t>(size()) - bytes));
    }

private:
    friend class FramePool;
    static constexpr std::uint32_t size_bits = 0x7fffffff;
    // In eight bytes: many frames are moved about.
    struct Place {
        std::uint16_t id = 0;
        std::uint16_t start = 0;  // from the beginning of the buffer
        std::uint32_t size : 31 = 0;
        std::uint32_t offloaded : 1 = 0;
    };
    Frame(FramePool& pool, Place place) : pool_(&pool), place_(place) {}

    std::byte* data() const {
        return pool_->memory_ + place_.id * pool_->stride_bytes_ + place_.start;
    }

    FramePool* pool_ = nullptr;
    Place place_;
};
static_assert(sizeof(Frame) == 16);

// Frames that arrived together on one endpoint, oldest first.
class FrameBatch {
public:
    static constexpr std::size_t frames_max = 64;

    bool empty() const { return count_ == 0; }
    bool full() const { return count_ == frames_max; }
    std::size_t size() const { return count_; }
    void push(Frame frame) { frames_[count_++] = std::move(frame); }
    std::span<Frame> frames() { return {frames_, count_}; }
    void clear() {
        for (Frame& frame : frames()) frame.reset();
        count_ = 0;
    }

private:
    Frame frames_[frames_max];
    std::size_t count_ = 0;
};

inline void FramePool::release(std::uint16_t id) noexcept {
    if (--references_[id] == 0) free_.push_back(id);
}

}  // namespace switchd
