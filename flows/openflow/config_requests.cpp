#include "flows/openflow/action_numbers.h"
#include "flows/openflow/port_codec.h"
#include "flows/openflow/requests.h"

namespace switchd::openflow {
namespace {

// OFPC_*: what the switch can do.
constexpr std::uint32_t flow_stats = 1;
constexpr std::uint32_t table_stats = 2;
constexpr std::uint32_t port_stats = 4;
constexpr std::uint32_t arp_addresses = 128;  // 1.0 and 1.1: matches on them

// Flags of the configuration.
constexpr std::uint16_t fragment_mask = 3;
constexpr std::uint16_t invalid_ttl = 4;

std::uint32_t capabilities(Version version) {
    const std::uint32_t all = flow_stats | table_stats | port_stats;
    return version <= Version::v1_1 ? all | arp_addresses : all;
}

// As many as fit behind the rest of the reply; who wants more asks for port descriptions.
void write_ports(Writer& writer, const Request& request) {
    const std::size_t end = writer.size() + message_bytes_max - 32;
    for (const PortDescription& port : request.target.ports()) {
        const std::size_t start = writer.size();
        encode_port(writer, port, request.version());
        if (writer.size() <= end) continue;
        writer.cut(start);
        return;
    }
}

}  // namespace

Outcome answer_features(const Request& request) {
    if (!request.body().empty()) return Failure(Error::brc_bad_len);
    request.reply(MessageType::features_reply, [&](Writer& writer) {
        writer.u64(request.target.datapath_id());
        writer.u32(0);  // packets that are kept for controllers
        writer.u8(table_count);
        writer.zeros(3);  // 1.3: the main connection; padding
        writer.u32(capabilities(request.version()));
        writer.u32(request.version() == Version::v1_0 ? offered_actions(Version::v1_0) : 0);
        if (request.version() <= Version::v1_2) write_ports(writer, request);
    });
    return {};
}

Outcome answer_get_config(const Request& request) {
    if (!request.body().empty()) return Failure(Error::brc_bad_len);
    auto flags = static_cast<std::uint16_t>(request.target.fragment_mode());
    if (request.version() <= Version::v1_2 && request.session.async.invalid_ttl())
        flags |= invalid_ttl;
    request.reply(MessageType::get_config_reply, [&](Writer& writer) {
        writer.u16(flags);
        writer.u16(request.session.miss_send_len);
    });
    return {};
}

Outcome set_config(const Request& request) {
    Reader reader(request.body());
    const std::uint16_t flags = reader.u16();
    const std::uint16_t miss_send_len = reader.u16();
    if (!reader.ok() || reader.left() != 0) return Failure(Error::brc_bad_len);
    const bool old = request.version() <= Version::v1_2;
    const int known = old ? fragment_mask | invalid_ttl : fragment_mask;
    if ((flags & ~known) != 0) return Failure(Error::scfc_bad_flags);

    request.session.miss_send_len = miss_send_len;
    if (old) request.session.async.set_invalid_ttl((flags & invalid_ttl) != 0);
    // What cannot be done changes nothing: peers ask afterwards what became of it.
    const auto mode = static_cast<FragmentMode>(flags & fragment_mask);
    const bool may_set = request.session.role != Role::slave && mode != FragmentMode::reassemble;
    if (may_set && mode != request.target.fragment_mode()) request.target.set_fragment_mode(mode);
    return {};
}

}  // namespace switchd::openflow
