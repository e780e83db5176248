#include "switchd/config_file.h"

#include <fmt/core.h>

#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "switchd/core/error.h"
#include "switchd/core/text_file.h"
#include "switchd/port_spec.h"

namespace switchd {

using nlohmann::json;

namespace {

std::string text_of(const std::string& path) {
    auto text = read_text_file(path, TextSource::anything);
    if (!text)
        throw ConfigError(fmt::format("{}: {} (name a readable JSON file with --config)", path,
                                      errno_text(text.error())));
    return std::move(*text);
}

// Values are at most bridges with arrays of ports. The library copies and prints what it holds by
// recursion.
constexpr int depth_max = 8;

// The library would take the last of two members of one name; who wrote both meant something else.
json parse(const std::string& path, const std::string& text) {
    std::array<std::set<std::string>, depth_max + 2> seen;  // of the object at this depth
    const auto check = [&](int depth, json::parse_event_t event, json& parsed) {
        if (depth > depth_max)
            throw ConfigError(fmt::format("{}: arrays and objects are nested too deeply", path));
        const auto at = static_cast<std::size_t>(depth);
        if (event == json::parse_event_t::object_start) seen[at + 1].clear();
        if (event == json::parse_event_t::key && !seen[at].insert(parsed.get<std::string>()).second)
            throw ConfigError(
                fmt::format("{}: {} is there twice (an option that may be repeated "
                            "takes an array)",
                            path, parsed.dump()));
        return true;
    };
    try {
        return json::parse(text, check);
    } catch (const json::exception& error) {  // of parsing, or of a number beyond all range
        // "[json.exception.parse_error.101] parse error at line 1, column 3: syntax error ..."
        const std::string_view what = error.what();
        throw ConfigError(fmt::format("{}: {}", path, what.substr(what.find("] ") + 2)));
    }
}

// An object is a port: its keys are those of the command line.
std::string value_of(const std::string& path, const std::string& name, const json& value,
                     int depth = 0) {
    if (value.is_string()) return value.get<std::string>();
    if (value.is_number_integer()) return value.dump();
    if (value.is_boolean() && depth > 0) return value.get<bool>() ? "on" : "off";
    if (value.is_object() && depth == 0) {
        std::string text;
        for (const auto& [key, each] : value.items())
            text += (text.empty() ? "" : ",") + port_spec_word(key, value_of(path, name, each, 1));
        return text;
    }
    throw ConfigError(
        fmt::format("{}: \"{}\" cannot be {} (a string, a whole number, true, an "
                    "array of strings, or of objects for ports)",
                    path, name, value.dump(-1, ' ', true).substr(0, 40)));
}

// None: it is false, or an empty list: the same as not there.
std::optional<ConfigMember> member_of(const std::string& path, const std::string& name,
                                      const json& value) {
    ConfigMember member{name, {}};
    if (value == false || (value.is_array() && value.empty())) return std::nullopt;
    if (value.is_array())
        for (const json& each : value) member.values.push_back(value_of(path, name, each));
    else if (value != true)
        member.values.push_back(value_of(path, name, value));
    return member;
}

std::vector<ConfigMember> bridge_of(const std::string& path, const json& entry) {
    if (!entry.is_object())
        throw ConfigError(fmt::format(
            "{}: \"bridge\" is an array of objects, as in [{{\"name\": \"lan\"}}]", path));
    std::vector<ConfigMember> members;
    for (const auto& [name, value] : entry.items())
        if (auto member = member_of(path, name, value)) members.push_back(std::move(*member));
    return members;
}

}  // namespace

Config read_config_file(const std::string& path) {
    const json parsed = parse(path, text_of(path));
    if (!parsed.is_object())
        throw ConfigError(
            fmt::format("{}: is no JSON object (write {{\"numports\": 64}}, for "
                        "example)",
                        path));
    Config config;
    for (const auto& [name, value] : parsed.items()) {
        if (name == "bridge") {
            for (const json& entry : value.is_array() ? value : json::array({value}))
                config.bridges.push_back(bridge_of(path, entry));
        } else if (auto member = member_of(path, name, value)) {
            config.members.push_back(std::move(*member));
        }
    }
    return config;
}

}  // namespace switchd
