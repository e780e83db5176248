// Ports as the versions of OpenFlow write them: their descriptions, counters and changes (1.5.1,
// sections 7.2.1, 7.3.4.3, 7.3.5.7, 7.4.4; 1.0, 5.2.1 and 5.3.3).
//
// What a port could do with its cable (speeds, pause) is told as nothing: these have none.
#pragma once

#include <expected>
#include <string_view>

#include "flows/openflow/error.h"
#include "flows/openflow/switch.h"
#include "flows/openflow/version.h"
#include "flows/openflow/wire.h"

namespace switchd::openflow {

// `text` in a field of `bytes` bytes, cut so that a zero follows it.
void write_text(Writer& writer, std::string_view text, std::size_t bytes);

// A port's number, 16 bits in 1.0.
void write_port_number(Writer& writer, PortNumber port, Version version);
// And one of a request: it need not be a port's, but a number that could be.
std::expected<PortNumber, Error> read_port_number(Reader& reader, Version version);

void encode_port(Writer& writer, const PortDescription& port, Version version);
void encode_port_stats(Writer& writer, PortNumber port, const PortCounters& counters,
                       Version version);

struct PortMod {
    PortNumber port = 0;
    MacAddress mac;
    std::uint32_t config = 0;  // port_config
    std::uint32_t mask = 0;
    bool operator==(const PortMod&) const = default;
};
// `body` is what is behind the header of an OFPT_PORT_MOD.
std::expected<PortMod, Error> decode_port_mod(ByteSpan body, Version version);

}  // namespace switchd::openflow
