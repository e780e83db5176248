// When a table gets full, and when it has room again (OpenFlow 1.5.1, sections 6.4 and 7.4.5): one
// event when the part that is free falls below `down`, and none more until it has risen above `up`.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "flows/flow_tables.h"

namespace switchd::openflow {

// Thresholds, in percent of the rules that the table can hold; down is not above up.
struct Vacancy {
    std::uint8_t down = 0;
    std::uint8_t up = 0;
    bool operator==(const Vacancy&) const = default;
};

enum class VacancyEvent : std::uint8_t { down = 3, up = 4 };  // OFPTR_*

// In percent.
std::uint8_t vacancy_of(const TableState& state);

class VacancyWatch {
public:
    // None: the table is watched no longer.
    void set(std::uint8_t table, std::optional<Vacancy> thresholds, const TableState& state);
    std::optional<Vacancy> thresholds(std::uint8_t table) const;
    // Calls `event(table, VacancyEvent)` for the tables in which one has happened since the last
    // time.
    template <class Tell>
    void check(const FlowTables& tables, const Tell& event) {
        for (auto& [table, watched] : tables_)
            if (const auto happened = watched.step(tables.state(table))) event(table, *happened);
    }

private:
    struct Watched {
        Vacancy thresholds;
        VacancyEvent awaited = VacancyEvent::down;
        std::optional<VacancyEvent> step(const TableState& state);
    };
    std::map<std::uint8_t, Watched> tables_;
};

}  // namespace switchd::openflow
