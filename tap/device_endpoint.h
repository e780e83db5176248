// What endpoints on devices of the kernel have in common: each frame stands behind a virtio-net
// header (switchd/core/virtio_header.h), in both directions, so large frames and open checksums
// pass whole.
//
// The kernel takes every frame at once or not at all, so nothing ever waits here: what it refuses
// is dropped and counted.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "switchd/core/endpoint.h"
#include "switchd/core/fd.h"
#include "switchd/core/virtio_header.h"

namespace switchd {

class DeviceEndpoint : public Endpoint {
public:
    // Begins to receive.
    virtual void start() noexcept = 0;
    // Whether there is a cable, for who can see that.
    virtual void set_carrier(bool carrier) noexcept = 0;

    int id() const override { return id_; }
    bool takes_offloads() const override { return true; }
    bool idle() const override {
        return Endpoint::idle() && submitted_.empty() && !settle_hook_.queued();
    }

protected:
    DeviceEndpoint(Reactor& reactor, FrameSink& sink, Fd device, std::string name)
        : Endpoint(reactor, sink), device_(std::move(device)), id_(device_.get()) {
        description_ = std::move(name);
    }

    const Fd& device() const { return device_; }

    // What the header says, which is cut off. Nothing, and a drop is counted: it is no frame.
    std::optional<Offload> take_header(Frame& frame) noexcept;
    // Of a frame that stands in a large buffer, as the device gave it.
    void deliver_received(Frame frame, const Offload& offload) noexcept;

    // Calls submit(bytes, tag) for all that waits. The bytes stay until the kernel has seen them.
    template <class Submit>
    void submit_queue(Submit&& submit) noexcept {
        while (!queue_.empty()) {
            Frame frame = queue_.pop_front();
            if (frame.headroom() < virtio_header_bytes) {
                count_drop(DropReason::buffer_exhausted);
                continue;
            }
            const auto header = frame.front_room(virtio_header_bytes).first<virtio_header_bytes>();
            write_virtio_header(header, frame.offload(), frame.bytes());
            submitted_.push_back(std::move(frame));
            submit(
                std::span<const std::byte>{header.data(), header.size() + submitted_.back().size()},
                static_cast<std::uint16_t>(submitted_.size()));
        }
        if (!submitted_.empty()) reactor_.after_submit(settle_hook_);
    }

private:
    void settle() noexcept { submitted_.clear(); }

    Fd device_;
    int id_;
    std::vector<Frame> submitted_;  // of the last submission
    TurnHook settle_hook_ = TurnHook::calling<&DeviceEndpoint::settle>(this);
};

}  // namespace switchd
