// Reads a small file that an operator names: console commands, a configuration.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>

namespace switchd {

inline constexpr std::size_t text_file_bytes_max = 1 << 20;

// What is read before the loop runs may be a pipe (`-f <(...)`); a running switch must not wait for
// anybody.
enum class TextSource : std::uint8_t { anything, regular_file };

// The file's text, or an errno value: EISDIR, EINVAL for what is no regular file, EFBIG, ...
std::expected<std::string, int> read_text_file(const std::string& path, TextSource source);

}  // namespace switchd
