// A change of the flow tables as a controller asks for it, whatever version it speaks
// (OpenFlow 1.5.1, section 7.3.4.1; 1.0, 5.3.3), and what can be wrong with it.
#pragma once

#include <cstdint>

#include "flows/match.h"
#include "flows/rule_actions.h"

namespace switchd {

struct FlowMod {
    enum class Command : std::uint8_t { add, modify, modify_strict, remove, remove_strict };

    Command command = Command::add;
    std::uint8_t table = 0;  // table_all: of every table (modify and remove only)
    Match match;
    std::uint32_t priority = 32768;
    // Modify and remove touch only rules whose cookie agrees with `cookie` under `cookie_mask`.
    std::uint64_t cookie = 0;
    std::uint64_t cookie_mask = 0;
    std::uint64_t new_cookie = 0;
    bool modify_cookie = false;    // modify gives its rules the new cookie
    bool modify_may_add = false;   // a modify that finds nothing adds
    bool resets_counters = false;  // of what add replaces and modify finds
    std::uint16_t idle_timeout = 0;
    std::uint16_t hard_timeout = 0;
    std::uint16_t importance = 0;
    std::uint16_t flags = 0;  // rule_flag
    // Remove touches only rules that output there; any: all.
    PortNumber out_port = reserved_port::any;
    RuleActions actions;
};

enum class FlowModError : std::uint8_t {
    table_full,
    bad_table_id,
    overlap,
    bad_command,
    bad_flags,
    goto_backwards,  // goto_table to a table that is not behind this one
};

}  // namespace switchd
