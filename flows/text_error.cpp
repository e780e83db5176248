#include "flows/text_error.h"

#include <fmt/format.h>

#include <algorithm>

namespace switchd {
namespace {

constexpr std::size_t shown_before = 60, shown_behind = 40;

}  // namespace

std::string explained(std::string_view text, const TextError& error) {
    const std::size_t position = std::min(error.position, text.size());
    const std::size_t begin = position > shown_before ? position - shown_before : 0;
    const std::size_t end = std::min(text.size(), position + shown_behind);

    std::string shown = begin == 0 ? "" : "...";
    const std::size_t caret = shown.size() + position - begin;
    for (const char c : text.substr(begin, end - begin)) shown += c >= ' ' && c <= '~' ? c : '?';
    if (end < text.size()) shown += "...";
    return fmt::format("{}\n{:>{}}\n{}; expected {}.\n", shown, '^', caret + 1, error.wrong,
                       error.expected);
}

}  // namespace switchd
