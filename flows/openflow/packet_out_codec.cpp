#include "flows/openflow/packet_out_codec.h"

#include <algorithm>
#include <ranges>

#include "flows/openflow/action_check.h"
#include "flows/openflow/action_codec.h"
#include "flows/openflow/header.h"
#include "flows/openflow/match_codec.h"
#include "flows/openflow/port_codec.h"

namespace switchd::openflow {
namespace {

using Failure = std::unexpected<Error>;

constexpr PortNumber first_reserved_port = 0xffffff00;

bool can_be_from(PortNumber port) {
    return port < first_reserved_port || port == reserved_port::controller ||
           port == reserved_port::local || port == reserved_port::any;
}

// 1.5 names the port in a match, in which only what the pipeline notes may stand.
std::expected<FlowKey, Error> read_pipeline_1_5(Reader& reader) {
    const auto match = decode_match(reader, Version::v1_5);
    if (!match) return Failure(match.error());
    const bool of_packet = std::ranges::any_of(std::views::iota(std::size_t{1}, packet_words),
                                               [&](auto i) { return match->mask.words[i] != 0; });
    if (of_packet) return Failure(Error::brc_pipeline_fields_only);
    const MatchField& in_port = match_field(FieldId::in_port);
    if (in_port.get(match->mask) != in_port.ones()) return Failure(Error::brc_bad_port);
    return match->mask.apply(match->key);
}

std::expected<FlowKey, Error> read_pipeline(Reader& reader, Version version) {
    const auto in_port = read_port_number(reader, version);
    if (!in_port) return Failure(in_port.error());
    FlowKey pipeline;
    pipeline.set(field::in_port, *in_port);
    return pipeline;
}

// The packet's headers, all of which are known, other than in a flow mod.
Match exactly(const PacketOut& out) {
    FlowMask every_bit;
    every_bit.words.fill(~std::uint64_t{0});
    return {extract(std::as_bytes(out.packet), out.pipeline.in_port()), every_bit};
}

}  // namespace

std::expected<PacketOut, Error> decode_packet_out(ByteSpan body, Version version) {
    Reader reader(body);
    const std::uint32_t buffer = reader.u32();
    std::expected<FlowKey, Error> pipeline;
    if (version < Version::v1_5) pipeline = read_pipeline(reader, version);
    const std::size_t actions_bytes = reader.u16();
    if (version == Version::v1_5) {
        reader.skip(2);
        if (reader.ok()) pipeline = read_pipeline_1_5(reader);
    } else if (version >= Version::v1_1) {
        reader.skip(6);
    }
    const ByteSpan actions = reader.take(actions_bytes);
    if (!reader.ok()) return Failure(Error::brc_bad_len);
    if (!pipeline) return Failure(pipeline.error());

    PacketOut out{*pipeline, {}, reader.rest()};
    const Match packet = exactly(out);
    auto decoded = decode_actions(actions, version, packet);
    if (!decoded) return Failure(decoded.error());
    out.actions = std::move(*decoded);
    if (!can_be_from(out.pipeline.in_port())) return Failure(Error::brc_bad_port);
    if (buffer != no_buffer) return Failure(Error::brc_buffer_unknown);
    const auto checked = check_actions(out.actions, packet, table_all, version);
    if (!checked) return Failure(checked.error());
    return out;
}

}  // namespace switchd::openflow
