#include "flows/openflow/port_codec.h"
#include "flows/openflow/requests.h"

namespace switchd::openflow {
namespace {

// The ports that a request with this port means, among those that there are.
std::vector<PortDescription> ports_of(const Request& request, PortNumber wanted) {
    auto ports = request.target.ports();
    if (wanted != reserved_port::any)
        std::erase_if(ports, [&](const auto& port) { return port.number != wanted; });
    return ports;
}

// What a request asks that consists of a port and padding, 8 bytes together.
std::expected<PortNumber, Error> read_port_request(ByteSpan body, Version version) {
    if (body.size() != 8) return Failure(Error::brc_bad_len);
    Reader reader(body);
    return read_port_number(reader, version);
}

// An entry for each port; ports that have gone meanwhile were there when the peer asked.
template <class Write>
MultipartReply reply_of(const Request& request, std::uint16_t type,
                        std::vector<PortDescription> ports, Write write) {
    return {request.version(), request.xid, type,
            [ports = std::move(ports), write = std::move(write),
             next = std::size_t{0}](Writer& writer) mutable {
                if (next == ports.size()) return false;
                write(writer, ports[next++]);
                return true;
            }};
}

}  // namespace

Outcome change_port(const Request& request) {
    const auto mod = decode_port_mod(request.body(), request.version());
    if (!mod) return Failure(mod.error());
    const ConnectionSet::Author author(request.controllers, request.session);
    return request.target.configure_port(mod->port, mod->mac, mod->config, mod->mask);
}

// Of all of them at once: counters that are read later could be those of another port by then.
Outcome answer_port_stats(const Request& request, const Multipart& multipart) {
    const Version version = request.version();
    const auto wanted = read_port_request(multipart.body, version);
    if (!wanted) return Failure(wanted.error());
    const auto ports = ports_of(request, *wanted);
    std::vector<PortCounters> counters;
    for (const auto& port : ports) counters.push_back(request.target.counters(port.number));
    request.reply_in_parts(
        reply_of(request, multipart.type, ports,
                 [version, counters = std::move(counters), next = std::size_t{0}](
                     Writer& writer, const PortDescription& port) mutable {
                     encode_port_stats(writer, port.number, counters[next++], version);
                 }));
    return {};
}

// Who asks for one port (1.5) gets it or nothing; before, all are asked for.
Outcome answer_port_descriptions(const Request& request, const Multipart& multipart) {
    const Version version = request.version();
    PortNumber wanted = reserved_port::any;
    if (version >= Version::v1_5) {
        const auto port = read_port_request(multipart.body, version);
        if (!port) return Failure(port.error());
        wanted = *port;
    } else if (!multipart.body.empty()) {
        return Failure(Error::brc_bad_len);
    }
    request.reply_in_parts(reply_of(request, multipart.type, ports_of(request, wanted),
                                    [version](Writer& writer, const PortDescription& port) {
                                        encode_port(writer, port, version);
                                    }));
    return {};
}

}  // namespace switchd::openflow
