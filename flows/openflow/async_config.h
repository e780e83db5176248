// Which messages that it did not ask for a controller gets (OpenFlow 1.5.1, section 7.3.10).
//
// One mask of reasons for each kind of message and each of two standings: master or equal, and
// slave.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>

#include "flows/openflow/error.h"
#include "flows/openflow/role.h"
#include "flows/openflow/version.h"
#include "flows/openflow/wire.h"
#include "flows/packet_in.h"

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
    explicit AsyncConfig(Version version);

    // `reason`: PacketInReason, OFPPR_*, RemovedReason, OFPCRR_*.
    bool wants(AsyncKind kind, Role role, unsigned reason) const {
        return reason < 32 && (mask(kind, role) >> reason & 1) != 0;
    }
    std::uint32_t mask(AsyncKind kind, Role role) const {
        return masks_[static_cast<std::size_t>(kind)][role == Role::slave];
    }
    void set_mask(AsyncKind kind, Role role, std::uint32_t reasons) {
        masks_[static_cast<std::size_t>(kind)][role == Role::slave] = reasons;
    }

    // Masks of a fixed size: 1.3's messages, Nicira's in any version.
    std::expected<void, Error> read_masks(ByteSpan body, Version version);
    void write_masks(Writer& writer, Version version) const;
    // A property for each mask that is told: 1.4 and later, Nicira's second message. All or
    // nothing.
    std::expected<void, Error> read_properties(ByteSpan body, Version version);
    void write_properties(Writer& writer, Version version) const;

    // Before 1.3 these packet-ins are switched on and off by OFPT_SET_CONFIG.
    void set_invalid_ttl(bool on);
    bool invalid_ttl() const;

    bool operator==(const AsyncConfig&) const = default;

private:
    std::array<std::array<std::uint32_t, 2>, async_kinds> masks_{};
};

}  // namespace switchd::openflow
