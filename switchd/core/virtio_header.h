// The header that virtio-net puts in front of a frame (virtio 1.2, section 5.1.6: little endian),
// without num_buffers, which only a device with rings has: how a TAP and a packet socket say what
// is left to do to it. All that write it in front of one shared frame write the same.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "switchd/core/offload.h"

namespace switchd {

inline constexpr std::size_t virtio_header_bytes = 10;
using VirtioHeader = std::span<std::byte, virtio_header_bytes>;

// What the header says of `frame`, which follows it. Nothing if there can be no such frame: another
// kind of segments, or a checksum that is not in it.
std::optional<Offload> read_virtio_header(std::span<const std::byte, virtio_header_bytes> header,
                                          std::span<const std::byte> frame);

// All of `header`, for a frame that stands in one buffer.
void write_virtio_header(VirtioHeader header, const Offload& offload,
                         std::span<const std::byte> frame);

}  // namespace switchd
