#include "flows/openflow/requests.h"

namespace switchd::openflow {
namespace {

// A slave may not change what the switch does.
bool changes_the_switch(MessageType type) {
    using enum MessageType;
    switch (type) {
        case packet_out:
        case flow_mod:
        case group_mod:
        case port_mod:
        case table_mod:
        case meter_mod: return true;
        default: return false;
    }
}

Outcome answer_echo(const Request& request) {
    request.reply(MessageType::echo_reply, [&](Writer& writer) { writer.bytes(request.body()); });
    return {};
}

Outcome answer_barrier(const Request& request) {
    if (!request.body().empty()) return Failure(Error::brc_bad_len);
    request.reply(MessageType::barrier_reply, [](Writer&) {});
    return {};
}

// There are none, and none can be made; to delete what is not there is no error.
Outcome change_group(const Request& request) {
    Reader reader(request.body());
    const std::uint16_t command = reader.u16();
    reader.skip(6);
    if (!reader.ok()) return Failure(Error::brc_bad_len);
    switch (command) {
        case 0: return Failure(Error::gmfc_out_of_groups);
        case 1: return Failure(Error::gmfc_unknown_group);
        case 2: return {};
        case 3:  // buckets to insert
        case 5:  // and to remove
            if (request.version() >= Version::v1_5) return Failure(Error::gmfc_unknown_group);
            break;
        default: break;
    }
    return Failure(Error::gmfc_bad_command);
}

Outcome change_meter(const Request& request) {
    Reader reader(request.body());
    const std::uint16_t command = reader.u16();
    reader.skip(6);
    if (!reader.ok()) return Failure(Error::brc_bad_len);
    switch (command) {
        case 0: return Failure(Error::mmfc_out_of_meters);
        case 1: return Failure(Error::mmfc_unknown_meter);
        case 2: return {};
        default: return Failure(Error::mmfc_bad_command);
    }
}

}  // namespace

Outcome answer(const Request& request) {
    using enum MessageType;
    if (request.session.role == Role::slave && changes_the_switch(request.type))
        return Failure(Error::brc_is_secondary);
    switch (request.type) {
        case hello:
        case error:
        case echo_reply:
        case barrier_reply: return {};
        case echo_request: return answer_echo(request);
        case experimenter: return answer_experimenter(request);
        case features_request: return answer_features(request);
        case get_config_request: return answer_get_config(request);
        case set_config: return openflow::set_config(request);
        case packet_out: return send_packet(request);
        case flow_mod: return change_flows(request);
        case group_mod: return change_group(request);
        case port_mod: return change_port(request);
        case table_mod: return change_table(request);
        case multipart_request: return answer_multipart(request);
        case barrier_request: return answer_barrier(request);
        case queue_get_config_request: return answer_queue_config(request);
        case role_request: return change_role(request);
        case get_async_request: return answer_get_async(request);
        case set_async: return openflow::set_async(request);
        case meter_mod: return change_meter(request);
        default: return Failure(Error::brc_bad_type);
    }
}

}  // namespace switchd::openflow
