#include "switchd/core/stream_target.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "switchd/core/unix_socket.h"

namespace switchd {

namespace {

using Kind = StreamTarget::Kind;

struct Method {
    std::string_view name;
    Kind kind;
    bool passive;
};
constexpr Method methods[] = {
    {"tcp", Kind::tcp, false}, {"ssl", Kind::tls, false}, {"unix", Kind::unix_socket, false},
    {"ptcp", Kind::tcp, true}, {"pssl", Kind::tls, true}, {"punix", Kind::unix_socket, true},
};

std::string_view name_of(Kind kind, bool passive) {
    for (const Method& method : methods)
        if (method.kind == kind && method.passive == passive) return method.name;
    return {};
}

std::unexpected<std::string> wrong(std::string_view text, std::string_view reason,
                                   std::string_view remedy) {
    return std::unexpected(fmt::format("target '{}': {} ({})", text, reason, remedy));
}

bool is_ip_address(const std::string& host) {
    in6_addr address{};
    return ::inet_pton(host.find(':') == std::string::npos ? AF_INET : AF_INET6, host.c_str(),
                       &address) == 1;
}

std::optional<std::uint16_t> port_in(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return port;
}

struct HostAndPort {
    std::string_view host, port;
};

// "HOST[:PORT]", the host perhaps in brackets. None: brackets that do not close, or that something
// else follows.
std::optional<HostAndPort> split_active(std::string_view text) {
    std::string_view host, rest;
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == text.npos) return std::nullopt;
        host = text.substr(1, end - 1);
        rest = text.substr(end + 1);
        if (host.find(':') == host.npos || (!rest.empty() && rest.front() != ':'))
            return std::nullopt;
    } else {
        host = text.substr(0, text.find(':'));
        rest = text.substr(host.size());
    }
    return HostAndPort{host, rest.substr(std::min<std::size_t>(1, rest.size()))};
}

// "[PORT][:HOST]".
std::optional<HostAndPort> split_passive(std::string_view text) {
    const std::string_view port = text.substr(0, text.find(':'));
    std::string_view host = text.substr(std::min(port.size() + 1, text.size()));
    if (host.starts_with('[')) {
        if (!host.ends_with(']')) return std::nullopt;
        host = host.substr(1, host.size() - 2);
    } else if (host.find(':') != host.npos) {
        return std::nullopt;
    }
    return HostAndPort{host, port};
}

}  // namespace

std::string StreamTarget::text() const {
    const std::string_view method = name_of(kind, passive);
    if (kind == Kind::unix_socket) return fmt::format("{}:{}", method, path);
    const std::string address = host.find(':') == host.npos ? host : "[" + host + "]";
    return passive ? fmt::format("{}:{}:{}", method, port, address)
                   : fmt::format("{}:{}:{}", method, address, port);
}

std::expected<StreamTarget, std::string> parse_stream_target(std::string_view text,
                                                             std::uint16_t default_port) {
    const std::size_t colon = text.find(':');
    const Method* method = nullptr;
    for (const Method& each : methods)
        if (colon != text.npos && text.substr(0, colon) == each.name) method = &each;
    if (!method)
        return wrong(text, "it says no way to connect",
                     "begin with tcp:, ssl:, unix:, ptcp:, pssl: or punix:");
    const std::string_view rest = text.substr(colon + 1);
    StreamTarget target{method->kind, method->passive, {}, {}, default_port};
    if (method->kind == Kind::unix_socket) {
        target.path = rest;
        target.port = 0;
        if (!rest.starts_with('/') || rest.find('\0') != rest.npos)
            return wrong(text, "it names no socket", "write an absolute path behind the colon");
        if (rest.size() > unix_path_bytes_max)
            return wrong(text, "the path is too long for a socket",
                         fmt::format("use one of at most {} bytes", unix_path_bytes_max));
        return target;
    }
    const auto parts = method->passive ? split_passive(rest) : split_active(rest);
    if (!parts)
        return wrong(text, "it is not clear where the address ends",
                     "put an IPv6 address in brackets");
    target.host = parts->host;
    if (method->passive && target.host.empty()) target.host = "0.0.0.0";
    if (target.host.empty())
        return wrong(text, "it names no host", fmt::format("write {}:ADDRESS:PORT", method->name));
    if (!is_ip_address(target.host))
        return wrong(text, fmt::format("'{}' is no IP address", target.host),
                     "names are not looked up: write the address");
    if (!parts->port.empty()) {
        const auto port = port_in(parts->port);
        if (!port || (*port == 0 && !method->passive))
            return wrong(text, fmt::format("'{}' is no port", parts->port),
                         "write a number from 1 to 65535");
        target.port = *port;
    }
    return target;
}

}  // namespace switchd
