#include "vde-compat/plug_request.h"

#include <algorithm>
#include <cstring>

#include "switchd/core/bytes.h"

namespace switchd::vde {

namespace {

constexpr std::uint32_t magic = 0xfeedface;
constexpr std::uint32_t version_3 = 3;

static_assert(sizeof(sockaddr_un) == address_bytes);

using Address = std::array<std::byte, address_bytes>;

struct MacField {
    std::array<std::byte, 6> bytes;
};

}  // namespace

std::string PlugRequest::path() const {
    const auto* const begin = reinterpret_cast<const char*>(address.data()) + sizeof(sa_family_t);
    const auto* const end = reinterpret_cast<const char*>(address.data()) + address.size();
    return {begin, std::find(begin, end, '\0')};
}

std::expected<PlugRequest, RequestError> parse_plug_request(std::span<const std::byte> bytes) {
    HeaderReader reader{bytes};
    const auto first = reader.take<std::uint32_t>();
    if (!first) return std::unexpected(RequestError::incomplete);
    if (*first != magic) return std::unexpected(RequestError::wrong_magic);

    // The second word is the version, or version 1's type: 0 or 1.
    const auto second = reader.take<std::uint32_t>();
    if (!second) return std::unexpected(RequestError::incomplete);
    if (*second > 1 && *second != version_3) return std::unexpected(RequestError::unknown_version);

    std::uint32_t type = *second;
    if (*second == version_3) {
        const auto word = reader.take<std::uint32_t>();
        if (!word) return std::unexpected(RequestError::incomplete);
        type = *word;
    } else if (!reader.take<MacField>()) {
        return std::unexpected(RequestError::incomplete);
    }
    const auto address = reader.take<Address>();
    if (!address) return std::unexpected(RequestError::incomplete);

    // The upper 24 bits of the type are a signed port number; a negative one means port 0.
    const std::uint32_t code = type & 0xff;
    const std::int32_t port = static_cast<std::int32_t>(type) >> 8;
    PlugRequest request;
    if (code > 1) return std::unexpected(RequestError::unknown_type);
    if (code == 1) {
        request.kind = PlugRequest::Kind::port_zero;
    } else if (port != 0) {
        request.kind = PlugRequest::Kind::this_port;
        request.port = port < 0 ? 0 : static_cast<std::uint32_t>(port);
    }

    sa_family_t family = 0;
    std::memcpy(&family, address->data(), sizeof family);
    if (family != AF_UNIX) return std::unexpected(RequestError::not_unix_address);
    request.address = *address;

    const auto rest = reader.rest().first(std::min(reader.rest().size(), description_bytes_max));
    request.description.assign(reinterpret_cast<const char*>(rest.data()), rest.size());
    // Clients with unpacked structures send padding here.
    if (const auto end = request.description.find('\0'); end != std::string::npos)
        request.description.resize(end);
    return request;
}

std::array<std::byte, address_bytes> plug_reply(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    std::array<std::byte, address_bytes> reply;
    std::memcpy(reply.data(), &address, sizeof address);
    return reply;
}

}  // namespace switchd::vde
