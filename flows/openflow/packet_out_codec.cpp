#include "flows/openflow/packet_out_codec.h"

#include <algorithm>
#include <ranges>

#include "flows/openflow/action_codec.h"
#include "flows/openflow/match_codec.h"
#include "flows/openflow/port_codec.h"

namespace switchd::openflow {
namespace {

using Failure = std::unexpected<Error>;

constexpr std::uint32_t no_buffer = 0xffffffff;
constexpr PortNumber first_reserved_port = 0xffffff00;

bool can_be_from(PortNumber port) {
    return port < first_reserved_port || port == reserved_port::controller ||
           port == reserved_port::local || port == reserved_port::any;
}

// 1.5 names the port in a match, in which only what the pipeline notes may stand.
std::expected<PortNumber, Error> read_in_port_1_5(Reader& reader) {
    const auto match = decode_match(reader, Version::v1_5);
    if (!match) return Failure(match.error());
    const bool of_packet = std::ranges::any_of(std::views::iota(std::size_t{1}, packet_words),
                                               [&](auto i) { return match->mask.words[i] != 0; });
    if (of_packet) return Failure(Error::brc_pipeline_fields_only);
    const MatchField& in_port = match_field(FieldId::in_port);
    if (in_port.get(match->mask) != in_port.ones()) return Failure(Error::brc_bad_port);
    return match->key.in_port();
}

// Whether the packet has what its actions change is known, other than in a flow mod.
std::expected<RuleActions, Error> read_actions(ByteSpan bytes, const PacketOut& out,
                                               Version version) {
    FlowMask every_bit;
    every_bit.words.fill(~std::uint64_t{0});
    const Match exactly(extract(std::as_bytes(out.packet), out.in_port), every_bit);
    auto actions = decode_actions(bytes, version, exactly);
    if (!actions) return actions;
    if (const auto checked = check_actions(*actions, exactly, table_all, version); !checked)
        return Failure(checked.error());
    return actions;
}

}  // namespace

std::expected<PacketOut, Error> decode_packet_out(ByteSpan body, Version version) {
    Reader reader(body);
    const std::uint32_t buffer = reader.u32();
    std::expected<PortNumber, Error> in_port = reserved_port::any;
    if (version < Version::v1_5) in_port = read_port_number(reader, version);
    const std::size_t actions_bytes = reader.u16();
    if (version == Version::v1_5) {
        reader.skip(2);
        if (reader.ok()) in_port = read_in_port_1_5(reader);
    } else if (version >= Version::v1_1) {
        reader.skip(6);
    }
    if (!reader.ok()) return Failure(Error::brc_bad_len);
    if (!in_port) return Failure(in_port.error());
    if (!can_be_from(*in_port)) return Failure(Error::brc_bad_port);
    const ByteSpan actions = reader.take(actions_bytes);
    if (!reader.ok()) return Failure(Error::brc_bad_len);
    if (buffer != no_buffer) return Failure(Error::brc_buffer_unknown);

    PacketOut out{*in_port, {}, reader.rest()};
    auto decoded = read_actions(actions, out, version);
    if (!decoded) return Failure(decoded.error());
    out.actions = std::move(*decoded);
    return out;
}

}  // namespace switchd::openflow
