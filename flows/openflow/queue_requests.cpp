// Ports have no queues yet: whoever asks for all of them gets none, whoever for one is told that it
// is not there.
#include <algorithm>

#include "flows/openflow/port_codec.h"
#include "flows/openflow/requests.h"

namespace switchd::openflow {
namespace {

constexpr std::uint32_t all_queues = 0xffffffff;
// 1.0's "all", which means the same as "none" where ports are asked for.
bool every_port(PortNumber port) {
    return port == reserved_port::any || port == reserved_port::all;
}

Outcome check_queue(const Request& request, PortNumber port, std::uint32_t queue) {
    const auto ports = request.target.ports();
    if (!every_port(port) &&
        std::ranges::find(ports, port, &PortDescription::number) == ports.end())
        return Failure(Error::qofc_bad_port);
    if (queue != all_queues) return Failure(Error::qofc_bad_queue);
    return {};
}

Outcome answer_with_none(const Request& request, const Multipart& multipart, PortNumber port,
                         std::uint32_t queue) {
    if (const Outcome checked = check_queue(request, port, queue); !checked) return checked;
    request.reply_in_parts(
        {request.version(), request.xid, multipart.type, [](Writer&) { return false; }});
    return {};
}

}  // namespace

Outcome answer_queue_config(const Request& request) {
    const bool is_1_0 = request.version() == Version::v1_0;
    if (request.body().size() != (is_1_0 ? 4 : 8)) return Failure(Error::brc_bad_len);
    Reader reader(request.body());
    const auto port = read_port_number(reader, request.version());
    if (!port) return Failure(port.error());
    if (is_1_0 && every_port(*port)) return Failure(Error::qofc_bad_port);
    if (const Outcome checked = check_queue(request, *port, all_queues); !checked) return checked;
    request.reply(MessageType::queue_get_config_reply, [&](Writer& writer) {
        const std::size_t start = writer.size();
        write_port_number(writer, *port, request.version());
        writer.zeros(start + 8 - writer.size());
    });
    return {};
}

Outcome answer_queue_stats(const Request& request, const Multipart& multipart) {
    if (multipart.body.size() != 8) return Failure(Error::brc_bad_len);
    Reader reader(multipart.body);
    const auto port = read_port_number(reader, request.version());
    if (!port) return Failure(port.error());
    if (request.version() == Version::v1_0) reader.skip(2);
    return answer_with_none(request, multipart, *port, reader.u32());
}

Outcome answer_queue_descriptions(const Request& request, const Multipart& multipart) {
    if (multipart.body.size() != 8) return Failure(Error::brc_bad_len);
    Reader reader(multipart.body);
    const auto port = read_port_number(reader, request.version());
    if (!port) return Failure(port.error());
    return answer_with_none(request, multipart, *port, reader.u32());
}

}  // namespace switchd::openflow
