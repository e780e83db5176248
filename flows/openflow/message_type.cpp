#include "flows/openflow/message_type.h"

namespace switchd::openflow {
namespace {

bool known(Version version, MessageType type) {
    using enum MessageType;
    switch (type) {
        case group_mod:
        case table_mod: return version >= Version::v1_1;
        case queue_get_config_request:
        case queue_get_config_reply: return version <= Version::v1_3;
        case role_request:
        case role_reply: return version >= Version::v1_2;
        case get_async_request:
        case get_async_reply:
        case set_async:
        case meter_mod: return version >= Version::v1_3;
        case role_status:
        case table_status:
        case request_forward:
        case bundle_control:
        case bundle_add_message: return version >= Version::v1_4;
        case controller_status: return version >= Version::v1_5;
        default: return type <= barrier_reply;
    }
}

// 1.0 knows neither group_mod nor table_mod: what follows them has smaller numbers there.
std::uint8_t later_number(std::uint8_t number_of_1_0) {
    if (number_of_1_0 < 15) return number_of_1_0;
    return static_cast<std::uint8_t>(number_of_1_0 == 15 ? 16 : number_of_1_0 + 2);
}

}  // namespace

std::optional<MessageType> message_type_of(Version version, std::uint8_t number) {
    if (version == Version::v1_0) {
        if (number > 21) return std::nullopt;
        number = later_number(number);
    }
    const auto type = static_cast<MessageType>(number);
    if (number > static_cast<std::uint8_t>(MessageType::controller_status) || !known(version, type))
        return std::nullopt;
    return type;
}

std::uint8_t message_number(Version version, MessageType type) {
    const auto number = static_cast<std::uint8_t>(type);
    if (version != Version::v1_0 || number < 15) return number;
    return static_cast<std::uint8_t>(type == MessageType::port_mod ? 15 : number - 2);
}

}  // namespace switchd::openflow
