// What the tables say about one kind of packet: what is done with it, which bits of its key
// decided, and what else each such packet does to the switch.
#pragma once

#include <optional>
#include <vector>

#include "flows/actions.h"
#include "flows/change_log.h"
#include "flows/flow_mask.h"
#include "flows/rule.h"
#include "switchd/core/clock.h"

namespace switchd {

// Learn that `mac` is on `port`, or refresh that it is.
struct Learn {
    VlanId vlan = 0;
    MacAddress mac;
    PortNumber port = 0;
    bool operator==(const Learn&) const = default;
};

// Who counts each such packet.
struct Counting {
    struct Lookup {
        std::uint8_t table = 0;
        bool matched = false;
        bool operator==(const Lookup&) const = default;
    };
    std::vector<RuleId> rules;
    std::vector<Lookup> lookups;
    std::uint32_t blamed = 0;  // the lookup whose answer is behind a drop
    bool operator==(const Counting&) const = default;
};

struct Verdict {
    ActionProgram program;
    FlowMask mask;                             // the bits of the key that decided
    std::optional<Learn> learn;                // what else each such packet does; of several
                                               // NORMALs, the first that learns
    Counting counting;                         // and where it is counted
    Reads reads;                               // the parts of the tables that decided
    TimePoint holds_until = TimePoint::max();  // from then on time alone may change it
    std::uint32_t work = 0;                    // that it took, in the unit of ActionProgram's
};

}  // namespace switchd
