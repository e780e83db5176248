#include "tap/packet_socket.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "switchd/core/error.h"

namespace switchd {

namespace {

// Large packets count with what they take, and a burst of them is to fit.
constexpr int buffer_wish_bytes = 4 << 20;

void set(const Fd& socket, const std::string& interface, int option, const void* value,
         socklen_t bytes) {
    if (::setsockopt(socket.get(), SOL_PACKET, option, value, bytes) != 0)
        throw SetupError("cannot set up a packet socket on " + interface + ": " +
                         errno_text(errno));
}

// Beyond the system's limit for ordinary users, where that is allowed.
void deepen(const Fd& socket, int forced, int ordinary) {
    if (::setsockopt(socket.get(), SOL_SOCKET, forced, &buffer_wish_bytes, sizeof(int)) != 0)
        ::setsockopt(socket.get(), SOL_SOCKET, ordinary, &buffer_wish_bytes, sizeof(int));
}

std::optional<sockaddr_ll> bound_to(const Fd& socket) {
    sockaddr_ll address{};
    socklen_t bytes = sizeof address;
    if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &bytes) != 0)
        return std::nullopt;
    return address;
}

}  // namespace

Fd open_packet_socket(const std::string& interface) {
    // Of no protocol until it is bound: nothing of other interfaces slips in.
    Fd socket{::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)};
    if (!socket && errno == EPERM)
        throw SetupError("no right to open a packet socket on " + interface,
                         "it needs CAP_NET_RAW: run in a user namespace that owns the interface "
                         "(unshare -rn), or give the program the capability "
                         "(setcap cap_net_raw+ep)");
    if (!socket)
        throw SetupError("cannot open a packet socket on " + interface + ": " + errno_text(errno));
    const unsigned index = ::if_nametoindex(interface.c_str());
    if (index == 0)
        throw SetupError("there is no interface '" + interface + "'",
                         "ip link shows those that there are");

    constexpr int on = 1;
    set(socket, interface, PACKET_VNET_HDR, &on, sizeof on);
    set(socket, interface, PACKET_AUXDATA, &on, sizeof on);
    set(socket, interface, PACKET_IGNORE_OUTGOING, &on, sizeof on);
    packet_mreq promiscuous{};
    promiscuous.mr_ifindex = static_cast<int>(index);
    promiscuous.mr_type = PACKET_MR_PROMISC;
    set(socket, interface, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof promiscuous);
    deepen(socket, SO_RCVBUFFORCE, SO_RCVBUF);
    deepen(socket, SO_SNDBUFFORCE, SO_SNDBUF);

    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex = static_cast<int>(index);
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        throw SetupError("cannot bind a packet socket to " + interface + ": " + errno_text(errno));
    const auto bound = bound_to(socket);
    if (bound && bound->sll_hatype != ARPHRD_ETHER && bound->sll_hatype != ARPHRD_LOOPBACK)
        throw SetupError("interface " + interface + " carries no Ethernet frames",
                         "choose another, or a veth or TAP in front of it");
    return socket;
}

InterfaceState interface_state(const Fd& packet_socket) noexcept {
    const auto bound = bound_to(packet_socket);
    if (!bound || bound->sll_ifindex <= 0) return InterfaceState::gone;
    ifreq request{};
    request.ifr_ifindex = bound->sll_ifindex;
    if (::ioctl(packet_socket.get(), SIOCGIFNAME, &request) != 0 ||
        ::ioctl(packet_socket.get(), SIOCGIFFLAGS, &request) != 0)
        return InterfaceState::gone;
    return (request.ifr_flags & IFF_UP) != 0 ? InterfaceState::up : InterfaceState::down;
}

std::optional<StrippedTag> stripped_tag(std::span<const std::byte> control) noexcept {
    cmsghdr header;
    tpacket_auxdata data;
    if (control.size() < CMSG_LEN(sizeof data)) return std::nullopt;
    std::memcpy(&header, control.data(), sizeof header);
    if (header.cmsg_level != SOL_PACKET || header.cmsg_type != PACKET_AUXDATA) return std::nullopt;
    std::memcpy(&data, control.data() + CMSG_LEN(0), sizeof data);
    if ((data.tp_status & TP_STATUS_VLAN_VALID) == 0) return std::nullopt;
    const bool has_tpid = (data.tp_status & TP_STATUS_VLAN_TPID_VALID) != 0;
    return StrippedTag{has_tpid ? data.tp_vlan_tpid : std::uint16_t{ETH_P_8021Q}, data.tp_vlan_tci};
}

}  // namespace switchd
