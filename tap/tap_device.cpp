#include "tap/tap_device.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include <cerrno>

#include "switchd/core/error.h"
#include "switchd/core/virtio_header.h"

namespace switchd {

namespace {

// In newer kernel headers than we are built with; Linux has them from 6.2 on.
constexpr unsigned udp_segments_ipv4 = 0x20, udp_segments_ipv6 = 0x40;

void set_up_headers(const Fd& tap, const std::string& name) {
    int header_bytes = virtio_header_bytes;
    int little_endian = 1;
    constexpr unsigned offloads = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;
    if (::ioctl(tap.get(), TUNSETVNETHDRSZ, &header_bytes) < 0 ||
        ::ioctl(tap.get(), TUNSETVNETLE, &little_endian) < 0 ||
        (::ioctl(tap.get(), TUNSETOFFLOAD, offloads | udp_segments_ipv4 | udp_segments_ipv6) < 0 &&
         ::ioctl(tap.get(), TUNSETOFFLOAD, offloads) < 0))
        throw SetupError("tap " + name + ": cannot set up large frames: " + errno_text(errno));
}

}  // namespace

Fd open_tap(const std::string& name) {
    if (name.empty() || name.size() >= IFNAMSIZ)
        throw SetupError("'" + name + "' is no name for a tap",
                         "use 1 to " + std::to_string(IFNAMSIZ - 1) + " bytes");
    Fd tun{::open("/dev/net/tun", O_RDWR | O_CLOEXEC)};
    if (!tun)
        throw SetupError("tap " + name + ": cannot open /dev/net/tun: " + errno_text(errno),
                         "load the tun module, and give this user the right to open the device");

    ifreq request{};
    request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
    name.copy(request.ifr_name, IFNAMSIZ - 1);
    if (::ioctl(tun.get(), TUNSETIFF, &request) < 0)
        throw SetupError(
            "cannot attach to tap " + name + ": " + errno_text(errno),
            "create it for this user first: ip tuntap add dev " + name + " mode tap user $USER");
    set_up_headers(tun, name);
    return tun;
}

void forget_offloads(const Fd& tap) noexcept {
    ::ioctl(tap.get(), TUNSETOFFLOAD, 0);
}

}  // namespace switchd
