#include "flows/text_reader.h"

#include <fmt/format.h>

#include <algorithm>

namespace switchd {
namespace {

constexpr std::string_view dividers = ", \t\r\n";

// From the character behind an opening parenthesis to the one that closes it; npos: none does.
std::size_t closing(std::string_view text) {
    std::size_t depth = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '(') ++depth;
        if (text[i] == ')' && depth-- == 0) return i;
    }
    return std::string_view::npos;
}

int digit_of(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return 16;
}

std::string range(FieldValue max) {
    if (max.high != 0) return fmt::format("a number from 0 to {:#x}{:016x}", max.high, max.low);
    if (max.low > 0xffff) return fmt::format("a number from 0 to {:#x}", max.low);
    return fmt::format("a number from 0 to {}", max.low);
}

}  // namespace

std::string_view TextPart::whole() const {
    if (!has_value()) return name;
    return {name.data(), static_cast<std::size_t>(value.data() + value.size() - name.data())};
}

TextReader::TextReader(std::string_view line) : line_(line) {
    if (line.size() > flow_text_max)
        fail(line.substr(flow_text_max), "the line is too long",
             fmt::format("at most {} characters", flow_text_max));
}

std::nullopt_t TextReader::fail(std::string_view at, std::string wrong, std::string expected) {
    if (!error_) {
        const auto position = static_cast<std::size_t>(at.data() - line_.data());
        error_ = TextError{position, std::move(wrong), std::move(expected)};
    }
    return std::nullopt;
}

std::optional<TextPart> TextReader::next(std::string_view& rest) {
    if (error_) return std::nullopt;
    rest.remove_prefix(std::min(rest.find_first_not_of(dividers), rest.size()));
    if (rest.empty()) return std::nullopt;

    TextPart part;
    part.name = rest.substr(0, rest.find_first_of(", \t\r\n=:()"));
    rest.remove_prefix(part.name.size());
    if (part.name.empty())
        return fail(rest, fmt::format("there is no name before {}", quoted(rest.substr(0, 1))),
                    "a name");
    if (rest.empty() || dividers.find(rest[0]) != dividers.npos) {
        part.value = rest.substr(0, 0);
        return part;
    }

    if (rest[0] == ')')
        return fail(rest, "this parenthesis closes none", "a comma or the end of the line");
    part.delimiter = rest[0];
    rest.remove_prefix(1);
    if (part.delimiter == '(') {
        const std::size_t end = closing(rest);
        if (end == rest.npos)
            return fail(rest.substr(rest.size()),
                        fmt::format("the parenthesis behind {} is not closed", quoted(part.name)),
                        "\")\"");
        part.value = rest.substr(0, end);
        rest.remove_prefix(end + 1);
        if (!rest.empty() && dividers.find(rest[0]) == dividers.npos)
            return fail(rest, fmt::format("{} ends before this", quoted(part.name)),
                        "a comma or the end of the line");
        return part;
    }
    std::size_t end = 0;
    for (; end < rest.size() && dividers.find(rest[end]) == dividers.npos; ++end) {
        if (rest[end] != '(') continue;
        const std::size_t inner = closing(rest.substr(end + 1));
        if (inner == rest.npos)
            return fail(rest.substr(rest.size()), "a parenthesis is not closed", "\")\"");
        end += 1 + inner;
    }
    part.value = rest.substr(0, end);
    rest.remove_prefix(end);
    return part;
}

std::optional<std::string_view> TextReader::value_of(const TextPart& part,
                                                     std::string_view expected) {
    if (part.has_value() && !part.value.empty()) return part.value;
    return fail(part.value, fmt::format("{} has no value", quoted(part.name)),
                std::string(expected));
}

bool TextReader::bare(const TextPart& part) {
    if (part.value.empty()) return true;
    fail(part.value, fmt::format("{} takes no value", quoted(part.name)),
         "a comma or the end of the line");
    return false;
}

std::optional<std::uint64_t> TextReader::number(std::string_view text, std::string_view what,
                                                std::uint64_t max) {
    const auto value = wide_number(text, what, {0, max});
    if (!value) return std::nullopt;
    return value->low;
}

std::optional<FieldValue> TextReader::wide_number(std::string_view text, std::string_view what,
                                                  FieldValue max) {
    const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
    const std::string_view digits = text.substr(hexadecimal ? 2 : 0);
    const unsigned base = hexadecimal ? 16 : 10;
    if (digits.empty()) return fail(digits, fmt::format("{} has no digits", what), range(max));

    FieldValue value;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        const auto digit = static_cast<unsigned>(digit_of(digits[i]));
        if (digit >= base)
            return fail(digits.substr(i), fmt::format("{} {} is no number", what, quoted(text)),
                        range(max));
        const bool full = hexadecimal ? value.high >> 60 != 0
                                      : value.high != 0 || value.low > (~0ull - digit) / 10;
        if (full)
            return fail(text, fmt::format("{} {} is too large", what, quoted(text)), range(max));
        if (hexadecimal) {
            value.high = value.high << 4 | value.low >> 60;
            value.low = value.low << 4 | digit;
        } else {
            value.low = value.low * 10 + digit;
        }
    }
    if (value.high > max.high || (value.high == max.high && value.low > max.low))
        return fail(text, fmt::format("{} {} is too large", what, quoted(text)), range(max));
    return value;
}

std::string quoted(std::string_view text) {
    constexpr std::size_t shown_max = 40;
    std::string result = "\"";
    for (const char c : text.substr(0, shown_max)) result += c >= ' ' && c <= '~' ? c : '?';
    if (text.size() > shown_max) result += "...";
    return result += '"';
}

Divided divided(std::string_view text, std::string_view divider) {
    const std::size_t at = text.find(divider);
    if (at == text.npos) return {text, std::nullopt};
    return {text.substr(0, at), text.substr(at + divider.size())};
}

}  // namespace switchd
