// A frame as people paste it: hexadecimal digits, in any grouping.
#pragma once

#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace switchd {

// Blanks, colons and dots between bytes mean nothing. The error says what is wrong: another
// character, half a byte, shorter than an Ethernet header, longer than a frame can be.
std::expected<std::vector<std::byte>, std::string> parse_hex_frame(std::string_view text);

// What parse_hex_frame() takes.
std::string to_hex(std::span<const std::byte> frame);

}  // namespace switchd
