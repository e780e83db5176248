// A run of bits of a field, as Nicira's move counts them.
//
// Two fields have another layout under Nicira's code than under OpenFlow's: the ingress port has 16
// bits there, and the DSCP is the upper part of a whole type of service.
#pragma once

#include "flows/match_field.h"

namespace switchd {

struct Subfield {
    FieldId field{};
    bool nicira = true;  // in Nicira's layout; false only if there is no such or another was meant
    std::uint8_t first = 0;
    std::uint8_t bits = 0;
    bool operator==(const Subfield&) const = default;
};

// All bits of the field under this code.
Subfield whole_field(const MatchField& field, bool nicira);
// Some of them; they must be there.
Subfield part_of(const Subfield& whole, unsigned first, unsigned bits);

// What the bits are in the key, right-justified.
FieldValue read_subfield(const Subfield& subfield, const FlowKey& key);
// The bits of the field that reading them reads.
FieldValue bits_read(const Subfield& subfield);
// What the field of this key has to be set to, and where, for the bits to become these.
struct SubfieldChange {
    FieldValue value;  // no bit outside the mask
    FieldValue mask;
};
SubfieldChange change_subfield(const Subfield& subfield, const FlowKey& key, FieldValue bits);

}  // namespace switchd
