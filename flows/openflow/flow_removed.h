// The end of a rule, as it is told: written once for all that want it in the same form.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "flows/flow_tables.h"
#include "flows/openflow/version.h"
#include "flows/openflow/wire.h"

namespace switchd::openflow {

class FlowRemoved {
public:
    // `rule` outlives this.
    FlowRemoved(const Rule& rule, RemovedReason reason, TimePoint now)
        : rule_(rule), reason_(reason), now_(now) {}

    RemovedReason reason() const { return reason_; }
    // The message of this version (OpenFlow 1.5.1, section 7.4.2) or Nicira's. Valid as long as
    // this.
    ByteSpan message(Version version, bool nicira);

private:
    static constexpr std::size_t forms = 2 * (static_cast<std::size_t>(Version::v1_5) + 1);

    const Rule& rule_;
    RemovedReason reason_;
    TimePoint now_;
    std::array<std::vector<std::uint8_t>, forms> messages_;
};

}  // namespace switchd::openflow
