#include "flows/openflow/packet_out_codec.h"
#include "flows/openflow/requests.h"

namespace switchd::openflow {

Outcome send_packet(const Request& request) {
    const auto out = decode_packet_out(request.body(), request.version());
    if (!out) return Failure(out.error());
    return request.target.packet_out(out->pipeline, out->actions, std::as_bytes(out->packet));
}

}  // namespace switchd::openflow
