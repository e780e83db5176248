// The forwarding engine's counters under the names by which people see them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "flows/forwarding_engine.h"

namespace switchd {

inline auto engine_counters(const ForwardingEngine& engine) {
    const auto& answers = engine.statistics();
    const auto& cache = engine.megaflows().statistics();
    using Counter = std::pair<std::string_view, std::uint64_t>;
    return std::array{
        Counter{"hits", answers.hits},
        Counter{"misses", answers.misses},
        Counter{"revalidated", answers.revalidated},
        Counter{"replaced", answers.replaced},
        Counter{"unsound", answers.unsound},
        Counter{"front_hits", cache.front_hits},
        Counter{"subtable_hits", cache.subtable_hits},
        Counter{"subtables_asked", cache.subtables_asked},
        Counter{"inserted", cache.inserted},
        Counter{"evicted", cache.evicted},
        Counter{"expired", cache.expired},
        Counter{"masks_coarsened", cache.coarsened},
        Counter{"masks_refused", cache.refused},
        Counter{"verdicts_refused", cache.too_large},
    };
}

}  // namespace switchd
