// Writing header fields of a frame, in place, so that the packet stays a good one.
//
// What is written is what a flow key says of the frame: afterwards extract() gives the key of
// before with the masked bits replaced. A field that the frame does not carry, because it is of
// another kind, a later fragment or cut off, is left alone, and so are fields that say what the
// packet is: Ethernet type, TPID, IP protocol, fragment, TCP flags. ICMP has eight bits of each of
// its "ports". Of the outer VLAN tag VID and priority are written, its drop eligible indicator and
// the inner tag are not. If another ICMPv6 type makes neighbour discovery of the packet or ends it,
// the type that it had decides whether it carries a target.
//
// Checksums follow: those of the IPv4 header, TCP, UDP, UDP-Lite, ICMP and ICMPv6 by what changed
// (RFC 1624), SCTP's CRC32c likewise (RFC 9260, appendix A: it is linear). So a checksum that was
// wrong stays wrong, and the time does not depend on the length. A UDP checksum of zero is none and
// stays so. The first fragment's checksum follows as that of a whole packet does, for it covers the
// datagram; out of reach are a checksum that is cut off and, in a fragment, SCTP's, which depends
// on the length of the datagram. An IPv6 destination that a routing header sends further is none
// that the checksum covers (RFC 8200, 8.1).
#pragma once

#include <cstddef>
#include <optional>

#include "flows/flow_mask.h"
#include "flows/packet_edit.h"

namespace switchd {

// Writes the bits of `value` that are in `mask`. The frame's size and front stay where they are.
// `unsummed_from`: where the bytes begin of which others are to make the sum
// (Offload::checksum_start), if at all; a checksum of theirs covers its pseudo header only.
void edit_fields(const EditableFrame& frame, const FlowKey& value, const FlowMask& mask,
                 std::optional<std::size_t> unsummed_from = std::nullopt) noexcept;

}  // namespace switchd
