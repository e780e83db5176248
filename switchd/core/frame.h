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
        : pool_(std::exchange(other.pool_, nullptr)),
          id_(other.id_),
          start_(other.start_),
          size_(other.size_) {}
    Frame& operator=(Frame&& other) noexcept {
        if (this != &other) {
            reset();
            pool_ = std::exchange(other.pool_, nullptr);
            id_ = other.id_;
            start_ = other.start_;
            size_ = other.size_;
        }
        return *this;
    }
    ~Frame() { reset(); }

    explicit operator bool() const { return pool_ != nullptr; }
    void reset() noexcept {
        if (pool_) std::exchange(pool_, nullptr)->release(id_);
    }

    std::size_t size() const { return size_; }
    std::span<const std::byte> bytes() const { return {data(), size_}; }

    // A second owner of the same bytes.
    Frame share() const noexcept {
        ++pool_->references_[id_];
        return Frame{*pool_, id_, start_, size_};
    }

    // Makes this the only owner of its bytes, by copying if need be. False, and nothing changed,
    // when no buffer is free for the copy.
    bool own() noexcept {
        if (pool_->references_[id_] == 1) return true;
        Frame copy = pool_->take();
        if (!copy) return false;
        copy.resize(size_);
        std::memcpy(copy.data(), data(), size_);
        *this = std::move(copy);
        return true;
    }

    // For the only owner: its bytes, the room in front of and behind them, and new bounds.
    std::span<std::byte> writable() { return {data(), size_}; }
    std::size_t headroom() const { return start_; }
    std::size_t room() const { return FramePool::stride_bytes - start_; }
    void resize(std::size_t bytes) { size_ = static_cast<std::uint16_t>(bytes); }
    // Moves the front by `bytes`: negative grows into the headroom, positive cuts. At most
    // headroom() or size().
    void move_front(std::ptrdiff_t bytes) {
        start_ = static_cast<std::uint16_t>(start_ + bytes);
        size_ = static_cast<std::uint16_t>(size_ - bytes);
    }

private:
    friend class FramePool;
    Frame(FramePool& pool, std::uint16_t id, std::size_t start, std::size_t size)
        : pool_(&pool),
          id_(id),
          start_(static_cast<std::uint16_t>(start)),
          size_(static_cast<std::uint16_t>(size)) {}

    std::byte* data() const {
        return pool_->memory_ + std::size_t{id_} * FramePool::stride_bytes + start_;
    }

    FramePool* pool_ = nullptr;
    std::uint16_t id_ = 0;
    std::uint16_t start_ = 0;  // from the beginning of the buffer
    std::uint16_t size_ = 0;
};

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
