// Reads a line of flow text: takes it apart, and remembers the first thing that is wrong.
//
// Everything handed out is a view into the line, so that whoever dislikes it can say where it
// stands. Functions return nothing when the line is wrong; then error() says what.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "flows/match_field.h"
#include "flows/text_error.h"

namespace switchd {

// A longer line is no flow: a rule with all fields and a few hundred actions is shorter.
inline constexpr std::size_t flow_text_max = 65536;

// "name", "name=value", "name:value" or "name(value)".
struct TextPart {
    std::string_view name;
    char delimiter = '\0';  // '=', ':', '(' or none
    std::string_view value;

    bool has_value() const { return delimiter != '\0'; }
    std::string_view whole() const;  // without a closing parenthesis
};

class TextReader {
public:
    explicit TextReader(std::string_view line);

    // Notes the first failure only. `at` lies in the line.
    std::nullopt_t fail(std::string_view at, std::string wrong, std::string expected);
    const std::optional<TextError>& error() const { return error_; }

    // Takes the next part off the front of `rest`; nothing at its end or when the line is wrong.
    // Parts are divided by commas and blanks.
    std::optional<TextPart> next(std::string_view& rest);
    // The value of a part that must have one, in whatever form.
    std::optional<std::string_view> value_of(const TextPart& part, std::string_view expected);
    // That it has none.
    bool bare(const TextPart& part);

    // Decimal or 0x hexadecimal; `what` is named if it is not. Only wide fields have more than 64
    // bits, and these are read from hexadecimal only.
    std::optional<std::uint64_t> number(std::string_view text, std::string_view what,
                                        std::uint64_t max);
    std::optional<FieldValue> wide_number(std::string_view text, std::string_view what,
                                          FieldValue max);

private:
    std::string_view line_;
    std::optional<TextError> error_;
};

// For a message: in quotes, not all of it if it is long, and '?' for what cannot be printed.
std::string quoted(std::string_view text);

// `text` up to `divider` and what is behind it; nothing behind if it does not occur.
struct Divided {
    std::string_view front;
    std::optional<std::string_view> back;
};
Divided divided(std::string_view text, std::string_view divider);

}  // namespace switchd
