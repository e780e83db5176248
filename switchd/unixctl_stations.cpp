#include "switchd/unixctl_stations.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "flows/field_text.h"

namespace switchd {

namespace {

// Of a list, what is told in one go.
constexpr std::size_t entries_at_once = 64;

struct Station {
    VlanId vlan = 0;
    MacAddress mac;
};

// Open vSwitch takes any VLAN, and what is no number as 0.
std::expected<Station, std::string> station_of(const std::string& vlan_text,
                                               const std::string& mac_text) {
    const auto mac = MacAddress::parse(mac_text);
    if (!mac) return failure("bad MAC address");
    if (mac->is_group()) return failure("bad MAC address: a group has no port");
    VlanId vlan = 0;
    const char* const end = vlan_text.data() + vlan_text.size();
    const auto [last, error] = std::from_chars(vlan_text.data(), end, vlan);
    if (error != std::errc{} || last != end || vlan >= vlan_id_count)
        return failure("bad VLAN: a number from 0 to 4095 is expected");
    return Station{vlan, *mac};
}

std::string age_text(const MacEntry& entry, TimePoint now) {
    if (entry.is_static) return "static";
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(now - entry.last_heard);
    return fmt::format("{:3}", age.count());
}

}  // namespace

UnixctlReply set_station(const UnixctlContext& context, UnixctlArguments arguments) {
    const auto found = bridge_of(context, arguments[0]);
    if (!found) return failure(found.error());
    Bridge& bridge = **found;
    const auto station = station_of(arguments[2], arguments[3]);
    if (!station) return failure(station.error());
    const auto port = bridge.port_of_name(arguments[1]);
    if (!port) return failure("software error, odp port is present but no ofp port");

    Pipeline& tables = bridge.tables();
    const std::optional<MacEntry> known = tables.macs().find(station->vlan, station->mac);
    const auto set = tables.set_static_mac(station->vlan, station->mac, *port, bridge.now());
    if (!set)
        return failure(fmt::format("no room: half of the table, {} entries, may be static",
                                   tables.macs().static_entries_max()));
    if (!known || (known->is_static && known->port == *port)) return "";
    return fmt::format("Overriding already existing {} entry on {}\n",
                       known->is_static ? "static" : "dynamic", port_text(known->port));
}

UnixctlReply remove_station(const UnixctlContext& context, UnixctlArguments arguments) {
    const auto found = bridge_of(context, arguments[0]);
    if (!found) return failure(found.error());
    Bridge& bridge = **found;
    const auto station = station_of(arguments[1], arguments[2]);
    if (!station) return failure(station.error());
    if (!bridge.tables().remove_static_mac(station->vlan, station->mac))
        return failure("could not find static mac entry");
    return "";
}

UnixctlReply show_stations(const UnixctlContext& context, UnixctlArguments arguments) {
    const auto found = bridge_of(context, arguments[0]);
    if (!found) return failure(found.error());
    const Bridge& bridge = **found;
    std::vector<MacEntry> entries = bridge.tables().macs().entries();
    std::ranges::stable_sort(entries, {}, &MacEntry::last_heard);
    const auto next = [&bridge, entries = std::move(entries),
                       at = std::size_t{0}](std::string& text) mutable {
        for (const std::size_t end = std::min(at + entries_at_once, entries.size()); at < end; ++at)
            text +=
                fmt::format("{:>5}  {:4}  {}  {}\n", port_text(entries[at].port), entries[at].vlan,
                            entries[at].mac.to_string(), age_text(entries[at], bridge.now()));
        return at < entries.size();
    };
    return UnixctlText(" port  VLAN  MAC                Age\n", next);
}

UnixctlReply flush_stations(const UnixctlContext& context, UnixctlArguments arguments) {
    const auto bridges = bridges_of(context, arguments);
    if (!bridges) return failure(bridges.error());
    for (Bridge* bridge : *bridges) bridge->tables().forget_all_macs();
    return "table successfully flushed\n";
}

UnixctlReply show_station_statistics(const UnixctlContext& context, UnixctlArguments arguments) {
    const auto found = bridge_of(context, arguments[0]);
    if (!found) return failure(found.error());
    const Bridge& bridge = **found;
    const MacTable& macs = bridge.tables().macs();
    const MacTable::Statistics& counts = macs.statistics();
    return fmt::format(
        "Statistics for bridge \"{}\":\n"
        "  Current/maximum MAC entries in the table: {}/{}\n"
        "  Current static MAC entries in the table : {}\n"
        "  Total number of learned MAC entries     : {}\n"
        "  Total number of expired MAC entries     : {}\n"
        "  Total number of evicted MAC entries     : {}\n"
        "  Total number of port moved MAC entries  : {}\n",
        bridge.name(), macs.size(), macs.settings().entries_max, macs.static_entries(),
        counts.learned, counts.expired, counts.evicted, counts.moved);
}

UnixctlReply clear_station_statistics(const UnixctlContext& context, UnixctlArguments arguments) {
    const auto bridges = bridges_of(context, arguments);
    if (!bridges) return failure(bridges.error());
    for (Bridge* bridge : *bridges) bridge->tables().clear_mac_statistics();
    return "statistics successfully cleared\n";
}

}  // namespace switchd
