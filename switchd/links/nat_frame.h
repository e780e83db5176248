// What a NAT has to know of a guest's frame before libslirp gets it. Whoever sends it chooses every
// byte; what is not there is taken for zeros.
#pragma once

#include <cstddef>
#include <span>

namespace switchd {

// A fragment of an IPv4 packet.
bool is_ipv4_fragment(std::span<const std::byte> frame) noexcept;

// libslirp opens a socket for it, unless there is one for its addresses and ports: a connection's
// first segment, UDP and ping. What libslirp answers itself (ARP, DHCP, TFTP, neighbour discovery)
// and what belongs to a connection opens none.
bool may_open_a_socket(std::span<const std::byte> frame) noexcept;

}  // namespace switchd
