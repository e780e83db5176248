#include "flows/openflow/port_codec.h"

#include "flows/openflow/match_codec.h"
#include "flows/openflow/property.h"

namespace switchd::openflow {
namespace {

using Failure = std::unexpected<Error>;

constexpr std::size_t port_name_bytes = 16;
constexpr std::uint16_t ethernet_property = 0;
constexpr std::uint16_t experimenter_property = 0xffff;
constexpr std::uint64_t not_counted = ~std::uint64_t{0};

constexpr std::uint32_t state_link_down = 1;
constexpr std::uint32_t state_live = 4;  // 1.1 and later

// The bits of port_config that a version has.
std::uint32_t config_bits(Version version) {
    using namespace port_config;
    const std::uint32_t all = down | no_receive | no_forward | no_packet_in;
    return version == Version::v1_0 ? all | no_flood : all;
}

std::uint32_t state_of(const PortDescription& port, Version version) {
    // As with a cable: who shuts a port cuts its link.
    if (port.link_down || (port.config & port_config::down) != 0) return state_link_down;
    return version >= Version::v1_1 ? state_live : 0;
}

void write_mac(Writer& writer, MacAddress mac) {
    writer.number(mac.to_u64(), 6);
}

// What only cables have; each a number of 32 bits.
void write_cable(Writer& writer, std::size_t numbers) {
    writer.zeros(4 * numbers);
}

void write_counters(Writer& writer, const PortCounters& counters) {
    writer.u64(counters.rx_packets);
    writer.u64(counters.tx_packets);
    writer.u64(counters.rx_bytes);
    writer.u64(counters.tx_bytes);
    writer.u64(counters.rx_dropped);
    writer.u64(counters.tx_dropped);
    writer.u64(0);  // errors of receiving
    writer.u64(0);  // and of sending
}

// Frame, overrun and CRC errors, collisions.
void write_cable_counters(Writer& writer) {
    for (int i = 0; i < 4; ++i) writer.u64(not_counted);
}

// Properties of a port mod say what to advertise on a cable, which is nothing here.
std::expected<void, Error> skip_properties(Reader& reader) {
    if (reader.left() % 8 != 0) return Failure(Error::brc_bad_len);
    while (reader.left() != 0) {
        const auto property = read_property(reader);
        if (!property) return Failure(Error::bpc_bad_len);
        if (property->type == experimenter_property) return Failure(Error::bpc_bad_exp_type);
        if (property->type != ethernet_property) return Failure(Error::bpc_bad_type);
        if (property->value.size() != 4) return Failure(Error::bpc_bad_len);
    }
    return {};
}

}  // namespace

void write_text(Writer& writer, std::string_view text, std::size_t bytes) {
    text = text.substr(0, bytes - 1);
    writer.bytes({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    writer.zeros(bytes - text.size());
}

void write_port_number(Writer& writer, PortNumber port, Version version) {
    if (version == Version::v1_0)
        writer.u16(port_to_16(port));
    else
        writer.u32(port);
}

std::expected<PortNumber, Error> read_port_number(Reader& reader, Version version) {
    if (version == Version::v1_0) return port_from_16(reader.u16());
    const PortNumber port = reader.u32();
    if (!valid_port(port)) return Failure(Error::bac_bad_out_port);
    return port;
}

void encode_port(Writer& writer, const PortDescription& port, Version version) {
    const std::size_t start = writer.size();
    write_port_number(writer, port.number, version);
    if (version >= Version::v1_4) writer.u16(0);  // length
    if (version >= Version::v1_1) writer.zeros(version >= Version::v1_4 ? 2 : 4);
    write_mac(writer, port.mac);
    if (version >= Version::v1_1) writer.zeros(2);
    write_text(writer, port.name, port_name_bytes);
    writer.u32(port.config & config_bits(version));
    writer.u32(state_of(port, version));
    if (version >= Version::v1_4) {
        write_property(writer, ethernet_property, [&] {
            writer.zeros(4);
            write_cable(writer, 6);
        });
        writer.patch_u16(start + 4, static_cast<std::uint16_t>(writer.size() - start));
    } else {
        write_cable(writer, version >= Version::v1_1 ? 6 : 4);
    }
}

void encode_port_stats(Writer& writer, PortNumber port, const PortCounters& counters,
                       Version version) {
    const std::size_t start = writer.size();
    if (version >= Version::v1_4) {
        writer.zeros(4);  // length
        writer.u32(port);
        write_duration(writer, counters.age);
        write_counters(writer, counters);
        write_property(writer, ethernet_property, [&] {
            writer.zeros(4);
            write_cable_counters(writer);
        });
        writer.patch_u16(start, static_cast<std::uint16_t>(writer.size() - start));
        return;
    }
    write_port_number(writer, port, version);
    writer.pad_to_8(start);
    write_counters(writer, counters);
    write_cable_counters(writer);
    if (version >= Version::v1_3) write_duration(writer, counters.age);
}

std::expected<PortMod, Error> decode_port_mod(ByteSpan body, Version version) {
    Reader reader(body);
    const auto port = read_port_number(reader, version);
    if (!port) return Failure(port.error());
    PortMod mod;
    mod.port = *port;
    if (version >= Version::v1_1) reader.skip(4);
    mod.mac = MacAddress::from_u64(reader.number(6));
    if (version >= Version::v1_1) reader.skip(2);
    mod.config = reader.u32() & config_bits(version);
    mod.mask = reader.u32() & config_bits(version);
    if (version < Version::v1_4) {
        reader.skip(8);  // what to advertise, padding
        if (!reader.ok() || reader.left() != 0) return Failure(Error::brc_bad_len);
        return mod;
    }
    if (!reader.ok()) return Failure(Error::brc_bad_len);
    if (const auto skipped = skip_properties(reader); !skipped) return Failure(skipped.error());
    return mod;
}

}  // namespace switchd::openflow
