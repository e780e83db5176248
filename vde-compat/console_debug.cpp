// debug/*: which events this session hears. plugin/*: the plugins that are built in.
#include <array>
#include <cerrno>

#include "vde-compat/console_command.h"

namespace switchd::vde {

namespace {

CommandResult debug_list(CommandCall& call) {
    call.print("{:<22} TAG STATUS HELP\n{:<22} --- ------ ----\n", "CATEGORY", "------------");
    const auto shown = call.parts.events.matching(call.argument);
    const auto heard = call.parts.events.heard_by(*call.listener);
    const auto categories = DebugEvents::categories();
    for (std::size_t i = 0; i < categories.size(); ++i) {
        const auto bit = DebugMask{1} << i;
        if ((shown & bit) == 0) continue;
        call.print("{:<22} {} {:<6} {}\n", categories[i].path, categories[i].tag,
                   (heard & bit) != 0 ? "ON" : "OFF", categories[i].help);
    }
    return {shown != 0 ? 0 : ENOENT};
}

CommandResult debug_add(CommandCall& call) {
    auto& events = call.parts.events;
    const auto meant = events.matching(call.argument);
    const auto heard = events.heard_by(*call.listener);
    if (meant == 0) return {EINVAL};
    if ((meant & ~heard) == 0) return {EEXIST};
    events.listen(*call.listener, heard | meant);
    return {};
}

CommandResult debug_del(CommandCall& call) {
    auto& events = call.parts.events;
    const auto meant = events.matching(call.argument);
    const auto heard = events.heard_by(*call.listener);
    if (meant == 0) return {EINVAL};
    if ((meant & heard) == 0) return {ENOENT};
    events.listen(*call.listener, heard & ~meant);
    return {};
}

struct BuiltIn {
    Plugin plugin;
    std::string_view name;
    std::string_view help;
};
constexpr std::array<BuiltIn, 2> built_in{{
    {Plugin::dump, "dump", "dump packets"},
    {Plugin::pdump, "pdump", "dump packets to file, in pcap format"},
}};

CommandResult plugin_list(CommandCall& call) {
    call.print("{:<22} HELP\n{:<22} ----\n", "NAME", "------------");
    bool any = false;
    for (const auto& [plugin, name, text] : built_in) {
        if (!call.parts.dump.added(plugin) || !name.starts_with(call.argument)) continue;
        call.print("{:<22} {}\n", name, text);
        any = true;
    }
    return {any ? 0 : ENOENT};
}

// "pdump", "pdump.so" and "/usr/lib/vde2/plugins/pdump.so" all mean the one built in.
std::string_view plugin_name(std::string_view library) {
    library.remove_prefix(library.find_last_of('/') + 1);
    if (library.ends_with(".so")) library.remove_suffix(3);
    return library;
}

CommandResult plugin_add(CommandCall& call) {
    if (call.argument.empty()) return {EINVAL};
    const auto wanted = plugin_name(call.argument);
    for (const auto& [plugin, name, text] : built_in) {
        if (name != wanted) continue;
        if (call.parts.dump.added(plugin)) return {EEXIST};
        call.parts.dump.add(plugin);
        return {};
    }
    if (wanted == "iplog") return {ENOENT, "iplog is not built in (dump and pdump are)"};
    return {ENOENT};
}

CommandResult plugin_del(CommandCall& call) {
    for (const auto& [plugin, name, text] : built_in) {
        if (!call.parts.dump.added(plugin) || !name.starts_with(call.argument)) continue;
        call.parts.dump.remove(plugin);
        return {};
    }
    return {ENOENT};
}

constexpr auto session = true;
constexpr Command commands[] = {
    {"debug", "============", "DEBUG MENU", CommandShape::menu},
    {"debug/list", "", "list debug categories", CommandShape::data, debug_list, session},
    {"debug/add", "dbgpath", "enable debug info for a given category", CommandShape::result,
     debug_add, session},
    {"debug/del", "dbgpath", "disable debug info for a given category", CommandShape::result,
     debug_del, session},
    {"plugin", "============", "PLUGINS MENU", CommandShape::menu},
    {"plugin/list", "", "list plugins", CommandShape::data, plugin_list},
    {"plugin/add", "library", "load a plugin", CommandShape::result, plugin_add},
    {"plugin/del", "name", "unload a plugin", CommandShape::result, plugin_del},
};

}  // namespace

std::span<const Command> debug_commands() {
    return commands;
}

}  // namespace switchd::vde
