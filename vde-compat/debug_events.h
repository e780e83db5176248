// What happens in the switch, told to those console sessions that asked for it: the hub behind
// debug/list, debug/add and debug/del.
//
// An event is one line "3TTT PATH TEXT\n", TTT = the category's tag in octal. Text is formatted
// only while somebody listens to its category: without listeners an event costs one test. Whoever
// changes the switch calls the method named after what happened, after it happened.
//
// Invariant: `wanted_` is the union of all listeners' masks, and only available categories are in
// it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "switchd/core/mac_address.h"

namespace switchd::vde {

// In the order in which debug/list shows them.
enum class DebugCategory : std::uint8_t {
    mac_learned,
    mac_forgotten,
    fstp_status,
    fstp_root,
    fstp_heard,
    fstp_lost,
    port_created,
    port_closed,
    description,
    endpoint_added,
    endpoint_removed,
    packet_in,  // these two only while the packet dump is added
    packet_out,
};
inline constexpr std::size_t debug_category_count = 13;

// A set of categories, one bit each.
using DebugMask = std::uint32_t;
constexpr DebugMask debug_mask(DebugCategory category) {
    return DebugMask{1} << static_cast<unsigned>(category);
}
inline constexpr DebugMask debug_packet_categories =
    debug_mask(DebugCategory::packet_in) | debug_mask(DebugCategory::packet_out);

struct DebugCategoryInfo {
    std::string_view path;
    std::string_view tag;  // three octal digits
    std::string_view help;
};

class DebugListener {
public:
    virtual ~DebugListener() = default;
    // One whole line. Must not call the hub back.
    virtual void debug_line(std::string_view line) = 0;
};

class DebugEvents {
public:
    enum class FstpStatus : std::uint8_t { discarding, learning, forwarding, learning_forwarding };

    static std::span<const DebugCategoryInfo, debug_category_count> categories();

    // The available categories whose path starts with `prefix`; an empty prefix means all of them.
    DebugMask matching(std::string_view prefix) const;
    // Makes categories come or go; those that go are no longer listened to by anybody.
    void set_available(DebugMask categories, bool available);

    // `listener` hears exactly `categories` from now on, nothing with 0, and must be gone from here
    // before it dies.
    void listen(DebugListener& listener, DebugMask categories);
    DebugMask heard_by(const DebugListener& listener) const;

    bool wanted(DebugCategory category) const { return (wanted_ & debug_mask(category)) != 0; }
    bool wanted_any(DebugMask categories) const { return (wanted_ & categories) != 0; }

    void mac_learned(MacAddress mac, unsigned vlan, unsigned port);
    void mac_forgotten(MacAddress mac, unsigned vlan, unsigned port);
    void port_created(unsigned port);
    void port_closed(unsigned port);  // its last endpoint left
    void endpoint_added(unsigned port, int endpoint);
    void endpoint_removed(unsigned port, int endpoint);
    void description(unsigned port, int endpoint, std::string_view text);
    void fstp_heard(unsigned port, unsigned vlan);
    void fstp_lost(unsigned port, unsigned vlan);
    void fstp_status(unsigned port, unsigned vlan, FstpStatus status);
    // `root` = two bytes priority, six bytes MAC address.
    void fstp_root(unsigned port, unsigned vlan, const std::array<std::uint8_t, 8>& root);
    void packet(DebugCategory direction, unsigned port, std::span<const std::byte> frame);

private:
    struct Subscription {
        DebugListener* listener;
        DebugMask categories;
    };

    void publish(DebugCategory category, std::string_view text);
    void refresh_wanted();

    std::vector<Subscription> subscriptions_;
    DebugMask wanted_ = 0;
    DebugMask available_ = ((DebugMask{1} << debug_category_count) - 1) & ~debug_packet_categories;
};

}  // namespace switchd::vde
