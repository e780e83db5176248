#include "switchd/hex_frame.h"

#include <fmt/format.h>

#include "flows/packet_headers.h"
#include "switchd/core/frame_pool.h"
#include "switchd/core/printable.h"

namespace switchd {
namespace {

int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

std::expected<std::vector<std::byte>, std::string> parse_hex_frame(std::string_view text) {
    std::vector<std::byte> frame;
    int high = -1;
    for (const char c : text) {
        const int value = digit(c);
        if (value < 0) {
            if (high < 0 && (c == ' ' || c == ':' || c == '.' || c == '\n')) continue;
            return std::unexpected(fmt::format("'{}' is no pair of hexadecimal digits",
                                               printable(std::string_view(&c, 1))));
        }
        if (high < 0) {
            high = value;
            continue;
        }
        frame.push_back(static_cast<std::byte>(high << 4 | value));
        high = -1;
        if (frame.size() > frame_bytes_max)
            return std::unexpected(fmt::format("a frame has {} bytes at most", frame_bytes_max));
    }
    if (high >= 0) return std::unexpected("the frame ends with half a byte");
    if (frame.size() < ether::header_bytes)
        return std::unexpected(fmt::format("a frame has {} bytes at least, this one has {}",
                                           ether::header_bytes, frame.size()));
    return frame;
}

std::string to_hex(std::span<const std::byte> frame) {
    std::string text;
    for (const std::byte each : frame) text += fmt::format("{:02x}", static_cast<unsigned>(each));
    return text;
}

}  // namespace switchd
