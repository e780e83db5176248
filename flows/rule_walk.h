// The rules that a request is about, found and told piece by piece, so that lists of a million
// rules hold up nobody.
//
// The tables may change meanwhile. A rule that goes before it is told is left out; one that comes
// may be among them or not.
#pragma once

#include <compare>
#include <cstdint>
#include <vector>

#include "flows/flow_tables.h"

namespace switchd {

// In no particular order, for who only adds up.
class RuleScan {
public:
    // About a tenth of a millisecond's work.
    static constexpr std::uint32_t slots_at_once = 1024;

    // `tables` outlives this.
    RuleScan(const FlowTables& tables, RuleSelection selection)
        : tables_(tables), selection_(std::move(selection)) {}

    // Visits those among the next slots_at_once. True: there are no more.
    template <class Visit>
    bool go_on(Visit visit) {
        const std::uint32_t end = tables_.slots();
        for (std::uint32_t i = 0; i < slots_at_once && next_ < end; ++i) {
            const Rule* rule = tables_.in_slot(next_++);
            if (rule && selection_.holds(*rule)) visit(*rule);
        }
        return next_ >= end;
    }

protected:
    const FlowTables& tables_;
    RuleSelection selection_;

private:
    std::uint32_t next_ = 0;
};

// In the order of tables, priorities (highest first), age (oldest first).
class RuleWalk : private RuleScan {
public:
    using RuleScan::RuleScan;

    // Has to be called until it returns true; then next() may be.
    bool look_around();
    // The next one, null: there is none left. Valid until the tables change.
    const Rule* next();

private:
    struct Place {
        std::uint64_t rank;  // ascends in the order of telling
        std::uint32_t slot;
        std::strong_ordering operator<=>(const Place&) const = default;
    };
    static std::uint64_t rank_of(const Rule& rule);

    std::vector<Place> places_;  // a heap, the first place on top
};

}  // namespace switchd
