#include "switchd/core/printable.h"

namespace switchd {

namespace {

// The characters of two, three and four bytes begin here; below, they are spelled too long.
constexpr char32_t smallest_of_size[] = {0, 0, 0x80, 0x800, 0x10000};

bool is_printable(char32_t character) {
    if (character < 0x20 || (character >= 0x7f && character < 0xa0)) return false;
    if (character >= 0x2028 && character <= 0x202e) return false;
    if (character >= 0xd800 && character < 0xe000) return false;  // half of a UTF-16 pair
    return character <= 0x10ffff;
}

// How many bytes of `text` are its first character, 0 if that is no printable one.
std::size_t printable_size(std::string_view text) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const unsigned first = byte(0);
    if (first < 0x80) return is_printable(first) ? 1 : 0;
    const std::size_t size = first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (size == 0 || first >= 0xf8 || text.size() < size) return 0;
    char32_t character = first & (0x7fU >> size);
    for (std::size_t at = 1; at < size; ++at) {
        if ((byte(at) & 0xc0) != 0x80) return 0;
        character = character << 6 | (byte(at) & 0x3f);
    }
    return character >= smallest_of_size[size] && is_printable(character) ? size : 0;
}

}  // namespace

std::string printable(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        const std::size_t size = printable_size(text);
        if (size > 0)
            result += text.substr(0, size);
        else
            result += '?';
        text.remove_prefix(size > 0 ? size : 1);
    }
    return result;
}

}  // namespace switchd
