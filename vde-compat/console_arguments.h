// Takes a command's argument apart: words, numbers, and the rest of the line.
//
// A number is one whole word; "7x" and "abc" are none, where vde_switch would have read 7 and 0.
#pragma once

#include <optional>
#include <string_view>

namespace switchd::vde {

class ConsoleArguments {
public:
    explicit ConsoleArguments(std::string_view text) : rest_(text) {}

    // The next word, empty at the end.
    std::string_view word();
    // The next word as a decimal number. Numbers beyond the range of an int are none either.
    std::optional<int> number() { return parse(word(), 10); }
    // As number(), but also hexadecimal (0x10) and octal (010), as commands with several arguments
    // take it.
    std::optional<int> any_number() { return parse(word(), 0); }
    // All that follows, without the blanks around it.
    std::string_view rest() const;

    static std::optional<int> parse(std::string_view word, int base);

private:
    std::string_view rest_;
};

// The leading number of `text`, 0 if there is none: for switches and settings that take anything.
int loose_number(std::string_view text);

std::string_view trim(std::string_view text);

}  // namespace switchd::vde
