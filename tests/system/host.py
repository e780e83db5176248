"""A host in an unprivileged namespace of its own, plugged in with vdens."""

import subprocess

UDHCPC = """#!/bin/sh
[ "$1" = bound ] && ip addr add $ip/${mask:-24} dev $interface && echo "LEASE $ip"
exit 0
"""


def said_inside(lab, switch, script):
    """What a script on a host of its own prints. The end of vdens is not waited for: it misses
    that of the script when it is just then carrying a frame (it blocks SIGCHLD only in ppoll)."""
    host = lab.spawn(["vdens", switch.directory, "sh", "-c", f"{script}; echo DONE"],
                     stdin=subprocess.DEVNULL)
    return host.wait_output(b"DONE\n", 90).decode()


def vdens_up(lab, switch, address, more=":"):
    """It stays as long as its stdin is open."""
    host = lab.spawn(["vdens", switch.directory, "sh", "-c",
                      f"ip addr add {address}/24 dev vde0; ip link set vde0 up; {more};"
                      " echo UP; cat"])
    host.wait_output(b"UP")
    return host


def ping_from_vdens(lab, switch, address, peer, size=56, more=":"):
    """What three pings print, started when the peer has answered once."""
    script = (f"ip addr add {address}/24 dev vde0; ip link set vde0 up; {more}; "
              f"until ping -c 1 -W 1 {peer} >/dev/null 2>&1; do :; done; "
              f"ping -c 3 -i .2 -s {size} -M do {peer}")
    return said_inside(lab, switch, script)


def lease(lab, switch, gateway="10.0.2.2"):
    """A DHCP client on a host of its own: what it got, and a ping to the gateway."""
    script = lab.write("udhcpc.sh", UDHCPC, 0o755)
    return said_inside(lab, switch, f"ip link set vde0 up; busybox udhcpc -i vde0 -n -q -t 20"
                                    f" -s {script}; ping -c 1 -W 10 {gateway}")
