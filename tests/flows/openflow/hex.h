// Bytes as hexadecimal digits, with spaces where they help the reader.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace switchd::openflow::test {

inline std::vector<std::uint8_t> from_hex(std::string_view text) {
    std::vector<std::uint8_t> bytes;
    bool upper = true;
    for (const char digit : text) {
        if (digit == ' ' || digit == '\n') continue;
        const int value = digit <= '9' ? digit - '0' : digit - 'a' + 10;
        if (upper)
            bytes.push_back(static_cast<std::uint8_t>(value << 4));
        else
            bytes.back() = static_cast<std::uint8_t>(bytes.back() | value);
        upper = !upper;
    }
    return bytes;
}

inline std::string to_hex(const std::vector<std::uint8_t>& bytes) {
    std::string text;
    for (const std::uint8_t byte : bytes) {
        text += "0123456789abcdef"[byte >> 4];
        text += "0123456789abcdef"[byte & 15];
    }
    return text;
}

// Lines of a table, each cut into its columns at bars; spaces around them are dropped.
inline std::vector<std::vector<std::string>> table_of(std::string_view text) {
    std::vector<std::vector<std::string>> rows;
    const auto trimmed = [](std::string_view cell) {
        const auto first = cell.find_first_not_of(' ');
        if (first == std::string_view::npos) return std::string{};
        return std::string(cell.substr(first, cell.find_last_not_of(' ') - first + 1));
    };
    while (!text.empty()) {
        const auto end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.find('|') == std::string_view::npos) continue;
        auto& row = rows.emplace_back();
        while (true) {
            const auto bar = line.find('|');
            row.push_back(trimmed(line.substr(0, bar)));
            if (bar == std::string_view::npos) break;
            line.remove_prefix(bar + 1);
        }
    }
    return rows;
}

}  // namespace switchd::openflow::test
