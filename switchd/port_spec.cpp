#include "switchd/port_spec.h"

#include <fmt/format.h>

#include <algorithm>

#include "switchd/core/printable.h"

namespace switchd {

namespace {

// Takes the next word off the front, its doubled commas made single.
std::string take_word(std::string_view& text) {
    std::string word;
    while (!text.empty()) {
        const char c = text.front();
        text.remove_prefix(1);
        if (c == ',') {
            if (!text.starts_with(',')) break;
            text.remove_prefix(1);
        }
        word += c;
    }
    return word;
}

}  // namespace

const std::string* PortSpec::find(std::string_view key) const {
    const auto found = std::ranges::find(values, key, &decltype(values)::value_type::first);
    return found == values.end() ? nullptr : &found->second;
}

std::string PortSpec::text() const {
    std::string text = port_spec_word("type", type);
    for (const auto& [key, value] : values) text += "," + port_spec_word(key, value);
    return text;
}

std::string port_spec_word(std::string_view key, std::string_view value) {
    std::string word = fmt::format("{}=", key);
    for (const char c : value) word.append(c == ',' ? 2 : 1, c);
    return word;
}

std::expected<PortSpec, std::string> parse_port_spec(std::string_view text) {
    const auto wrong = [whole = text](const std::string& what) {
        return std::unexpected(fmt::format("port '{}': {}", printable(whole), what));
    };
    PortSpec spec;
    for (std::string_view rest = text; !rest.empty();) {
        const std::string word = take_word(rest);
        const std::size_t equals = word.find('=');
        if (equals == 0 || equals == word.npos)
            return wrong(fmt::format("'{}' is no KEY=VALUE (write type=tap,name=vm1, for example)",
                                     printable(word)));
        const std::string key = word.substr(0, equals), value = word.substr(equals + 1);
        if (value.empty()) return wrong(fmt::format("{} has no value", printable(key)));
        if (value.find('\0') != value.npos)
            return wrong(fmt::format("the value of {} has a NUL in it", printable(key)));
        if (spec.find(key) || (key == "type" && !spec.type.empty()))
            return wrong(fmt::format("{} is there twice", printable(key)));
        if (key == "type")
            spec.type = value;
        else
            spec.values.emplace_back(key, value);
    }
    if (spec.type.empty())
        return wrong(
            "it has no type (write type=tap, for example; switchctl port-types lists them)");
    return spec;
}

}  // namespace switchd
