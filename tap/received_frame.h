// A frame as a kernel's device gives it: in a large buffer, with what is left to do to it. What
// fits an ordinary one goes there: large ones are few, and the frame may have to wait somewhere.
#pragma once

#include <algorithm>
#include <expected>
#include <utility>

#include "switchd/core/drop_reason.h"
#include "switchd/core/frame.h"

namespace switchd {

inline std::expected<Frame, DropReason> received_frame(Frame frame, const Offload& offload,
                                                       FramePool& ordinary) {
    if (frame.size() <= frame_bytes_max) {
        Frame copy = ordinary.take();
        if (!copy) return std::unexpected(DropReason::buffer_exhausted);
        copy.resize(frame.size());
        std::ranges::copy(frame.bytes(), copy.writable().begin());
        frame = std::move(copy);
    } else if (offload.segments == Offload::Segments::none) {
        return std::unexpected(DropReason::too_long);
    }
    frame.set_offload(offload);
    return frame;
}

}  // namespace switchd
