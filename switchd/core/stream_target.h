// Where a controller is, or where controllers may come from, as Open vSwitch's tools write it
// (ovs-ofctl(8), "Connection methods"):
//
//     tcp:HOST[:PORT]     ssl:HOST[:PORT]      unix:PATH      the switch connects
//     ptcp:[PORT][:HOST]  pssl:[PORT][:HOST]   punix:PATH     the switch listens
//
// HOST is an IPv4 address, or an IPv6 address in brackets; a listener without one takes connections
// on all IPv4 addresses of the machine. Names are not looked up: that would stop the switch. PATH
// is absolute.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace switchd {

inline constexpr std::uint16_t openflow_port = 6653;  // IANA's

struct StreamTarget {
    enum class Kind : std::uint8_t { unix_socket, tcp, tls };

    Kind kind = Kind::unix_socket;
    bool passive = false;    // the switch listens
    std::string path;        // of a unix socket
    std::string host;        // an IP address, without brackets
    std::uint16_t port = 0;  // 0: of a listener, any that is free

    // As parse_stream_target() takes it, complete.
    std::string text() const;

    bool operator==(const StreamTarget&) const = default;
};

// The error is one line: the thing, the reason, the remedy.
std::expected<StreamTarget, std::string> parse_stream_target(
    std::string_view text, std::uint16_t default_port = openflow_port);

}  // namespace switchd
