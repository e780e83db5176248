#include "switchd/core/frame_pool.h"

#include <sys/mman.h>

#include <cerrno>

#include "switchd/core/error.h"
#include "switchd/core/frame.h"

namespace switchd {

namespace {

// An odd number of cache lines.
std::size_t stride_of(std::size_t room_bytes) {
    constexpr std::size_t line_bytes = 64;
    const std::size_t lines =
        (FramePool::headroom_bytes + room_bytes + line_bytes - 1) / line_bytes;
    return (lines | 1) * line_bytes;
}

}  // namespace

FramePool::FramePool(std::size_t buffers, std::size_t room_bytes)
    : stride_bytes_(stride_of(room_bytes)), references_(buffers, 0), offloads_(buffers) {
    void* memory = ::mmap(nullptr, buffers * stride_bytes_, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        throw SetupError("cannot reserve packet memory: " + errno_text(errno),
                         "raise the address-space limit: ulimit -v");
    memory_ = static_cast<std::byte*>(memory);
    free_.reserve(buffers);
    for (std::size_t id = buffers; id-- > 0;) free_.push_back(static_cast<std::uint16_t>(id));
}

FramePool::~FramePool() {
    ::munmap(memory_, references_.size() * stride_bytes_);
}

Frame FramePool::take() noexcept {
    std::uint16_t id = 0;
    return lend(id) ? received(id, 0) : Frame{};
}

bool FramePool::lend(std::uint16_t& id) noexcept {
    if (free_.empty()) return false;
    id = free_.back();
    free_.pop_back();
    return true;
}

std::byte* FramePool::start(std::uint16_t id) noexcept {
    return memory_ + std::size_t{id} * stride_bytes_ + headroom_bytes;
}

Frame FramePool::received(std::uint16_t id, std::size_t bytes) noexcept {
    references_[id] = 1;
    Frame frame{*this, {.id = id, .start = headroom_bytes}};
    frame.resize(bytes);
    return frame;
}

}  // namespace switchd
