#include "vde-compat/debug_events.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "switchd/core/printable.h"

namespace switchd::vde {

namespace {

constexpr std::array<DebugCategoryInfo, debug_category_count> category_table{{
    {"hash/+", "011", "hash: new element"},
    {"hash/-", "012", "hash: discarded element"},
    {"fstp/status", "044", "fstp: status change"},
    {"fstp/root", "045", "fstp: rootswitch/port change"},
    {"fstp/+", "041", "fstp: port becomes active"},
    {"fstp/-", "042", "fstp: port becomes inactive"},
    {"port/+", "021", "new port"},
    {"port/-", "022", "closed port"},
    {"port/descr", "023", "set port description"},
    {"port/ep/+", "031", "new endpoint"},
    {"port/ep/-", "032", "closed endpoint"},
    {"dump/packetin", "101", "dump incoming packet"},
    {"dump/packetout", "102", "dump outgoing packet"},
}};

constexpr std::array<std::string_view, 4> status_names{"discarding", "learning", "forwarding",
                                                       "learning+forwarding"};

// VLAN numbers appear as two hexadecimal bytes, in hash events the low one first.
std::string low_byte_first(unsigned vlan) {
    return fmt::format("{:02x}:{:02x}", vlan & 0xff, vlan >> 8 & 0xff);
}
std::string high_byte_first(unsigned vlan) {
    return fmt::format("{:02x}:{:02x}", vlan >> 8 & 0xff, vlan & 0xff);
}

}  // namespace

std::span<const DebugCategoryInfo, debug_category_count> DebugEvents::categories() {
    return category_table;
}

DebugMask DebugEvents::matching(std::string_view prefix) const {
    DebugMask mask = 0;
    for (std::size_t i = 0; i < category_table.size(); ++i)
        if (category_table[i].path.starts_with(prefix)) mask |= DebugMask{1} << i;
    return mask & available_;
}

void DebugEvents::set_available(DebugMask categories, bool available) {
    available_ = available ? available_ | categories : available_ & ~categories;
    for (auto& subscription : subscriptions_) subscription.categories &= available_;
    refresh_wanted();
}

void DebugEvents::listen(DebugListener& listener, DebugMask categories) {
    std::erase_if(subscriptions_, [&](const auto& known) { return known.listener == &listener; });
    categories &= available_;
    if (categories != 0) subscriptions_.push_back({&listener, categories});
    refresh_wanted();
}

DebugMask DebugEvents::heard_by(const DebugListener& listener) const {
    const auto found = std::ranges::find(subscriptions_, &listener, &Subscription::listener);
    return found == subscriptions_.end() ? 0 : found->categories;
}

void DebugEvents::refresh_wanted() {
    wanted_ = 0;
    for (const auto& subscription : subscriptions_) wanted_ |= subscription.categories;
}

void DebugEvents::publish(DebugCategory category, std::string_view text) {
    const auto& info = category_table[static_cast<std::size_t>(category)];
    const auto line = fmt::format("3{} {} {}\n", info.tag, info.path, text);
    for (const auto& subscription : subscriptions_)
        if ((subscription.categories & debug_mask(category)) != 0)
            subscription.listener->debug_line(line);
}

void DebugEvents::mac_learned(MacAddress mac, unsigned vlan, unsigned port) {
    if (!wanted(DebugCategory::mac_learned)) return;
    publish(DebugCategory::mac_learned,
            fmt::format("{} VLAN {} Port {}", mac.to_string(), low_byte_first(vlan), port));
}

void DebugEvents::mac_forgotten(MacAddress mac, unsigned vlan, unsigned port) {
    if (!wanted(DebugCategory::mac_forgotten)) return;
    publish(DebugCategory::mac_forgotten,
            fmt::format("{} VLAN {} Port {}", mac.to_string(), low_byte_first(vlan), port));
}

void DebugEvents::port_created(unsigned port) {
    if (!wanted(DebugCategory::port_created)) return;
    publish(DebugCategory::port_created, fmt::format("{:02}", port));
}

void DebugEvents::port_closed(unsigned port) {
    if (!wanted(DebugCategory::port_closed)) return;
    publish(DebugCategory::port_closed, fmt::format("{:02}", port));
}

void DebugEvents::endpoint_added(unsigned port, int endpoint) {
    if (!wanted(DebugCategory::endpoint_added)) return;
    publish(DebugCategory::endpoint_added, fmt::format("Port {:02} FD {:2}", port, endpoint));
}

void DebugEvents::endpoint_removed(unsigned port, int endpoint) {
    if (!wanted(DebugCategory::endpoint_removed)) return;
    publish(DebugCategory::endpoint_removed, fmt::format("Port {:02} FD {:2}", port, endpoint));
}

void DebugEvents::description(unsigned port, int endpoint, std::string_view text) {
    if (!wanted(DebugCategory::description)) return;
    publish(DebugCategory::description,
            fmt::format("Port {:02} FD {:2} -> \"{}\"", port, endpoint, printable(text)));
}

void DebugEvents::fstp_heard(unsigned port, unsigned vlan) {
    if (!wanted(DebugCategory::fstp_heard)) return;
    publish(DebugCategory::fstp_heard,
            fmt::format("Port {:04} VLAN {}", port, high_byte_first(vlan)));
}

void DebugEvents::fstp_lost(unsigned port, unsigned vlan) {
    if (!wanted(DebugCategory::fstp_lost)) return;
    publish(DebugCategory::fstp_lost,
            fmt::format("Port {:04} VLAN {}", port, high_byte_first(vlan)));
}

void DebugEvents::fstp_status(unsigned port, unsigned vlan, FstpStatus status) {
    if (!wanted(DebugCategory::fstp_status)) return;
    publish(DebugCategory::fstp_status,
            fmt::format("Port {:04} VLAN {} {}", port, high_byte_first(vlan),
                        status_names[static_cast<std::size_t>(status)]));
}

void DebugEvents::fstp_root(unsigned port, unsigned vlan, const std::array<std::uint8_t, 8>& root) {
    if (!wanted(DebugCategory::fstp_root)) return;
    publish(DebugCategory::fstp_root, fmt::format("Port {:04} VLAN {} -> {:02x}", port,
                                                  high_byte_first(vlan), fmt::join(root, ":")));
}

void DebugEvents::packet(DebugCategory direction, unsigned port, std::span<const std::byte> frame) {
    if (!wanted(direction)) return;
    std::string text = fmt::format("Pkt: Port {:04} len={:04} ", port, frame.size());
    for (const auto byte : frame)
        fmt::format_to(std::back_inserter(text), "{:02x} ", static_cast<unsigned>(byte));
    publish(direction, text);
}

}  // namespace switchd::vde
