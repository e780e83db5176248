// Text that a stranger has chosen (a plug's description, a line of an rc file, the name of a file),
// made fit to be shown to an operator, to a program that reads lines, or in JSON.
#pragma once

#include <string>
#include <string_view>

namespace switchd {

// One line of valid UTF-8 (RFC 3629). Every byte that is no part of a printable character is
// replaced by '?': control characters, also those above ASCII, which terminals obey as well; the
// separators of lines and paragraphs; what turns the direction of writing; and whatever is no
// UTF-8.
std::string printable(std::string_view text);

}  // namespace switchd
