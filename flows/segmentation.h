// Does in software what a sender has left to do (switchd/core/offload.h), as Linux would: for ports
// whose peers take only frames as they stand on a wire.
//
// The frame may be anything; headers are taken from it, never from what somebody says of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "switchd/core/offload.h"

namespace switchd {

// Puts the checksum where it belongs. False, and nothing changed, if that is outside of the frame.
bool fill_checksum(std::span<std::byte> frame, const Offload& offload);

// A large frame as the segments that it stands for.
class Segmentation {
public:
    // Nothing if the frame is no whole packet of the kind that offload.segments names, or would
    // make more than segments_max. `frame` must outlive this.
    static std::optional<Segmentation> of(std::span<const std::byte> frame, const Offload& offload);

    // As many as 64 KiB make with the smallest segments that TCP knows (RFC 9293: 536 bytes, of
    // which options may take some), and half of them for the worst.
    static constexpr std::size_t segments_max = 256;

    std::size_t count() const { return count_; }
    // Of the segment with headers.
    std::size_t bytes(std::size_t index) const { return header_bytes_ + payload_of(index); }
    // `into` has bytes(index) bytes.
    void write(std::size_t index, std::span<std::byte> into) const;

private:
    Segmentation() = default;
    std::size_t payload_of(std::size_t index) const;

    std::span<const std::byte> headers_;
    std::span<const std::byte> payload_;
    std::size_t header_bytes_ = 0;
    std::size_t ip_at_ = 0;            // where the IP header begins
    std::size_t transport_at_ = 0;     // where TCP's or UDP's does
    std::size_t transport_bytes_ = 0;  // of the whole, with its header
    std::size_t checksum_at_ = 0;
    bool ipv4_ = false;
    bool tcp_ = false;
    std::size_t segment_bytes_ = 0;
    std::size_t count_ = 0;
};

}  // namespace switchd
