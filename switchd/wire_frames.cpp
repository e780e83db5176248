#include "switchd/wire_frames.h"

#include <algorithm>

#include "flows/segmentation.h"

namespace switchd {

std::span<const Frame> WireFrames::of(const Frame& frame) noexcept {
    if (frames_.empty() && !missing_) missing_ = make(frame);
    return frames_;
}

std::optional<DropReason> WireFrames::make(const Frame& frame) {
    const Offload offload = frame.offload();
    if (offload.segments == Offload::Segments::none) {
        if (frame.size() > frame_bytes_max) return DropReason::too_long;
        Frame* const copy = add(frame.size());
        if (!copy) return DropReason::buffer_exhausted;
        std::ranges::copy(frame.bytes(), copy->writable().begin());
        if (fill_checksum(copy->writable(), offload)) return std::nullopt;
        frames_.clear();
        return DropReason::bad_offload;
    }
    const auto segments = Segmentation::of(frame.bytes(), offload);
    if (!segments) return DropReason::bad_offload;
    if (segments->bytes(0) > frame_bytes_max) return DropReason::too_long;
    for (std::size_t i = 0; i < segments->count(); ++i) {
        Frame* const segment = add(segments->bytes(i));
        if (!segment) return DropReason::buffer_exhausted;
        segments->write(i, segment->writable());
    }
    return std::nullopt;
}

// Null: no buffer is free.
Frame* WireFrames::add(std::size_t bytes) {
    Frame frame = pool_.take();
    if (!frame) return nullptr;
    frame.resize(bytes);
    return &frames_.emplace_back(std::move(frame));
}

}  // namespace switchd
