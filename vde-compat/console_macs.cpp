// hash/*: the table of learned addresses.
#include <algorithm>
#include <bit>
#include <cerrno>
#include <tuple>
#include <vector>

#include "vde-compat/console_arguments.h"
#include "vde-compat/console_command.h"
#include "vde-compat/settings.h"

namespace switchd::vde {

namespace {

// The table behind has no buckets of this kind: the number is shown because people and parsers
// expect one there, and it spreads addresses as a bucket number would.
unsigned bucket_of(const MacInfo& entry, unsigned hash_size) {
    auto mixed = entry.mac.to_u64() ^ static_cast<std::uint64_t>(entry.vlan) << 48;
    mixed = (mixed ^ mixed >> 33) * 0xff51afd7ed558ccd;
    return static_cast<unsigned>(mixed >> 40) & (hash_size - 1);
}

void print_entry(CommandCall& call, const MacInfo& entry, unsigned bucket) {
    call.print("Hash: {:04} Addr: {:02x} VLAN {:04} to port: {:03}  age {} secs\n", bucket,
               fmt::join(entry.mac.bytes, ":"), entry.vlan, entry.port, entry.age.count());
}

CommandResult showinfo(CommandCall& call) {
    const auto settings = call.parts.model.mac_settings();
    call.print("Hash size {}\nGC interval {} secs\nGC expire {} secs\nMin persistence {} secs\n",
               settings.hash_size, settings.gc_interval_seconds, settings.expire_seconds,
               settings.min_persistence_seconds);
    return {};
}

CommandResult set_size(CommandCall& call) {
    const auto size = ConsoleArguments(call.argument).number();
    if (!size || *size <= 0) return {EINVAL};
    if (*size > static_cast<int>(hash_size_max)) return {ENOMEM};
    auto settings = call.parts.model.mac_settings();
    settings.hash_size = std::bit_ceil(static_cast<unsigned>(*size));
    call.parts.model.set_mac_settings(settings);
    call.parts.model.flush_macs();
    return {};
}

template <int MacSettings::*seconds>
CommandResult set_seconds(CommandCall& call) {
    auto settings = call.parts.model.mac_settings();
    settings.*seconds = loose_number(call.argument);
    call.parts.model.set_mac_settings(settings);
    return {};
}

CommandResult print(CommandCall& call) {
    struct Row {
        unsigned bucket;
        const MacInfo* entry;
    };
    const auto size = call.parts.model.mac_settings().hash_size;
    const auto entries = call.parts.model.macs();
    std::vector<Row> rows;
    rows.reserve(entries.size());
    for (const auto& entry : entries) rows.push_back({bucket_of(entry, size), &entry});
    std::ranges::sort(rows, {}, [](const Row& row) {
        return std::tuple(row.bucket, row.entry->vlan, row.entry->mac);
    });
    for (const auto& row : rows) print_entry(call, *row.entry, row.bucket);
    return {};
}

CommandResult find(CommandCall& call) {
    ConsoleArguments arguments(call.argument);
    const auto mac = MacAddress::parse(arguments.word());
    const auto vlan = arguments.rest().empty() ? std::optional(0) : arguments.number();
    if (!mac || !vlan) return {EINVAL};
    const auto entry = call.parts.model.find_mac(*mac, static_cast<unsigned>(*vlan));
    if (!entry) return {ENODEV};
    print_entry(call, *entry, bucket_of(*entry, call.parts.model.mac_settings().hash_size));
    return {};
}

constexpr Command commands[] = {
    {"hash", "============", "HASH TABLE MENU", CommandShape::menu},
    {"hash/showinfo", "", "show hash info", CommandShape::data, showinfo},
    {"hash/setsize", "N", "change hash size", CommandShape::result, set_size},
    {"hash/setgcint", "N", "change garbage collector interval", CommandShape::result,
     set_seconds<&MacSettings::gc_interval_seconds>},
    {"hash/setexpire", "N", "change hash entries expire time", CommandShape::result,
     set_seconds<&MacSettings::expire_seconds>},
    {"hash/setminper", "N", "minimum persistence time", CommandShape::result,
     set_seconds<&MacSettings::min_persistence_seconds>},
    {"hash/print", "", "print the hash table", CommandShape::data, print},
    {"hash/find", "MAC [VLAN]", "MAC lookup", CommandShape::data, find},
};

}  // namespace

std::span<const Command> mac_commands() {
    return commands;
}

}  // namespace switchd::vde
