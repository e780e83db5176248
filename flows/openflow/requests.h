// What a peer can ask, one function for each message or group of messages. They read the request,
// act, and write the reply; what they return as an error is sent by the connection.
#pragma once

#include <expected>
#include <functional>
#include <memory>

#include "flows/openflow/connection_set.h"
#include "flows/openflow/error.h"
#include "flows/openflow/multipart_reply.h"
#include "flows/openflow/outbox.h"
#include "flows/openflow/session.h"
#include "flows/openflow/switch.h"

namespace switchd::openflow {

struct Request {
    Session& session;
    ConnectionSet& controllers;
    Switch& target;
    Outbox& out;
    // A reply in parts: the connection sends them as the peer takes them.
    std::unique_ptr<MultipartReply>& parts;
    MessageType type;
    ByteSpan message;  // with its header
    std::uint32_t xid = 0;

    Version version() const { return session.version; }
    ByteSpan body() const { return message.subspan(header_bytes); }
    void reply(MessageType reply_type, const auto& body_writer) const {
        out.message(version(), reply_type, xid, body_writer);
    }
    void reply_in_parts(MultipartReply reply) const {
        parts = std::make_unique<MultipartReply>(std::move(reply));
    }
};

using Outcome = std::expected<void, Error>;
using Failure = std::unexpected<Error>;

// A statistics or multipart request, taken apart: what is behind its own header.
struct Multipart {
    std::uint16_t type = 0;
    ByteSpan body;
};

// Any message but hello, of the version that was agreed on.
Outcome answer(const Request& request);
Outcome answer_experimenter(const Request& request);
Outcome answer_multipart(const Request& request);

// Features, configuration, barrier, echo.
Outcome answer_features(const Request& request);
Outcome answer_get_config(const Request& request);
Outcome set_config(const Request& request);

// Ports, and their queues, of which there are none.
Outcome change_port(const Request& request);
Outcome answer_port_stats(const Request& request, const Multipart& multipart);
Outcome answer_port_descriptions(const Request& request, const Multipart& multipart);
Outcome answer_queue_config(const Request& request);
Outcome answer_queue_stats(const Request& request, const Multipart& multipart);
Outcome answer_queue_descriptions(const Request& request, const Multipart& multipart);

// Flow tables and their rules.
Outcome change_table(const Request& request);
Outcome answer_table_stats(const Request& request, const Multipart& multipart);
Outcome answer_table_features(const Request& request, const Multipart& multipart);
Outcome answer_table_descriptions(const Request& request, const Multipart& multipart);
Outcome change_flows(const Request& request);
Outcome change_flows_nicira(const Request& request);
Outcome answer_flow_stats(const Request& request, const Multipart& multipart);
Outcome answer_aggregate(const Request& request, const Multipart& multipart);
// Nicira's; `body` is what is behind vendor, subtype and padding.
Outcome answer_flow_stats_nicira(const Request& request, ByteSpan body);
Outcome answer_aggregate_nicira(const Request& request, ByteSpan body);

Outcome send_packet(const Request& request);

// What a connection wants to be, and to be told.
Outcome change_role(const Request& request);
Outcome change_role_nicira(const Request& request, ByteSpan body);
Outcome answer_get_async(const Request& request);
Outcome set_async(const Request& request);
// Nicira's messages; `body` is what is behind vendor and subtype.
Outcome set_async_masks(const Request& request, ByteSpan body);
Outcome set_async_properties(const Request& request, ByteSpan body);
Outcome set_flow_format(const Request& request, ByteSpan body);
Outcome set_flow_mod_tables(const Request& request, ByteSpan body);
Outcome set_packet_in_format(const Request& request, ByteSpan body);
Outcome set_controller_id(const Request& request, ByteSpan body);

}  // namespace switchd::openflow
