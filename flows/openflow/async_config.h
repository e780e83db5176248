// Which messages that it did not ask for a controller gets (OpenFlow 1.5.1, section 7.3.10).
//
// One mask of reasons for each kind of message and each of two standings: master or equal, and
// slave.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "flows/openflow/role.h"
#include "flows/openflow/version.h"

namespace switchd::openflow {

enum class AsyncKind : std::uint8_t {
    packet_in,
    port_status,
    flow_removed,
    role_status,
    table_status,
    request_forward,
};
inline constexpr std::size_t async_kinds = 6;

class AsyncConfig {
public:
    // What holds until a controller asks for something else.
    AsyncConfig();

    // `reason`: OFPR_*, OFPPR_*, OFPRR_*, OFPCRR_*, the number that stands in the message.
    bool wants(AsyncKind kind, Role role, unsigned reason) const {
        return reason < 32 && (mask(kind, role) >> reason & 1) != 0;
    }
    std::uint32_t mask(AsyncKind kind, Role role) const {
        return masks_[static_cast<std::size_t>(kind)][role == Role::slave];
    }
    void set_mask(AsyncKind kind, Role role, std::uint32_t reasons) {
        masks_[static_cast<std::size_t>(kind)][role == Role::slave] = reasons;
    }

    bool operator==(const AsyncConfig&) const = default;

private:
    std::array<std::array<std::uint32_t, 2>, async_kinds> masks_{};
};

}  // namespace switchd::openflow
