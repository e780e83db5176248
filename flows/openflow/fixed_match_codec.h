// Matches in the fixed structures that OpenFlow had before lists of fields: ofp10_match, and 1.1's
// ofp11_match.
//
// They name what is above layer 2 by one set of members, whose meaning hangs on the Ethernet type
// and the protocol. What they cannot say (registers) is left out.
#pragma once

#include <cstdint>
#include <expected>

#include "flows/match.h"
#include "flows/openflow/error.h"
#include "flows/openflow/wire.h"

namespace switchd::openflow {

inline constexpr std::size_t match_1_1_bytes = 88;
inline constexpr std::uint16_t match_type_standard = 0;  // OFPMT_STANDARD, ofp11_match

// Fields that packets of its type cannot have are dropped without a word, as 1.0 wants.
std::expected<Match, Error> decode_match_1_0(Reader& reader);
void encode_match_1_0(Writer& writer, const Match& match);

// Behind the type and length.
std::expected<Match, Error> decode_match_1_1(Reader& reader);
// With these.
void encode_match_1_1(Writer& writer, const Match& match);

}  // namespace switchd::openflow
