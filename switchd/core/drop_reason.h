// Why a frame went no further. Every drop in the switch has one of these, is counted under it, and
// is shown to people by its name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace switchd {

enum class DropReason : std::uint8_t {
    runt,                    // shorter than an Ethernet header, or cut within its VLAN tag
    too_long,                // longer than the largest frame the switch carries
    bad_offload,             // it is not what its sender says that is left to do to it
    no_rule,                 // no rule of the table matches
    rule_drop,               // the rule that matches says drop
    fragment,                // fragments are to be dropped
    ttl_expired,             // no hop left
    too_complex,             // the tables go round in circles, or ask for more than is carried out
    overload,                // the tables take longer with the port's frames than there is time for
    vlan_not_member,         // the ingress port does not belong to the frame's VLAN
    port_down,               // the ingress port, or the only destination, is down
    discarding_state,        // the spanning tree blocks the ingress port or the only destination
    destination_on_ingress,  // the destination is where the frame came from
    no_destination,          // no other port may have the frame
    port_gone,               // the port was removed while the frame was under way
    queue_full,              // the peer does not read fast enough
    buffer_exhausted,        // no free buffer, or no room in it for a header
    count_
};

inline constexpr std::size_t drop_reason_count = static_cast<std::size_t>(DropReason::count_);

constexpr std::string_view to_string(DropReason reason) {
    constexpr std::string_view names[] = {
        "runt",
        "too_long",
        "bad_offload",
        "no_rule",
        "rule_drop",
        "fragment",
        "ttl_expired",
        "too_complex",
        "overload",
        "vlan_not_member",
        "port_down",
        "discarding_state",
        "destination_on_ingress",
        "no_destination",
        "port_gone",
        "queue_full",
        "buffer_exhausted",
    };
    static_assert(std::size(names) == drop_reason_count);
    return names[static_cast<std::size_t>(reason)];
}

}  // namespace switchd
