#include "vde-compat/console_arguments.h"

#include <algorithm>
#include <charconv>

namespace switchd::vde {

namespace {
constexpr std::string_view blanks = " \t\r\n\v\f";
}

std::string_view trim(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    return text.substr(0, text.find_last_not_of(blanks) + 1);
}

std::string_view ConsoleArguments::rest() const {
    return trim(rest_);
}

std::string_view ConsoleArguments::word() {
    rest_ = trim(rest_);
    const auto word = rest_.substr(0, rest_.find_first_of(blanks));
    rest_.remove_prefix(word.size());
    return word;
}

std::optional<int> ConsoleArguments::parse(std::string_view word, int base) {
    const bool negative = word.starts_with('-');
    if (negative || word.starts_with('+')) word.remove_prefix(1);
    if (base == 0) {
        const bool hexadecimal = word.starts_with("0x") || word.starts_with("0X");
        base = hexadecimal ? 16 : word.starts_with('0') ? 8 : 10;
        if (hexadecimal) word.remove_prefix(2);
    }
    unsigned value = 0;
    const auto end = word.data() + word.size();
    const auto [stop, error] = std::from_chars(word.data(), end, value, base);
    if (error != std::errc{} || stop != end || value > 0x7fffffff) return std::nullopt;
    return negative ? -static_cast<int>(value) : static_cast<int>(value);
}

int loose_number(std::string_view text) {
    text = trim(text);
    if (text.starts_with('+')) text.remove_prefix(1);
    int value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

}  // namespace switchd::vde
