// Packet memory of one loop, taken from the system once: buffers of one size.
//
// A buffer has headroom in front (a tag or a tunnel header fits) and room for the largest frame;
// its memory is touched only when used. Buffers are counted references: a Frame is one reference, a
// frame that goes to many ports is shared, and the buffer is free again when the last Frame lets
// go. The most recently freed buffer is handed out first, so that a quiet switch works in few cache
// lines.
//
// The distance between two buffers is an odd number of cache lines: with a multiple of the page
// size all frame heads would compete for the same few cache sets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "switchd/core/offload.h"

namespace switchd {

class Frame;

// Frames carry an MTU of 9216 bytes, the Ethernet header and two VLAN tags. Longer ones are
// dropped.
inline constexpr std::size_t frame_bytes_max = 9216 + 14 + 8;

// What recvmsg(2) says beside a datagram stands in front of it: its sender's address (a path of a
// unix socket) or control messages.
inline constexpr std::size_t beside_bytes_max = 16 + 110;

// Room for the largest IP packet with its Ethernet header and two tags, and for what a device may
// put in front.
inline constexpr std::size_t large_room_bytes = 65535 + 14 + 8 + 10 + beside_bytes_max;

class FramePool {
public:
    static constexpr std::size_t headroom_bytes = 128;
    // A little more than the largest frame: a datagram that was cut shows as too long.
    static constexpr std::size_t room_bytes_default = frame_bytes_max + beside_bytes_max + 42;
    static constexpr std::size_t buffers_max = 32768;  // an id is 15 bits: io_uring's buffer ring

    // The room is rounded up. Throws SetupError when the address space cannot be had.
    explicit FramePool(std::size_t buffers, std::size_t room_bytes = room_bytes_default);
    ~FramePool();
    FramePool(const FramePool&) = delete;
    FramePool& operator=(const FramePool&) = delete;

    std::size_t size() const { return references_.size(); }
    std::size_t free() const { return free_.size(); }
    std::size_t room_bytes() const { return stride_bytes_ - headroom_bytes; }

    // An empty frame with all headroom and one reference; a null Frame when none is left.
    Frame take() noexcept;

    // For whoever lends bare buffers to the kernel: a buffer id out of the pool (nothing refers to
    // it), the place where its frame starts, and the frame made of it once the kernel filled it.
    bool lend(std::uint16_t& id) noexcept;
    std::byte* start(std::uint16_t id) noexcept;
    Frame received(std::uint16_t id, std::size_t bytes) noexcept;

private:
    friend class Frame;
    void release(std::uint16_t id) noexcept;

    std::byte* memory_ = nullptr;
    std::size_t stride_bytes_;
    std::vector<std::uint32_t> references_;  // by id; 0 = free or lent
    std::vector<Offload> offloads_;          // by id, where the frame says that it has one
    std::vector<std::uint16_t> free_;        // a stack; its capacity never changes
};

}  // namespace switchd
