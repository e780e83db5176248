#include "flows/openflow/async_config.h"

#include "flows/openflow/property.h"

namespace switchd::openflow {
namespace {

using Failure = std::unexpected<Error>;
using enum AsyncKind;

constexpr std::array kinds{packet_in,   port_status,  flow_removed,
                           role_status, table_status, request_forward};
// Those that the masks of fixed size have; each is told for masters, then for slaves.
constexpr std::array old_kinds{packet_in, port_status, flow_removed};
constexpr std::size_t masks_bytes = 24;
constexpr std::uint16_t experimenter_property = 0xfffe;  // and 0xffff: slaves' and masters'

constexpr std::uint32_t reasons(unsigned count) {
    return (1U << count) - 1;
}
constexpr std::uint32_t reason_bit(PacketInReason reason) {
    return 1U << static_cast<unsigned>(reason);
}

// The reasons that a version has for a kind.
std::uint32_t known_reasons(AsyncKind kind, Version version) {
    const bool old = version < Version::v1_4;
    switch (kind) {
        case packet_in: return reasons(old ? 3 : 6);
        case port_status: return reasons(3);
        case flow_removed: return reasons(old ? 4 : 6);
        case role_status: return reasons(3);
        case table_status: return 0b11000;
        case request_forward: return reasons(2);
    }
    return 0;
}

// The switch's own reasons that a controller asks for with these of its version: those that a
// packet-in of the version shows as one of them (packet_in_codec.cpp).
std::uint32_t packet_in_reasons(std::uint32_t told, Version version) {
    const auto asks = [&](PacketInReason reason) { return (told & reason_bit(reason)) != 0; };
    std::uint32_t wanted = told & known_reasons(packet_in, version);
    if (version < Version::v1_4 && asks(PacketInReason::action))
        wanted |= reason_bit(PacketInReason::action_set) | reason_bit(PacketInReason::group) |
                  reason_bit(PacketInReason::packet_out);
    const bool misses = asks(PacketInReason::no_match);
    // Before 1.3 a miss is a miss, and a rule that sends packets is none.
    if (version < Version::v1_3 && misses) wanted |= reason_bit(PacketInReason::implicit_miss);
    if (version < Version::v1_3 ? asks(PacketInReason::action) : misses)
        wanted |= reason_bit(PacketInReason::explicit_miss);
    return wanted;
}

}  // namespace

AsyncConfig::AsyncConfig(Version version) {
    // Of all versions: older ones are told of newer reasons as one that they know.
    const std::uint32_t packet_ins =
        known_reasons(packet_in, Version::v1_5) & ~reason_bit(PacketInReason::invalid_ttl);
    set_mask(packet_in, Role::master, packet_in_reasons(packet_ins, version));
    set_mask(port_status, Role::master, known_reasons(port_status, version));
    set_mask(port_status, Role::slave, known_reasons(port_status, version));
    set_mask(flow_removed, Role::master, known_reasons(flow_removed, Version::v1_5));
}

std::expected<void, Error> AsyncConfig::read_masks(ByteSpan body, Version version) {
    if (body.size() != masks_bytes) return Failure(Error::brc_bad_len);
    Reader reader(body);
    for (const AsyncKind kind : old_kinds) {
        for (const Role role : {Role::master, Role::slave}) {
            std::uint32_t mask = reader.u32();
            if (kind == packet_in) mask = packet_in_reasons(mask, version);
            set_mask(kind, role, mask);
        }
    }
    return {};
}

void AsyncConfig::write_masks(Writer& writer, Version version) const {
    for (const AsyncKind kind : old_kinds) {
        for (const Role role : {Role::master, Role::slave})
            writer.u32(mask(kind, role) & known_reasons(kind, version));
    }
}

// Property 2n is about slaves, 2n + 1 about masters.
std::expected<void, Error> AsyncConfig::read_properties(ByteSpan body, Version version) {
    if (body.size() % 8 != 0) return Failure(Error::brc_bad_len);
    AsyncConfig changed = *this;
    Reader reader(body);
    while (reader.left() != 0) {
        const auto property = read_property(reader);
        if (!property) return Failure(Error::bpc_bad_len);
        if (property->type >= experimenter_property) return Failure(Error::bpc_bad_exp_type);
        if (property->type >= 2 * kinds.size()) return Failure(Error::acfc_unsupported);
        const auto mask = property->number();
        if (!mask) return Failure(Error::bpc_bad_len);
        const AsyncKind kind = kinds[property->type / 2];
        if ((*mask & ~known_reasons(kind, version)) != 0) return Failure(Error::acfc_invalid);
        changed.set_mask(kind, property->type % 2 == 0 ? Role::slave : Role::master,
                         kind == packet_in ? packet_in_reasons(*mask, version) : *mask);
    }
    *this = changed;
    return {};
}

void AsyncConfig::write_properties(Writer& writer, Version version) const {
    std::uint16_t type = 0;
    for (const AsyncKind kind : kinds) {
        for (const Role role : {Role::slave, Role::master}) {
            const std::uint32_t reasons = mask(kind, role) & known_reasons(kind, version);
            write_property(writer, type++, [&] { writer.u32(reasons); });
        }
    }
}

void AsyncConfig::set_invalid_ttl(bool on) {
    const std::uint32_t bit = reason_bit(PacketInReason::invalid_ttl);
    const std::uint32_t others = mask(packet_in, Role::master) & ~bit;
    set_mask(packet_in, Role::master, on ? others | bit : others);
}

bool AsyncConfig::invalid_ttl() const {
    return wants(packet_in, Role::master, static_cast<unsigned>(PacketInReason::invalid_ttl));
}

}  // namespace switchd::openflow
