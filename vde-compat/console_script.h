// Reads a file of console commands: an rc file, or what `load` names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>

namespace switchd::vde {

inline constexpr std::size_t script_bytes_max = 1 << 20;

// An rc file is read before the loop runs and may be a pipe (`-f <(...)`); a command of a running
// switch must not wait for anybody.
enum class ScriptSource : std::uint8_t { anything, regular_file };

// The file's text, or an errno value: EISDIR, EINVAL for what is no regular file, EFBIG, ...
std::expected<std::string, int> read_script(const std::string& path, ScriptSource source);

}  // namespace switchd::vde
