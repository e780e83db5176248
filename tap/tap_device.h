// Opens a TAP interface of the kernel: Ethernet frames, one per read or write, each behind a
// virtio-net header (switchd/core/virtio_header.h). The kernel hands over large packets whole and
// leaves checksums open.
#pragma once

#include <string>

#include "switchd/core/fd.h"

namespace switchd {

struct TapSettings {
    std::string interface;  // is created if there is none and the process may
    // One that somebody has opened already, instead: it is attached to a TAP. -1: none.
    int descriptor = -1;
    bool persistent = false;  // stays when the switch ends, and belongs to its user
};

struct Tap {
    Fd device;
    std::string interface;
};

// Throws SetupError.
Tap open_tap(const TapSettings& settings);
inline Fd open_tap(const std::string& interface) {
    return open_tap(TapSettings{.interface = interface}).device;
}

// Whether its interface has a carrier, as if a cable were there.
void set_tap_carrier(const Fd& tap, bool carrier) noexcept;

// Whoever opens the interface next is not asked to take what he does not know of.
void forget_offloads(const Fd& tap) noexcept;

}  // namespace switchd
