// What a message is, whatever number its version gives it (OpenFlow 1.5.1,
// section 7.1.1; 1.0, 5.1).
//
// The enumerators are the numbers of OpenFlow 1.4, with those that only older versions have.
#pragma once

#include <cstdint>
#include <optional>

#include "flows/openflow/version.h"

namespace switchd::openflow {

enum class MessageType : std::uint8_t {
    hello = 0,
    error = 1,
    echo_request = 2,
    echo_reply = 3,
    experimenter = 4,  // 1.0: vendor
    features_request = 5,
    features_reply = 6,
    get_config_request = 7,
    get_config_reply = 8,
    set_config = 9,
    packet_in = 10,
    flow_removed = 11,
    port_status = 12,
    packet_out = 13,
    flow_mod = 14,
    group_mod = 15,
    port_mod = 16,
    table_mod = 17,
    multipart_request = 18,  // 1.0 to 1.2: stats
    multipart_reply = 19,
    barrier_request = 20,
    barrier_reply = 21,
    queue_get_config_request = 22,
    queue_get_config_reply = 23,
    role_request = 24,
    role_reply = 25,
    get_async_request = 26,
    get_async_reply = 27,
    set_async = 28,
    meter_mod = 29,
    role_status = 30,
    table_status = 31,
    request_forward = 32,
    bundle_control = 33,
    bundle_add_message = 34,
    controller_status = 35,
};

// None: the version has no message of that number.
std::optional<MessageType> message_type_of(Version version, std::uint8_t number);
// The version must have it.
std::uint8_t message_number(Version version, MessageType type);

}  // namespace switchd::openflow
