// What a connection wants to be, and in which form it wants to be told of what.
#include "flows/openflow/requests.h"

namespace switchd::openflow {
namespace {

constexpr std::uint32_t no_change = 0;  // OFPCR_ROLE_NOCHANGE
constexpr std::uint32_t flow_format_openflow_1_0 = 0;
constexpr std::uint32_t flow_format_nxm = 2;

// Nicira's numbers of roles begin one below.
std::uint32_t nicira_number(Role role) {
    return static_cast<std::uint32_t>(role) - 1;
}

std::expected<Role, Error> role_of_number(std::uint32_t number) {
    if (number < 1 || number > 3) return Failure(Error::rrfc_bad_role);
    return static_cast<Role>(number);
}

// Who asks to be told of something wants to be told: a connection that heard of nothing does now.
Outcome woken(const Request& request, Outcome configured) {
    std::uint16_t& miss_send_len = request.session.miss_send_len;
    if (configured && miss_send_len == 0) miss_send_len = miss_send_len_default;
    return configured;
}

// A request that is one number.
std::expected<std::uint32_t, Error> read_number(ByteSpan body) {
    Reader reader(body);
    const std::uint32_t number = reader.u32();
    if (!reader.ok() || reader.left() != 0) return Failure(Error::brc_bad_len);
    return number;
}

}  // namespace

Outcome change_role(const Request& request) {
    Reader reader(request.body());
    const std::uint32_t number = reader.u32();
    reader.skip(4);
    const std::uint64_t generation = reader.u64();
    if (!reader.ok() || reader.left() != 0) return Failure(Error::brc_bad_len);
    if (number != no_change) {
        const auto role = role_of_number(number);
        if (!role) return Failure(role.error());
        // Equals are not elected, so their generation says nothing.
        std::optional<std::uint64_t> election;
        if (*role != Role::equal) election = generation;
        const Outcome taken = request.controllers.take_role(request.session, *role, election);
        if (!taken) return taken;
    }
    request.reply(MessageType::role_reply, [&](Writer& writer) {
        writer.u32(static_cast<std::uint32_t>(request.session.role));
        writer.zeros(4);
        writer.u64(request.controllers.generation());
    });
    return {};
}

Outcome change_role_nicira(const Request& request, ByteSpan body) {
    Reader reader(body);
    const std::uint32_t number = reader.u32();
    if (!reader.ok() || reader.left() != 0) return Failure(Error::brc_bad_len);
    if (number > nicira_number(Role::slave)) return Failure(Error::rrfc_bad_role);
    const Outcome taken =
        request.controllers.take_role(request.session, static_cast<Role>(number + 1), std::nullopt);
    if (!taken) return taken;
    request.reply(MessageType::experimenter, [&](Writer& writer) {
        writer.u32(vendor_nicira);
        writer.u32(nicira_type::role_reply);
        writer.u32(nicira_number(request.session.role));
    });
    return {};
}

Outcome answer_get_async(const Request& request) {
    if (!request.body().empty()) return Failure(Error::brc_bad_len);
    request.reply(MessageType::get_async_reply, [&](Writer& writer) {
        const AsyncConfig& config = request.session.async;
        if (request.version() == Version::v1_3)
            config.write_masks(writer, request.version());
        else
            config.write_properties(writer, request.version());
    });
    return {};
}

Outcome set_async(const Request& request) {
    AsyncConfig& config = request.session.async;
    return request.version() == Version::v1_3
               ? woken(request, config.read_masks(request.body(), request.version()))
               : woken(request, config.read_properties(request.body(), request.version()));
}

Outcome set_async_masks(const Request& request, ByteSpan body) {
    return woken(request, request.session.async.read_masks(body, request.version()));
}

Outcome set_async_properties(const Request& request, ByteSpan body) {
    // 1.4 and later have that in their own message.
    if (request.version() >= Version::v1_4) return Failure(Error::brc_bad_subtype);
    return woken(request, request.session.async.read_properties(body, request.version()));
}

Outcome set_flow_format(const Request& request, ByteSpan body) {
    if (request.version() != Version::v1_0) return Failure(Error::brc_bad_subtype);
    const auto format = read_number(body);
    if (!format) return Failure(format.error());
    if (*format != flow_format_openflow_1_0 && *format != flow_format_nxm)
        return Failure(Error::brc_eperm);
    request.session.nicira_flows = *format == flow_format_nxm;
    return {};
}

Outcome set_flow_mod_tables(const Request& request, ByteSpan body) {
    Reader reader(body);
    const bool on = reader.u8() != 0;
    reader.skip(7);
    if (!reader.ok() || reader.left() != 0) return Failure(Error::brc_bad_len);
    request.session.flow_mod_tables = on;
    return {};
}

Outcome set_packet_in_format(const Request& request, ByteSpan body) {
    const auto format = read_number(body);
    if (!format) return Failure(format.error());
    if (*format > static_cast<std::uint32_t>(PacketInFormat::nicira2))
        return Failure(Error::brc_eperm);
    request.session.packet_in_format = static_cast<PacketInFormat>(*format);
    return {};
}

Outcome set_controller_id(const Request& request, ByteSpan body) {
    Reader reader(body);
    const bool zeros = reader.zeros(6);
    const std::uint16_t id = reader.u16();
    if (!reader.ok() || reader.left() != 0) return Failure(Error::brc_bad_len);
    if (!zeros) return Failure(Error::nxbrc_must_be_zero);
    request.session.controller_id = id;
    return {};
}

}  // namespace switchd::openflow
