// The value of a field as people write it, "10.0.0.0/8" or "+syn-ack", and ports by name.
#pragma once

#include <functional>
#include <string>

#include "flows/numbers.h"
#include "flows/text_reader.h"

namespace switchd {

// The number of the port with this name, if there is one.
using PortResolver = std::function<std::optional<PortNumber>(std::string_view name)>;

// A port number (16 bits, or a reserved one with 32), a reserved port's name in any case, or a name
// that the resolver knows.
std::optional<PortNumber> read_port(TextReader& reader, std::string_view text,
                                    const PortResolver& ports);
// A reserved port by its name, any other by its number.
std::string port_text(PortNumber port);
// It means a reserved port, in any case of its letters.
bool is_reserved_port_name(std::string_view text);

struct MaskedValue {
    FieldValue value;  // no bit outside the mask
    FieldValue mask;
};

// "value" or "value/mask" under one of the field's names, which decides about nxm_shift; an address
// may have a prefix length for its mask.
std::optional<MaskedValue> read_field_value(TextReader& reader, const MatchField& field,
                                            std::string_view name, std::string_view text,
                                            const PortResolver& ports);

// How far left of its place the value stands in text under this name.
unsigned text_shift(const MatchField& field, std::string_view name);

// As a match and as an action write it; the mask is left out if it is full.
std::string match_value_text(const MatchField& field, const MaskedValue& value);
std::string action_value_text(const MatchField& field, const MaskedValue& value);

}  // namespace switchd
