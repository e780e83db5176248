#include "tap/tap_device.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <unistd.h>

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

// Only one queue is used. Where the interface has several, that has to be said.
bool attach(const Fd& tun, ifreq& request) {
    if (::ioctl(tun.get(), TUNSETIFF, &request) == 0) return true;
    if (errno != EINVAL) return false;
    request.ifr_flags |= IFF_MULTI_QUEUE;
    return ::ioctl(tun.get(), TUNSETIFF, &request) == 0;
}

Fd open_interface(const std::string& name) {
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
    if (!attach(tun, request))
        throw SetupError(
            "cannot attach to tap " + name + ": " + errno_text(errno),
            "create it for this user first: ip tuntap add dev " + name + " mode tap user $USER");
    return tun;
}

// Its owner keeps it open as well, perhaps: a copy, so that each closes his own.
Fd take_over(int descriptor) {
    const std::string name = "descriptor " + std::to_string(descriptor);
    Fd tun{::fcntl(descriptor, F_DUPFD_CLOEXEC, 3)};
    if (!tun) throw SetupError(name + " is not open", "name one that the switch inherits");
    ifreq request{};
    if (::ioctl(tun.get(), TUNGETIFF, &request) != 0)
        throw SetupError(name + " is no TAP: " + errno_text(errno),
                         "open /dev/net/tun and attach it with TUNSETIFF first");
    if ((request.ifr_flags & IFF_TAP) == 0 || (request.ifr_flags & IFF_NO_PI) == 0 ||
        (request.ifr_flags & IFF_VNET_HDR) == 0)
        throw SetupError(name + " was attached in another way",
                         "set IFF_TAP, IFF_NO_PI and IFF_VNET_HDR");
    // This loop waits for what would block, and gives up at once where O_NONBLOCK is set.
    ::fcntl(tun.get(), F_SETFL, ::fcntl(tun.get(), F_GETFL) & ~O_NONBLOCK);
    return tun;
}

}  // namespace

Tap open_tap(const TapSettings& settings) {
    Tap tap;
    tap.device = settings.descriptor < 0 ? open_interface(settings.interface)
                                         : take_over(settings.descriptor);
    ifreq request{};
    if (::ioctl(tap.device.get(), TUNGETIFF, &request) == 0) tap.interface = request.ifr_name;
    set_up_headers(tap.device, tap.interface);
    if (settings.persistent &&
        (::ioctl(tap.device.get(), TUNSETOWNER, static_cast<unsigned long>(::getuid())) != 0 ||
         ::ioctl(tap.device.get(), TUNSETPERSIST, 1UL) != 0))
        throw SetupError("cannot make tap " + tap.interface + " stay: " + errno_text(errno));
    return tap;
}

void set_tap_carrier(const Fd& tap, bool carrier) noexcept {
    int value = carrier ? 1 : 0;
    ::ioctl(tap.get(), TUNSETCARRIER, &value);
}

void forget_offloads(const Fd& tap) noexcept {
    ::ioctl(tap.get(), TUNSETOFFLOAD, 0);
}

}  // namespace switchd
