// Which rules a request is about: those that a loose modify or remove of it would touch (OpenFlow
// 1.5.1, section 6.4; statistics select in the same way, 7.3.5.2).
#pragma once

#include "flows/flow_mod.h"
#include "flows/rule.h"

namespace switchd {

class RuleSelection {
public:
    // What `request` adds to a match within its own: the table, the cookie, and where the rules
    // have to output, which counts unless it is a modify. `own`: the switch's own, too.
    explicit RuleSelection(const FlowMod& request, bool own = false);
    // Of all tables, the switch's own too.
    static RuleSelection everything();

    bool holds(const Rule& rule) const {
        return (table_ == table_all || table_ == rule.table) && agrees(rule) &&
               rule.compact_match().within(match_);
    }
    // Of a rule whose table and match are known to be right.
    bool agrees(const Rule& rule) const {
        return (own_ || rule.priority() <= priority_max) &&
               ((rule.cookie ^ cookie_) & cookie_mask_) == 0 &&
               (out_port_ == reserved_port::any || outputs_to(rule.actions, out_port_));
    }

private:
    std::uint8_t table_;
    bool own_;
    PortNumber out_port_;
    std::uint64_t cookie_;
    std::uint64_t cookie_mask_;
    CompactMatch match_;
};

}  // namespace switchd
