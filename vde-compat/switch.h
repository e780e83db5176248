// What the VDE front doors (control socket, console, command line) need of the switch behind them.
//
// One model of the switch serves every front door; it lives above this room, so the room names only
// what it asks for. Everything is by value: nothing returned here stays valid or invalid with the
// switch. All calls are made on the loop's thread.
//
// Errors are errno values, 0 for success: the console prints them as 1000 + errno (EINVAL, ENXIO,
// ...), as scripts expect of vde_switch. The meaning of each is in the comment of the method.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "switchd/core/mac_address.h"

namespace switchd::vde {

using Errno = int;

inline constexpr unsigned vlan_none = 4095;  // as an untagged VLAN: accepts no untagged frame

struct Traffic {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
};

// One plug (or TAP) on a port.
struct EndpointInfo {
    int id = 0;               // unique among all endpoints of the switch
    std::string module;       // "unix prog" or "tuntap"
    std::string description;  // as the peer sent it: any bytes
};

struct PortInfo {
    unsigned number = 0;
    unsigned untagged_vlan = 0;
    bool allocatable = true;            // may be handed out to a plug that asks for any port
    std::optional<uid_t> current_user;  // owner of the first endpoint; none if unknown or inactive
    std::optional<uid_t> user;          // access control
    std::optional<gid_t> group;
    unsigned colour = 0;
    Traffic in, out;
    std::vector<EndpointInfo> endpoints;  // newest first

    bool active() const { return !endpoints.empty(); }
};

enum class PortState : std::uint8_t { discarding, learning, forwarding };

struct VlanMember {
    unsigned port = 0;
    bool tagged = false;
    bool active = false;
    PortState state = PortState::forwarding;
};

struct VlanInfo {
    unsigned vlan = 0;
    std::vector<VlanMember> members;  // ascending by port
};

struct MacInfo {
    MacAddress mac;
    unsigned vlan = 0;
    unsigned port = 0;
    std::chrono::seconds age{0};
};

struct MacSettings {
    unsigned hash_size = 128;  // a number that users set and read; a power of two
    int gc_interval_seconds = 2;
    int expire_seconds = 100;
    int min_persistence_seconds = 3;
};

struct SwitchInfo {
    MacAddress mac;
    std::chrono::seconds uptime{0};
    std::string ctl_directory;      // absolute
    unsigned mode = 0600;           // of ctl and the data sockets
    std::string management_socket;  // as typed; empty without one
    unsigned management_mode = 0600;
    unsigned port_count = 32;  // ports 1 .. port_count may exist, besides port 0
    bool hub = false;
};

class Switch {
public:
    virtual ~Switch() = default;

    virtual SwitchInfo info() const = 0;

    // EINVAL: not 1..65535; EADDRINUSE: a port above the new count exists.
    virtual Errno set_port_count(long count) = 0;
    virtual void set_hub(bool on) = 0;

    // All ports that exist, ascending; or one.
    virtual std::vector<PortInfo> ports() const = 0;
    virtual std::optional<PortInfo> port(unsigned number) const = 0;

    // EINVAL: out of range; EEXIST. The new port is inactive and not allocatable.
    virtual Errno create_port(long number) = 0;
    // The lowest port that a plug without a wish would get, now not allocatable. ENOSPC: full.
    virtual std::expected<unsigned, Errno> create_port_auto() = 0;
    // EINVAL: out of range; ENXIO: no such port; EADDRINUSE: it has endpoints.
    virtual Errno remove_port(long number) = 0;
    // For all of these EINVAL: out of range; ENXIO: no such port.
    virtual Errno set_allocatable(long number, bool allocatable) = 0;
    virtual Errno set_port_user(long number, std::optional<uid_t> user) = 0;
    virtual Errno set_port_group(long number, std::optional<gid_t> group) = 0;
    virtual Errno close_endpoint(long number, long id) = 0;  // ENXIO also: no such endpoint
    virtual Errno reset_counters(long number) = 0;           // an absent port is no error
    virtual void reset_all_counters() = 0;
    // The untagged VLAN, vlan_none for none. ENXIO also: no such VLAN.
    virtual Errno set_port_vlan(long number, long vlan) = 0;
    // While colourful, no frame passes between two ports of the same colour other than 0.
    virtual void set_colourful(bool on) = 0;
    virtual Errno set_port_colour(long number, long colour) = 0;

    // Frames dropped at this port, by reason, in a fixed order; reasons that never happened may be
    // left out. Empty for a port that does not exist.
    virtual std::vector<std::pair<std::string, std::uint64_t>> drops(unsigned number) const = 0;

    // VLANs that exist, ascending, with all their member ports (inactive ones too).
    virtual std::vector<VlanInfo> vlans() const = 0;
    virtual std::optional<VlanInfo> vlan(unsigned vlan) const = 0;
    virtual Errno create_vlan(long vlan) = 0;  // EINVAL: not 1..4094; EEXIST
    // EINVAL; ENXIO; EADDRINUSE: has members, or is VLAN 0.
    virtual Errno remove_vlan(long vlan) = 0;
    // Tagged membership. EINVAL: out of range; ENXIO: no such VLAN or port.
    virtual Errno add_vlan_port(long vlan, long port) = 0;
    virtual Errno remove_vlan_port(long vlan, long port) = 0;  // EADDRINUSE: its untagged VLAN

    virtual MacSettings mac_settings() const = 0;
    virtual void set_mac_settings(const MacSettings& settings) = 0;
    virtual void flush_macs() = 0;
    virtual std::vector<MacInfo> macs() const = 0;
    virtual std::optional<MacInfo> find_mac(MacAddress mac, unsigned vlan) const = 0;

    // Ends the loop in an orderly way: the process exits with 0.
    virtual void shutdown() = 0;
};

}  // namespace switchd::vde
