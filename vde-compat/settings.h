// What the operator asked of one VDE switch: everything that vde_switch's command line can say.
//
// A plain value, the same for vde_switch and for switchd's default bridge. Invariants, kept by the
// parsers that fill it: every path is absolute or empty, so that a change of the working directory
// changes nothing; groups are resolved; numbers are in range. Nothing here has been created yet.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "switchd/core/mac_address.h"

namespace switchd::vde {

inline constexpr unsigned port_count_max = 65535;
inline constexpr unsigned hash_size_max = 1U << 20;  // buckets; a power of two

struct Settings {
    unsigned port_count = 32;  // 1 .. port_count_max: ports 1 .. port_count may exist
    bool hub = false;          // never together with fstp
    bool fstp = false;
    std::optional<MacAddress> mac;  // of the switch; none: made up at start
    std::uint16_t priority = 0x8000;
    unsigned hash_size = 128;  // a power of two
    bool strict_vlan = false;  // tagged frames are dropped even while no VLAN is configured

    std::string directory;  // holds ctl and the plugs' sockets
    mode_t mode = 0600;     // of ctl and the plugs' sockets
    mode_t directory_mode = 02700;
    std::optional<gid_t> group;     // of the directory, ctl and the plugs' sockets
    std::vector<std::string> taps;  // names of TAP interfaces to attach, in this order

    std::string management_socket;        // empty: none
    std::string management_socket_typed;  // as the operator wrote it, which showinfo prints
    mode_t management_mode = 0600;
    std::optional<gid_t> management_group;

    bool daemon = false;
    bool read_stdin = true;  // a console on standard input; a daemon never has one
    std::string pid_file;    // empty: none
    std::string rc_file;     // empty: the usual places
};

// What follows of -m and --dirmode, each given or not: with one of them the other one is derived,
// so that who may open ctl may also reach it.
struct Modes {
    mode_t socket;
    mode_t directory;
};
constexpr Modes derive_modes(std::optional<mode_t> socket, std::optional<mode_t> directory) {
    if (!socket && !directory) return {0600, 02700};
    const mode_t mode = socket ? *socket & 0777 : *directory & 0666;
    // A class that may read or write may also search.
    const mode_t search = ((mode >> 1) | (mode >> 2)) & 0111;
    return {mode, directory ? *directory : 02000 | (mode & 0666) | search};
}

}  // namespace switchd::vde
