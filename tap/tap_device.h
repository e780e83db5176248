// Opens a TAP interface of the kernel: Ethernet frames, one per read or write, each behind a
// virtio-net header (switchd/core/virtio_header.h). The kernel hands over large packets whole and
// leaves checksums open.
#pragma once

#include <string>

#include "switchd/core/fd.h"

namespace switchd {

// Attaches to the TAP `name`, which is created if there is none and the process may. Throws
// SetupError.
Fd open_tap(const std::string& name);

// Whoever opens the interface next is not asked to take what he does not know of.
void forget_offloads(const Fd& tap) noexcept;

}  // namespace switchd
