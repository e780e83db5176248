// What ovs-appctl can ask of a running switch: one table of commands, each from words to text.
//
// Names, arguments, output and errors are Open vSwitch's (ovs-appctl(8), ovs-vswitchd(8)), so that
// people and scripts find what they know. A command that is added needs a row and a function.
#pragma once

#include <concepts>
#include <expected>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "switchd/bridge_list.h"

namespace switchd {

// What the commands may look at and change. Everything must outlive the server.
struct UnixctlContext {
    const BridgeList& bridges;
    Log& log;
};

// The words behind the command's name.
using UnixctlArguments = std::span<const std::string>;
// What is told: a text, and of long ones the rest, which is made piece by piece.
struct UnixctlText {
    // Appends a piece, which may be empty; false: it was the last one. Not to be asked once a
    // bridge has gone.
    using More = std::function<bool(std::string&)>;

    template <std::convertible_to<std::string> Text>
    UnixctlText(Text&& first) : text(std::forward<Text>(first)) {}
    UnixctlText(std::string first, More rest) : text(std::move(first)), more(std::move(rest)) {}

    std::string text;
    More more;  // empty: that is all
};
// What the tool prints to its standard output, or as an error, then ending with status 2.
using UnixctlReply = std::expected<UnixctlText, std::string>;
inline std::unexpected<std::string> failure(std::string text) {
    return std::unexpected(std::move(text));
}

// The bridge of this name, or that there is none.
inline std::expected<Bridge*, std::string> bridge_of(const UnixctlContext& context,
                                                     std::string_view name) {
    if (Bridge* bridge = context.bridges.find(name)) return bridge;
    return failure("no such bridge");
}
// The one that is named, or all if none is.
inline std::expected<std::vector<Bridge*>, std::string> bridges_of(const UnixctlContext& context,
                                                                   UnixctlArguments names) {
    const auto all = context.bridges.all();
    if (names.empty()) return std::vector(all.begin(), all.end());
    const auto bridge = bridge_of(context, names[0]);
    if (!bridge) return std::unexpected(bridge.error());
    return std::vector{*bridge};
}

struct UnixctlCommand {
    std::string_view name;
    std::string_view usage;  // its arguments, for list-commands
    std::size_t arguments_min;
    std::size_t arguments_max;
    UnixctlReply (*run)(const UnixctlContext&, UnixctlArguments);
};

// Ascending by name.
std::span<const UnixctlCommand> unixctl_commands();

// Finds the command and runs it, if the number of its arguments is right.
UnixctlReply run_unixctl_command(const UnixctlContext& context, std::string_view name,
                                 UnixctlArguments arguments);

}  // namespace switchd
