// Matches in ovs-ofctl's syntax (ovs-fields(7)): "tcp,in_port=1,nw_dst=10.0.0.0/8,tp_dst=80".
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "flows/field_text.h"
#include "flows/match.h"

namespace switchd {

// What is wrong with it where no field has this name.
std::string unknown_field_text(std::string_view name);

// Reads a match part by part, in any order; finish() once all are there, because what tp_dst means
// depends on the protocol. A field whose packets the match does not name is an error, where
// ovs-ofctl would leave it out with a warning.
class MatchReader {
public:
    MatchReader(TextReader& reader, const PortResolver& ports) : reader_(reader), ports_(ports) {}

    // The part is a protocol's or a field's name; if not, nothing has happened.
    bool knows(const TextPart& part) const;
    bool add(const TextPart& part);
    std::optional<Match> finish();

private:
    enum class Resolution : std::uint8_t { done, later, failed };

    bool merge(std::string_view at, const MatchField& field, const MaskedValue& value);
    bool add_vlan(const TextPart& part);
    Resolution resolve(const TextPart& part);

    TextReader& reader_;
    const PortResolver& ports_;
    FlowKey key_;
    FlowMask mask_;
    std::vector<TextPart> pending_;
};

std::expected<Match, TextError> parse_match(std::string_view text, const PortResolver& ports = {});

// What packets have to be for the field to be there, in words: "tcp or tcp6".
std::string_view packets_of(Prerequisite prerequisite);

// As ovs-ofctl dump-flows prints it; empty if everything matches.
std::string match_text(const FlowKey& key, const FlowMask& mask);
std::string match_text(const Match& match);
// All that a packet with this key has: "tcp,in_port=1,vlan_tci=0x0000,dl_src=...".
std::string packet_text(const FlowKey& key);
// As ofproto/trace prints a megaflow: "recirc_id=0,eth,tcp,in_port=1".
std::string megaflow_text(const FlowKey& key, const FlowMask& mask);

}  // namespace switchd
