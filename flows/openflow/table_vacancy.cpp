#include "flows/openflow/table_vacancy.h"

#include <algorithm>

namespace switchd::openflow {

std::uint8_t vacancy_of(const TableState& state) {
    if (state.rules_max == 0) return 0;
    const std::uint64_t free = state.rules_max - std::min(state.rules, state.rules_max);
    return static_cast<std::uint8_t>(free * 100 / state.rules_max);
}

void VacancyWatch::set(std::uint8_t table, std::optional<Vacancy> thresholds,
                       const TableState& state) {
    tables_.erase(table);
    if (!thresholds) return;
    const bool scarce = vacancy_of(state) < thresholds->up;
    tables_[table] = {*thresholds, scarce ? VacancyEvent::up : VacancyEvent::down};
}

std::optional<Vacancy> VacancyWatch::thresholds(std::uint8_t table) const {
    const auto at = tables_.find(table);
    if (at == tables_.end()) return std::nullopt;
    return at->second.thresholds;
}

std::optional<VacancyEvent> VacancyWatch::Watched::step(const TableState& state) {
    const unsigned vacancy = vacancy_of(state);
    const bool happened =
        awaited == VacancyEvent::down ? vacancy < thresholds.down : vacancy > thresholds.up;
    if (!happened) return std::nullopt;
    const VacancyEvent event = awaited;
    awaited = event == VacancyEvent::down ? VacancyEvent::up : VacancyEvent::down;
    return event;
}

}  // namespace switchd::openflow
