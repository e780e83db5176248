#include "tap/tap_device.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include <cerrno>

#include "switchd/core/error.h"

namespace switchd {

Fd open_tap(const std::string& name) {
    if (name.empty() || name.size() >= IFNAMSIZ)
        throw SetupError("'" + name + "' is no name for a tap",
                         "use 1 to " + std::to_string(IFNAMSIZ - 1) + " bytes");
    Fd tun{::open("/dev/net/tun", O_RDWR | O_CLOEXEC)};
    if (!tun)
        throw SetupError("tap " + name + ": cannot open /dev/net/tun: " + errno_text(errno),
                         "load the tun module, and give this user the right to open the device");

    ifreq request{};
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    name.copy(request.ifr_name, IFNAMSIZ - 1);
    if (::ioctl(tun.get(), TUNSETIFF, &request) < 0)
        throw SetupError(
            "cannot attach to tap " + name + ": " + errno_text(errno),
            "create it for this user first: ip tuntap add dev " + name + " mode tap user $USER");
    return tun;
}

}  // namespace switchd
