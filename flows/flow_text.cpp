#include "flows/flow_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "flows/action_parser.h"
#include "flows/action_text.h"
#include "flows/match_text.h"

namespace switchd {
namespace {

constexpr std::uint32_t priority_default = 32768;

struct FlagName {
    std::string_view name;
    std::uint16_t flag;
};
// In the order in which they are printed.
constexpr FlagName flag_names[] = {
    {"send_flow_rem", rule_flag::send_flow_removed},
    {"check_overlap", rule_flag::check_overlap},
    {"reset_counts", rule_flag::reset_counts},
    {"no_packet_counts", rule_flag::no_packet_counts},
    {"no_byte_counts", rule_flag::no_byte_counts},
};

// What a dump tells of a rule's past.
constexpr std::string_view past[] = {"duration", "n_packets", "n_bytes", "idle_age", "hard_age"};

class FlowModReader {
public:
    FlowModReader(std::string_view line, FlowMod::Command command, const PortResolver& ports)
        : line_(line), reader_(line), match_(reader_, ports), ports_(ports) {
        mod_.command = command;
        removes_ =
            command == FlowMod::Command::remove || command == FlowMod::Command::remove_strict;
        adds_ = command == FlowMod::Command::add;
        strict_ = adds_ || command == FlowMod::Command::modify_strict ||
                  command == FlowMod::Command::remove_strict;
        mod_.table = adds_ ? 0 : table_all;
        mod_.priority = priority_default;
    }

    std::expected<FlowMod, TextError> read() {
        std::string_view rest = line_;
        std::optional<std::string_view> actions;
        while (!actions) {
            const auto part = reader_.next(rest);
            if (!part) break;
            if (part->name == "actions" || part->name == "action") {
                if (removes_)
                    return wrong(part->name, "what removes rules has no actions", "a match only");
                if (part->delimiter != '=')
                    return wrong(part->name, "the actions are missing", "\"actions=\" and a list");
                // All the rest, whatever is in it.
                actions = std::string_view(part->value.data(), line_.data() + line_.size());
            } else if (!add(*part)) {
                break;
            }
        }
        const auto match = match_.finish();
        if (!match) return failure();
        mod_.match = *match;
        if (!actions && !removes_)
            return wrong(line_.substr(line_.size()), "the rule has no actions",
                         "\"actions=\" and a list, or actions=drop");
        if (actions) {
            auto list = read_actions(reader_, *actions, *match, ports_);
            if (!list) return failure();
            mod_.actions = std::move(*list);
        }
        if (reader_.error()) return failure();
        return finished();
    }

private:
    std::unexpected<TextError> failure() const { return std::unexpected(*reader_.error()); }
    std::unexpected<TextError> wrong(std::string_view at, std::string what, std::string expected) {
        reader_.fail(at, std::move(what), std::move(expected));
        return failure();
    }

    FlowMod finished() {
        // A modify that names no cookie's rules adds what it does not find.
        mod_.modify_may_add = !adds_ && !removes_ && mod_.cookie_mask == 0;
        mod_.resets_counters = (mod_.flags & rule_flag::reset_counts) != 0;
        return std::move(mod_);
    }

    bool add(const TextPart& part) {
        if (!removes_)
            for (const FlagName& flag : flag_names)
                if (part.name == flag.name) {
                    mod_.flags |= flag.flag;
                    return reader_.bare(part);
                }
        if (std::ranges::find(past, part.name) != std::end(past)) return true;
        if (part.name == "table") return table(part);
        if (part.name == "cookie") return cookie(part);
        if (part.name == "priority") {
            if (!strict_ && removes_)
                return refused(part.name, "priority counts for a strict command only",
                               "no priority (ovs-ofctl --strict del-flows takes one)");
            return number(part, mod_.priority, priority_max);
        }
        if (part.name == "out_port") {
            if (!removes_)
                return refused(part.name, "out_port selects what is removed", "no out_port");
            const auto text = reader_.value_of(part, "\"=\" and a port");
            const auto port = text ? read_port(reader_, *text, ports_) : std::nullopt;
            if (port) mod_.out_port = *port;
            return port.has_value();
        }
        for (const auto& [name, timer] : {std::pair{"idle_timeout", &mod_.idle_timeout},
                                          std::pair{"hard_timeout", &mod_.hard_timeout},
                                          std::pair{"importance", &mod_.importance}}) {
            if (part.name != name) continue;
            if (removes_)
                return refused(part.name, fmt::format("{} selects no rules", name), "a match");
            return number(part, *timer, 0xffff);
        }
        if (match_.knows(part)) return match_.add(part);
        return refused(part.name, unknown_field_text(part.name),
                       "a field such as in_port, dl_dst, nw_src or tp_dst, or a word such as "
                       "table, priority, cookie, idle_timeout or actions");
    }

    bool refused(std::string_view at, std::string what, std::string expected) {
        reader_.fail(at, std::move(what), std::move(expected));
        return false;
    }
    template <class Number>
    bool number(const TextPart& part, Number& result, std::uint64_t max) {
        const auto text = reader_.value_of(part, "\"=\" and a number");
        const auto value = text ? reader_.number(*text, part.name, max) : std::nullopt;
        if (value) result = static_cast<Number>(*value);
        return value.has_value();
    }

    bool table(const TextPart& part) {
        return number(part, mod_.table, adds_ ? table_count - 1 : std::uint64_t{table_all});
    }

    // Without a mask the cookie that rules get, with one those that are selected.
    bool cookie(const TextPart& part) {
        const auto text = reader_.value_of(part, "\"=\" and a number");
        if (!text) return false;
        const Divided parts = divided(*text, "/");
        const auto value = all_ones_or_number(parts.front);
        if (!value) return false;
        if (parts.back) {
            if (adds_)
                return refused(*parts.back, "what adds a rule selects no cookies",
                               "a cookie without a mask");
            const auto mask = all_ones_or_number(*parts.back);
            if (!mask) return false;
            mod_.cookie = *value & *mask;
            mod_.cookie_mask = *mask;
            return true;
        }
        if (removes_)
            return refused(*text, "what removes rules gives them no cookie",
                           fmt::format("cookie={:#x}/-1 to select rules by it", *value));
        mod_.new_cookie = *value;
        mod_.modify_cookie = !adds_;
        return true;
    }
    std::optional<std::uint64_t> all_ones_or_number(std::string_view text) {
        if (text == "-1") return ~std::uint64_t{0};
        return reader_.number(text, "cookie", ~std::uint64_t{0});
    }

    std::string_view line_;
    TextReader reader_;
    MatchReader match_;
    const PortResolver& ports_;
    FlowMod mod_;
    bool removes_ = false, adds_ = false, strict_ = false;
};

// Whole milliseconds, none if there are none.
std::string duration_text(Duration duration) {
    const auto milliseconds =
        std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
    if (milliseconds % 1000 == 0) return fmt::format("{}s", milliseconds / 1000);
    return fmt::format("{}.{:03}s", milliseconds / 1000, milliseconds % 1000);
}

std::int64_t seconds(Duration duration) {
    return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

}  // namespace

std::expected<FlowMod, TextError> parse_flow_mod(std::string_view line, FlowMod::Command command,
                                                 const PortResolver& ports) {
    return FlowModReader(line, command, ports).read();
}

std::string rule_text(const Rule& rule, TimePoint now) {
    std::string text =
        fmt::format(" cookie={:#x}, duration={}, table={}, n_packets={}, n_bytes={}, ", rule.cookie,
                    duration_text(now - rule.created), rule.table, rule.packets, rule.bytes);
    if (rule.idle_timeout != 0) text += fmt::format("idle_timeout={}, ", rule.idle_timeout);
    if (rule.hard_timeout != 0) text += fmt::format("hard_timeout={}, ", rule.hard_timeout);
    for (const FlagName& flag : flag_names)
        if ((rule.flags & flag.flag) != 0) text += fmt::format("{} ", flag.name);
    if (rule.importance != 0) text += fmt::format("importance={}, ", rule.importance);
    text += fmt::format("idle_age={}, ", seconds(now - rule.used));
    if (seconds(now - rule.modified) != seconds(now - rule.created))
        text += fmt::format("hard_age={}, ", seconds(now - rule.modified));

    if (rule.priority() != priority_default) text += fmt::format("priority={},", rule.priority());
    const std::string match = match_text(rule.match());
    text += match;
    if (match.empty() && text.back() == ',') text.pop_back();
    if (text.back() != ' ') text += ' ';
    return text + "actions=" + actions_text(rule.actions);
}

}  // namespace switchd
