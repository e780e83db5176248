// What is wrong with a line that a person wrote, and where.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace switchd {

struct TextError {
    std::size_t position = 0;  // of the first character that is wrong; at most the line's length
    std::string wrong;         // names the thing and the reason: "priority 70000 is too large"
    std::string expected;      // instead: "a number from 0 to 65535"

    bool operator==(const TextError&) const = default;
};

// Three lines: the text, a caret below the character that is wrong, and a sentence. A long text is
// shown around that character only, and what cannot be printed as '?'.
std::string explained(std::string_view text, const TextError& error);

}  // namespace switchd
