#include "switchd/port_types.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "switchd/core/error.h"
#include "switchd/core/printable.h"
#include "switchd/links/datagram_port.h"
#include "switchd/links/nat_port.h"
#include "switchd/links/stream_client_port.h"
#include "switchd/links/stream_server_port.h"
#include "switchd/option_reader.h"
#include "tap/device_port.h"
#include "tap/raw_endpoint.h"
#include "tap/tap_endpoint.h"
#include "vde-compat/setting_values.h"

namespace switchd {

namespace {

constexpr PortKey common_keys[] = {
    {"name", "NAME", "by its type", "what controllers and switchctl call it"},
    {"number", "N", "the next free one", "its number, for flows"},
};

SetupError wrong(std::string_view key, const std::string& value, std::string_view remedy) {
    return SetupError(fmt::format("{}={} is none", key, printable(value)), std::string(remedy));
}

bool flag_of(const PortSpec& spec, std::string_view key, bool fallback) {
    const std::string* const value = spec.find(key);
    if (!value) return fallback;
    if (*value == "on" || *value == "off") return *value == "on";
    throw wrong(key, *value, "write on or off");
}

// ---- tap

constexpr PortKey tap_keys[] = {
    {"ifname", "IF", "the port's name", "the interface; made if there is none and the user may"},
    {"fd", "N", "none", "an inherited descriptor of an open TAP, instead of ifname"},
    {"persist", "on|off", "off", "the interface stays when the switch ends, and is the user's"},
};

std::unique_ptr<PortLink> make_tap(const PortLinkContext& context) {
    TapSettings settings;
    const std::string* const interface = context.spec.find("ifname");
    settings.interface = interface ? *interface : context.name;
    settings.persistent = flag_of(context.spec, "persist", false);
    if (const std::string* const fd = context.spec.find("fd")) {
        const char* const end = fd->data() + fd->size();
        const auto [last, error] = std::from_chars(fd->data(), end, settings.descriptor);
        if (error != std::errc{} || last != end || settings.descriptor < 0)
            throw wrong("fd", *fd, "write the number of an open descriptor");
        if (interface) throw SetupError("fd and ifname are both given", "choose one");
    }
    Tap tap = open_tap(settings);
    return std::make_unique<DevicePort>(
        context.host,
        std::make_unique<TapEndpoint>(context.reactor, context.host.sink(), std::move(tap.device),
                                      std::move(tap.interface)));
}

// ---- raw

constexpr PortKey raw_keys[] = {
    {"ifname", "IF", "the port's name", "the interface, which stays the host's as well"},
};

std::unique_ptr<PortLink> make_raw(const PortLinkContext& context) {
    const std::string* const said = context.spec.find("ifname");
    const std::string& interface = said ? *said : context.name;
    return std::make_unique<DevicePort>(
        context.host, std::make_unique<RawEndpoint>(context.reactor, context.host.sink(),
                                                    open_packet_socket(interface), interface));
}

// ---- stream

constexpr PortKey stream_keys[] = {
    {"addr", "TARGET", "punix:RUN-DIR/NAME.sock",
     "punix:PATH or ptcp:PORT[:IP] to listen, unix:PATH or tcp:IP:PORT to connect"},
    {"mode", "OCTAL", "0600", "rights of the unix socket that is made"},
};

std::unique_ptr<PortLink> make_stream(const PortLinkContext& context) {
    const std::string* const addr = context.spec.find("addr");
    if (!addr && context.run_directory.empty())
        throw SetupError("a stream needs an addr here", "write addr=punix:PATH");
    const auto target = parse_stream_target(
        addr ? *addr : fmt::format("punix:{}/{}.sock", context.run_directory, context.name), 0);
    if (!target) throw SetupError(target.error());
    if (target->kind == StreamTarget::Kind::tls)
        throw SetupError("a stream of frames has no TLS", "use tcp: or ptcp:");
    if (target->kind == StreamTarget::Kind::tcp && !target->passive && target->port == 0)
        throw SetupError(fmt::format("addr={} has no port", *addr), "write tcp:ADDRESS:PORT");
    const std::string* const mode = context.spec.find("mode");
    if (mode && !(target->passive && target->kind == StreamTarget::Kind::unix_socket))
        throw SetupError("mode is for a unix socket that is made", "leave it out, or use punix:");
    if (!target->passive)
        return std::make_unique<StreamClientPort>(context.reactor, context.log, context.host,
                                                  *target);
    try {
        const unsigned rights = mode ? vde::parse_mode(*mode, "mode") : 0600;
        return std::make_unique<StreamServerPort>(context.reactor, context.log, context.host,
                                                  context.name, *target, rights);
    } catch (const vde::ValueError& error) {
        throw SetupError(error.what());
    }
}

// ---- dgram

constexpr PortKey dgram_keys[] = {
    {"local", "ADDRESS", "unix:RUN-DIR/NAME.sock",
     "where frames are received: unix:PATH or udp:IP:PORT; for multicast, the interface's address"},
    {"remote", "ADDRESS", "who sent the last frame",
     "where frames are sent: unix:PATH, udp:IP:PORT, or a group of IPv4 multicast"},
    {"mode", "OCTAL", "0600", "rights of the unix socket that is made"},
};

DatagramAddress address_of(const PortSpec& spec, std::string_view key, const std::string& text) {
    const std::string* const said = spec.find(key);
    if (!said && text.empty()) return {};
    const auto address = DatagramAddress::parse(said ? *said : text);
    if (!address) throw SetupError(fmt::format("{}: {}", key, address.error()));
    return *address;
}

std::unique_ptr<PortLink> make_dgram(const PortLinkContext& context) {
    const DatagramAddress remote = address_of(context.spec, "remote", {});
    const bool has_place = !remote.is_multicast() && !context.run_directory.empty();
    const DatagramAddress local = address_of(
        context.spec, "local",
        has_place ? fmt::format("unix:{}/{}.sock", context.run_directory, context.name) : "");
    if (local.empty() && !remote.is_multicast())
        throw SetupError("a dgram needs a local address here", "write local=unix:PATH");
    if (!context.spec.find("local") && !remote.empty() && !remote.is_unix() &&
        !remote.is_multicast())
        throw SetupError("a dgram of UDP needs a local address", "write local=udp:IP:PORT");
    if (!remote.empty() && !remote.is_unix() && remote.port() == 0)
        throw SetupError("nobody is at port 0", "write remote=udp:IP:PORT");
    if (!local.empty() && local == remote)
        throw SetupError("local and remote are the same", "name the peer's address as remote");
    if (!local.empty() && !remote.empty() && local.family() != remote.family())
        throw SetupError("local and remote are of different kinds",
                         "write unix: or udp: for both, and IPv4 or IPv6");
    if (remote.empty() && !local.is_unix())
        throw SetupError("a dgram of UDP needs a remote address", "write remote=udp:IP:PORT");
    if (remote.is_multicast() && local.port() != 0)
        throw SetupError("multicast is received on the group's port",
                         "write local=udp:IP:0, or leave it out");
    const std::string* const mode = context.spec.find("mode");
    if (mode && !local.is_unix())
        throw SetupError("mode is for a unix socket that is made", "leave it out");
    try {
        return std::make_unique<DatagramPort>(context.reactor, context.host, local, remote,
                                              mode ? vde::parse_mode(*mode, "mode") : 0600);
    } catch (const vde::ValueError& error) {
        throw SetupError(error.what());
    }
}

// ---- nat

constexpr PortKey nat_keys[] = {
    {"net", "ADDRESS/BITS", "10.0.2.0/24", "the network: router .2, DNS .3, leases from .15 on"},
    {"net6", "PREFIX/64|off", "fec0::/64", "the network of IPv6: router ::2, DNS ::3"},
    {"restrict", "on|off", "off", "no way out but for the forwards"},
    {"loopback", "on|off", "on", "the router's address leads to the host's own services"},
    {"forward", "LIST", "none",
     "ports of the host, with plus signs between them: tcp:127.0.0.1:2222-10.0.2.15:22+udp:..."},
};

std::unique_ptr<PortLink> make_nat(const PortLinkContext& context) {
    NatSettings settings;
    const auto take = [&](std::string_view key, std::string_view fallback, auto method) {
        const std::string* const said = context.spec.find(key);
        if (!said && fallback.empty()) return;
        const auto done = (settings.*method)(said ? std::string_view(*said) : fallback);
        if (!done) throw SetupError(fmt::format("{}: {}", key, done.error()));
    };
    take("net", "10.0.2.0/24", &NatSettings::set_network);
    take("net6", "fec0::/64", &NatSettings::set_network6);
    take("forward", "", &NatSettings::set_forwards);
    settings.restricted = flag_of(context.spec, "restrict", false);
    settings.host_loopback = flag_of(context.spec, "loopback", true);
    return std::make_unique<NatPort>(context.reactor, context.host, settings);
}

// ---- patch

constexpr PortKey patch_keys[] = {
    {"peer", "NAME", "none", "the port at the other end, which names this one as its peer"},
};

std::unique_ptr<PortLink> make_patch(const PortLinkContext& context) {
    const std::string* const peer = context.spec.find("peer");
    if (!peer || peer->empty())
        throw SetupError("a patch needs a peer", "write peer=NAME, of the port at the other end");
    if (*peer == context.name) throw SetupError("a patch is not its own peer", "name another port");
    return std::make_unique<PatchPort>(context.reactor, context.host, context.registry.patches,
                                       context.name, *peer);
}

// ----

constexpr PortType types[] = {
    {"tap", "a TAP interface of the kernel; large packets pass whole", "type=tap,name=tap0",
     tap_keys, make_tap},
    {"raw", "an interface that is there already: a card, a veth; large packets pass whole",
     "type=raw,name=uplink,ifname=eth0", raw_keys, make_raw},
    {"stream", "one peer that speaks QEMU's -netdev stream or socket, passt's or gvproxy's sockets",
     "type=stream,name=vm1", stream_keys, make_stream},
    {"dgram", "datagrams of QEMU's -netdev dgram or socket,mcast, of vfkit, libkrun or gvproxy",
     "type=dgram,name=vm1", dgram_keys, make_dgram},
    {"nat", "the way out: a router, DHCP and DNS, without any right", "type=nat,name=out", nat_keys,
     make_nat},
    {"patch", "one end of a cable to another bridge of the same switch",
     "type=patch,name=up,peer=down", patch_keys, make_patch},
};

}  // namespace

std::span<const PortType> port_types() {
    return types;
}

std::span<const PortKey> common_port_keys() {
    return common_keys;
}

std::expected<const PortType*, std::string> port_type_of(const PortSpec& spec) {
    std::vector<std::string_view> names;
    for (const PortType& type : types) names.push_back(type.name);
    const auto type = std::ranges::find(types, std::string_view(spec.type), &PortType::name);
    if (type == std::end(types))
        return std::unexpected(fmt::format("'{}' is no type of port ({})", printable(spec.type),
                                           fmt::join(names, ", ")));
    std::vector<std::string_view> keys;
    for (const std::span<const PortKey> group : {common_port_keys(), type->keys})
        for (const PortKey& key : group) keys.push_back(key.name);
    for (const auto& [key, value] : spec.values)
        if (std::ranges::find(keys, std::string_view(key)) == keys.end())
            return std::unexpected(fmt::format("a {} has no key '{}' ({})", type->name,
                                               printable(key), fmt::join(keys, ", ")));
    return &*type;
}

}  // namespace switchd
