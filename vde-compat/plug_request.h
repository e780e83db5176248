// The request with which a client asks for a port, on the ctl stream; and the reply.
//
// Host byte order, packed, no length field: magic, version, type, the client's data-socket address
// as Linux's 110-byte sockaddr_un, then a description up to whatever was sent with it. Version 1,
// which old clients speak, has no version word and a MAC address that nobody reads.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>

namespace switchd::vde {

inline constexpr std::size_t request_bytes_max = 256;  // of which the description is what is left
inline constexpr std::size_t description_bytes_max = 127;
inline constexpr std::size_t address_bytes = 110;  // sizeof(sockaddr_un), also the whole reply

struct PlugRequest {
    enum class Kind : std::uint8_t {
        any_port,   // whichever is free
        this_port,  // `port`
        port_zero,  // port 0, and the data socket gets the management socket's rights
    };
    Kind kind = Kind::any_port;
    std::uint32_t port = 0;
    std::array<std::byte, address_bytes> address{};  // a sockaddr_un; its path may be abstract
    std::string description;                         // any bytes but NUL

    bool abstract_address() const { return address[2] == std::byte{0}; }
    // The path of a client that is not abstract, ended by its first NUL or the field's end.
    std::string path() const;
};

enum class RequestError : std::uint8_t {
    incomplete,  // more bytes may make it whole
    wrong_magic,
    unknown_version,
    unknown_type,
    not_unix_address,
};

// What the first bytes of a ctl stream say.
std::expected<PlugRequest, RequestError> parse_plug_request(std::span<const std::byte> bytes);

// The 110 bytes that tell a client where its port's data socket is.
std::array<std::byte, address_bytes> plug_reply(const std::string& path);

}  // namespace switchd::vde
