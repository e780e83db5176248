// Frames on their way out of one endpoint, oldest first: a bounded ring.
//
// It holds no memory until first used and grows by doubling to its bound, so that a thousand ports
// whose peers read cost nothing and a port whose peer stopped costs a few dozen kilobytes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>

#include "switchd/core/frame.h"

namespace switchd {

class FrameQueue {
public:
    // Four bursts of 256: a reader that pauses for that long on a busy port is late, not bursty.
    static constexpr std::size_t frames_max = 1024;

    bool empty() const { return count_ == 0; }
    std::size_t size() const { return count_; }
    Frame& front() { return frames_[first_]; }
    // The frame that has `index` others in front of it.
    Frame& operator[](std::size_t index) { return frames_[(first_ + index) & (capacity_ - 1)]; }

    // At most frames_max, which the caller checks.
    void push_back(Frame frame) {
        if (count_ == capacity_) grow();
        frames_[(first_ + count_++) & (capacity_ - 1)] = std::move(frame);
    }
    void push_front(Frame frame) {
        if (count_ == capacity_) grow();
        first_ = (first_ - 1) & (capacity_ - 1);
        frames_[first_] = std::move(frame);
        ++count_;
    }
    Frame pop_front() {
        Frame frame = std::move(frames_[first_]);
        first_ = (first_ + 1) & (capacity_ - 1);
        --count_;
        return frame;
    }
    void clear() {
        while (!empty()) pop_front();
    }

private:
    void grow() {
        const std::size_t capacity = std::max<std::size_t>(16, capacity_ * 2);
        auto frames = std::make_unique<Frame[]>(capacity);
        for (std::size_t i = 0; i < count_; ++i)
            frames[i] = std::move(frames_[(first_ + i) & (capacity_ - 1)]);
        frames_ = std::move(frames);
        capacity_ = capacity;
        first_ = 0;
    }

    std::unique_ptr<Frame[]> frames_;
    std::size_t capacity_ = 0;  // a power of two
    std::size_t first_ = 0;
    std::size_t count_ = 0;
};

}  // namespace switchd
