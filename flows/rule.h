// One rule of a flow table: which packets, what happens to them, for how long, and what it has
// counted (OpenFlow 1.5.1, section 5.2).
#pragma once

#include <cstdint>

#include "flows/classifier.h"
#include "flows/shared_actions.h"
#include "switchd/core/clock.h"

namespace switchd {

// Priorities above this are the switch's own: such rules are shown to nobody on the wire.
inline constexpr std::uint32_t priority_max = 65535;

namespace rule_flag {  // OFPFF_*
inline constexpr std::uint16_t send_flow_removed = 1;
inline constexpr std::uint16_t check_overlap = 2;
inline constexpr std::uint16_t reset_counts = 4;
inline constexpr std::uint16_t no_packet_counts = 8;
inline constexpr std::uint16_t no_byte_counts = 16;
}  // namespace rule_flag

// Names a rule for ever: its slot, and how many rules the slot had before.
struct RuleId {
    std::uint32_t slot = 0;
    std::uint32_t use = 0;
    bool operator==(const RuleId&) const = default;
};

struct Rule : ClassifierEntry {
    Rule(std::uint8_t table_id, const Match& match, std::uint32_t priority_value)
        : ClassifierEntry(match, priority_value), table(table_id) {}

    RuleId id;  // given by the flow tables
    std::uint8_t table;
    std::uint16_t flags = 0;         // rule_flag
    std::uint16_t idle_timeout = 0;  // seconds; 0: never
    std::uint16_t hard_timeout = 0;
    std::uint16_t importance = 0;
    std::uint64_t cookie = 0;
    SharedActions actions;

    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
    TimePoint created;
    TimePoint modified;
    TimePoint used;
};

}  // namespace switchd
