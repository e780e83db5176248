// A frame of which something is left to do, as the frames that stand on a wire for it: made once
// for all ports whose peers do not do it themselves.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "switchd/core/drop_reason.h"
#include "switchd/core/frame.h"

namespace switchd {

class WireFrames {
public:
    // They are made of this pool's buffers. It must outlive this.
    explicit WireFrames(FramePool& pool) : pool_(pool) {}

    // What `frame`, which is offloaded(), comes to; the same ones until forget(). To be shared. Why
    // some or all are missing, if so, is in missing().
    std::span<const Frame> of(const Frame& frame) noexcept;
    std::optional<DropReason> missing() const { return missing_; }

    // The next frame that is asked about is another one, or has changed.
    void forget() noexcept {
        frames_.clear();
        missing_.reset();
    }

private:
    std::optional<DropReason> make(const Frame& frame);
    Frame* add(std::size_t bytes);

    FramePool& pool_;
    std::vector<Frame> frames_;
    std::optional<DropReason> missing_;
};

}  // namespace switchd
