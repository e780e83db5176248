// What a connection and its peer have agreed on: plain values, set by requests.
#pragma once

#include <cstdint>

#include "flows/openflow/async_config.h"
#include "flows/openflow/role.h"
#include "flows/openflow/version.h"

namespace switchd::openflow {

// How packet-ins look (NXT_SET_PACKET_IN_FORMAT).
enum class PacketInFormat : std::uint8_t { standard = 0, nicira = 1, nicira2 = 2 };

inline constexpr std::uint16_t miss_send_len_default = 128;

struct Session {
    // The switch dialed the peer, which is a controller; else the peer dialed the switch and hears
    // of nothing unless it asks.
    bool primary = false;
    bool negotiated = false;
    Version version = Version::v1_0;
    Role role = Role::equal;
    std::uint16_t miss_send_len = 0;
    std::uint16_t controller_id = 0;
    PacketInFormat packet_in_format = PacketInFormat::standard;
    bool nicira_flows = false;     // 1.0: flows are told in Nicira's format
    bool flow_mod_tables = false;  // 1.0: a flow mod's command has a table in its upper byte
    AsyncConfig async{Version::v1_0};

    bool wants(AsyncKind kind, unsigned reason) const {
        return negotiated && (primary || miss_send_len != 0) && async.wants(kind, role, reason);
    }
};

}  // namespace switchd::openflow
