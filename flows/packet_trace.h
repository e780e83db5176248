// How the tables come to a verdict about one packet, step by step, for people who want to know.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "flows/field_text.h"
#include "flows/pipeline.h"
#include "flows/text_error.h"

namespace switchd {

struct TraceStep {
    enum class Kind : std::uint8_t {
        table,       // a table was asked, for the first time, by goto_table or by resubmit
        action,      // an action of the rule that was found there
        note,        // what an action came to
        warning,     // the same of what somebody may not have meant
        action_set,  // the tables are through, its actions follow
    };
    static constexpr std::size_t no_parent = ~std::size_t{0};

    Kind kind = Kind::note;
    std::size_t parent = no_parent;  // the table's step that this one belongs to
    unsigned depth = 0;              // how many parents there are
    std::string text;                // the rule's match, the action, the note
    // Of a table:
    std::uint8_t table = 0;
    bool matched = false;  // what follows is the rule's
    std::uint32_t priority = 0;
    std::uint64_t cookie = 0;
    FlowMask looked_at;  // the bits of the packet that the lookup was the first to look at
};

struct PacketTrace {
    FlowKey packet;
    FlowKey left;  // what the actions have made of it
    std::vector<TraceStep> steps;
    bool cut_off = false;  // there were more steps than anybody would read
    Verdict verdict;

    // Why the packet goes nowhere; none if it goes somewhere.
    std::optional<DropReason> drop_reason() const;
    // The table whose rule, or that it has none, is behind a drop. None if the packet was not let
    // in, or that is not shown any more.
    const TraceStep* blamed_table() const;
};

// Nothing changes: what the verdict has to do beside forwarding is up to the caller.
// `from_nowhere`: the packet's ingress port is none, and the tables are asked nevertheless.
PacketTrace trace_packet(const Pipeline& tables, const FlowKey& packet, TimePoint now,
                         bool from_nowhere = false);

// A packet told by its fields, "tcp,in_port=1,dl_dst=02:00:00:00:00:02,tp_dst=80"; those that are
// not named are zero.
std::expected<FlowKey, TextError> parse_packet(std::string_view text,
                                               const PortResolver& ports = {});

}  // namespace switchd
