// A packet that the tables send to the controllers, and why.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "flows/flow_key.h"

namespace switchd {

enum class PacketInReason : std::uint8_t {  // OFPR_*
    no_match = 0,
    action = 1,
    invalid_ttl = 2,
    action_set = 3,
    group = 4,
    packet_out = 5,
    // A rule that catches all that no other rule does: before 1.3 an action like others, from then
    // on a miss.
    explicit_miss = 6,
    // No rule at all: OpenFlow 1.3 and later hear of it only if they ask.
    implicit_miss = 7,
};

constexpr std::string_view to_string(PacketInReason reason) {
    switch (reason) {
        case PacketInReason::no_match: return "no_match";
        case PacketInReason::action: return "action";
        case PacketInReason::invalid_ttl: return "invalid_ttl";
        case PacketInReason::action_set: return "action_set";
        case PacketInReason::group: return "group";
        case PacketInReason::packet_out: return "packet_out";
        case PacketInReason::implicit_miss: return "implicit_miss";
        case PacketInReason::explicit_miss: return "explicit_miss";
    }
    return "unknown";
}

// What a decision says about it; the frame is the packet's as it is at that step.
struct PacketInRequest {
    PacketInReason reason = PacketInReason::action;
    std::uint8_t table = 0;
    std::uint16_t max_len = 0xffff;  // bytes of the frame that are wanted
    std::uint16_t controller_id = 0;
    std::uint64_t cookie = ~std::uint64_t{0};  // of the rule; all ones: none
    std::vector<std::uint8_t> userdata;
    // in_port, tunnel id, metadata and registers at that moment; all else zero.
    FlowKey pipeline;

    bool operator==(const PacketInRequest&) const = default;
};

}  // namespace switchd
