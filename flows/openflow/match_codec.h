// Matches as the versions of OpenFlow write them: the fixed structures of 1.0 and 1.1
// (fixed_match_codec.h), OXM lists of 1.2 and later (1.5.1, section 7.2.3), and the bare NXM lists
// of Nicira's messages.
//
// Every list takes fields of both families, each at most once and behind what it needs to be there.
// What is written uses, field by field, the family of the message (OXM where there is a code, else
// NXM; in Nicira's messages the other way round) in an order in which prerequisites come first.
// What a version cannot say (registers in 1.0's structure) is left out.
#pragma once

#include <expected>
#include <vector>

#include "flows/match.h"
#include "flows/match_field.h"
#include "flows/numbers.h"
#include "flows/openflow/error.h"
#include "flows/openflow/version.h"
#include "flows/openflow/wire.h"

namespace switchd::openflow {

// The match of `version` with its padding, whatever that version's form is.
std::expected<Match, Error> decode_match(Reader& reader, Version version);
void encode_match(Writer& writer, const Match& match, Version version);

// Of a number that says a VLAN, those that do.
inline constexpr std::uint16_t vlan_id_bits = 0x0fff;

// A condition on the cookie, which Nicira's requests put among the fields.
struct CookieMatch {
    std::uint64_t value = 0;
    std::uint64_t mask = 0;
};

// Whether the match says enough for a field with this prerequisite. As controllers leave out that a
// neighbour discovery message has code 0, which every such has, it need not say that.
bool prerequisite_met(Prerequisite prerequisite, const Match& match);

// A list of fields without anything around it. If `cookie` is null, a cookie is no field.
std::expected<Match, Error> decode_match_fields(ByteSpan fields, CookieMatch* cookie = nullptr);
// Without padding: as the list of an OXM match of `version`, or of a Nicira message.
void encode_oxm_fields(Writer& writer, const Match& match, Version version);
void encode_nxm_fields(Writer& writer, const Match& match);

// One entry of such a list, as set_field and load2 actions have it, too.
struct FieldEntry {
    const MatchField* field = nullptr;
    FieldValue value;     // no bit outside the mask
    FieldValue mask;      // all ones if the entry has none
    bool nicira = false;  // read: it has Nicira's code; written: it gets that if there are two
};
std::expected<FieldEntry, Error> decode_field_entry(Reader& reader);
// A mask of all ones is not written.
void encode_field_entry(Writer& writer, const FieldEntry& entry, Version version);

// The header of an entry, without its value, as load actions have it. Null: no field of ours.
struct FieldHeader {
    const MatchField* field = nullptr;
    bool nicira = false;  // as in FieldEntry
};
FieldHeader decode_field_header(Reader& reader);
// `masked`: the header of an entry that has a mask, too.
void encode_field_header(Writer& writer, const FieldHeader& header, Version version,
                         bool masked = false);
// Whether actions may change it: the ingress port only under Nicira's code.
bool settable(const FieldHeader& header);
// The headers that say what can be matched on: of each field its code, both where Nicira's does not
// mean the same.
std::vector<FieldHeader> known_headers();

}  // namespace switchd::openflow
