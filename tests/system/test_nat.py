"""The way out for machines of a switch that has no rights: NAT, DHCP and DNS."""

import os
import re
import struct

import pytest

import guest
from frame import frame, mac
from host import UDHCPC
from lab import NOBODY, as_user
from process import open_descriptors
from random_tables import ipv4_octets, ipv6_octets, with_checksum
from test_qemu import BOOT_S, GUESTS, await_word, said
from test_switchd import Switchd
from wait import wait_until

pytestmark = pytest.mark.ours_only("switchd is ours alone")

PAGE = "what the web server says\n"
# Answers every question about IPv4 addresses with 192.0.2.7.
NAME_SERVER = """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 53))
print("ready", flush=True)
while True:
    question, peer = s.recvfrom(512)
    end = question.index(b"\\0", 12) + 5
    if question[end - 4:end - 2] == b"\\0\\1":
        s.sendto(question[:2] + bytes.fromhex("81800001000100000000") + question[12:end] +
                 bytes.fromhex("c00c00010001000000100004c0000207"), peer)
    else:
        s.sendto(question[:2] + bytes.fromhex("81800001000000000000") + question[12:end], peer)
"""
# What a guest does that has nothing but a card.
BOOT = """
mkdir -p /etc
cat >/tmp/lease <<'END'
#!/bin/sh
[ "$1" = bound ] || exit 0
ip addr add $ip/24 dev $interface
ip route add default via $router
echo "nameserver $dns" >/etc/resolv.conf
echo "LEASE $ip"
END
chmod +x /tmp/lease
udhcpc -i eth0 -n -q -t 20 -s /tmp/lease
wget -q -O - http://www.example.org:8000/page
wget -q -O - http://10.0.2.2:8000/page
until ip -6 route | grep -q '^default'; do sleep 1; done
until wget -q -O - 'http://[2001:db8::7]:8000/page'; do sleep 1; done
ping -c 1 -W 20 192.0.2.7
ping -c 1 -W 20 10.0.2.2
"""
FETCH = """
import sys, urllib.request
try:
    print("PAGE", urllib.request.urlopen(sys.argv[1], timeout=float(sys.argv[2])).read())
except OSError as error:
    print("ERROR", error)
"""
SERVE_ONE = """
import socket, sys
s = socket.create_server(("", 22))
print("SERVING", flush=True)
for _ in range(int(sys.argv[1])):
    connection, _ = s.accept()
    connection.sendall(connection.recv(100).upper())
    connection.close()
"""
SHOUT = """
import socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=20)
s.sendall(b"quietly")
print("HEARD", s.recv(100))
"""
# Comes in so many times, and stays.
DIAL = """
import socket, sys, time
connections = []
for _ in range(int(sys.argv[2])):
    connections.append(socket.socket())
    connections[-1].setblocking(False)
    connections[-1].connect_ex(("127.0.0.1", int(sys.argv[1])))
print("DIALLED", flush=True)
sys.stdin.read()
"""
TCP, ICMPV6 = 6, 58


class World:
    """A namespace with a web server behind an address of its own and on its loopback, and a DNS
    server. Its resolv.conf names that."""

    def __init__(self, lab):
        self.lab = lab
        self.host = lab.namespace()
        self.prefix = self.host.prefix
        self.etc = f"/etc/netns/{self.host.name}"
        os.makedirs(self.etc)
        lab.finally_check(self.remove)
        with open(os.path.join(self.etc, "resolv.conf"), "w", encoding="ascii") as file:
            file.write("nameserver 127.0.0.1\n")
        self.host.ip("addr", "add", "192.0.2.7/24", "dev", "lo")
        self.host.ip("addr", "add", "2001:db8::7/64", "dev", "lo")
        lab.run(self.prefix("sysctl", "-qw", "net.ipv4.ping_group_range=0 2147483647"))
        page = lab.shared("page")
        with open(os.path.join(page, "page"), "w", encoding="ascii") as file:
            file.write(PAGE)
        self.web = lab.spawn(self.prefix("/usr/bin/python3", "-u", "-m", "http.server", "-b", "::",
                                         "-d", page, "8000"))
        self.web.wait_output(b"Serving HTTP")
        self.names = lab.spawn(self.prefix("/usr/bin/python3", "-c", NAME_SERVER))
        self.names.wait_output(b"ready")

    def remove(self):
        os.unlink(os.path.join(self.etc, "resolv.conf"))
        os.rmdir(self.etc)


class Ordinary:
    """As an ordinary user without any capability, in the world's namespace."""

    def __init__(self, world):
        self.world = world

    def prefix(self, *argv):
        return self.world.prefix(*as_user(NOBODY, *argv))


class Guests:
    """Hosts that are plugged in with vdens."""

    def __init__(self, lab, world, switchd):
        self.lab, self.world, self.switchd = lab, world, switchd
        self.lease = lab.write("udhcpc.sh", UDHCPC, 0o755)
        self.scripts = {name: lab.write(name, text) for name, text in (
            ("fetch", FETCH), ("serve", SERVE_ONE))}

    def run(self, script):
        """It has a lease and a route when the script begins."""
        up = (f"ip link set lo up; ip link set vde0 up; "
              f"busybox udhcpc -i vde0 -n -q -t 20 -s {self.lease};"
              " ip route add default via 10.0.2.2; ")
        return self.lab.spawn(self.world.prefix("vdens", self.switchd.bridge.directory, "sh", "-c",
                                                f"{up}{script}; echo DONE"))

    def said(self, script):
        text = self.run(script).wait_output(b"DONE\n", 90).decode()
        assert "LEASE" in text
        return text

    def fetch(self, url, patience=20):
        return self.said(f"/usr/bin/python3 {self.scripts['fetch']} {url} {patience}")


def test_a_guest_gets_a_lease_names_and_pages_without_any_right(lab):
    """Switch and machine belong to an ordinary user without any capability."""
    guest.build(GUESTS)
    world = World(lab)
    user = Ordinary(world)
    switchd = Switchd(lab, "--nat", inside=user)
    for name in ("Uid:\\t65534", "CapEff:\\t0+\n"):
        with open(f"/proc/{switchd.process.pid}/status", encoding="ascii") as status:
            assert re.search(name, status.read())
    serial = os.path.join(switchd.place, "serial")
    machine = lab.spawn(user.prefix(*guest.command_line(
        GUESTS, serial, f"vde,sock={switchd.bridge.directory}", "52:54:00:00:00:01", run=BOOT)))
    await_word(serial, "RUN-STATUS 0", machine)
    shown = said(serial)
    assert "LEASE 10.0.2.15" in shown
    assert shown.count(PAGE.strip()) == 3, shown
    assert shown.count("1 packets received") == 2, shown
    (port,) = [each for each in switchd.ask("ports") if each["name"] == "nat"]
    assert port["type"] == "nat" and port["place"] == "10.0.2.0"
    assert machine.wait(BOOT_S) == 0


def test_guests_reach_each_other_beside_it(lab):
    world = World(lab)
    switchd = Switchd(lab, "--nat", inside=world)
    guests = Guests(lab, world, switchd)
    first = guests.run("echo UP; cat")
    first.wait_output(b"UP")
    said = guests.said("ping -c 2 -W 20 10.0.2.15")
    assert "LEASE 10.0.2.16" in said and "2 received" in said


def test_with_restrict_there_is_no_way_out_and_forwards_still_lead_in(lab):
    world = World(lab)
    switchd = Switchd(lab, "--port", "type=nat,name=out,restrict=on", inside=world)
    guests = Guests(lab, world, switchd)
    for url in ("http://192.0.2.7:8000/page", "http://10.0.2.2:8000/page"):
        assert "ERROR" in guests.fetch(url, 3)
    server = guests.run(f"/usr/bin/python3 {guests.scripts['serve']} 1")
    lease = re.search(rb"LEASE (\S+)", server.wait_output(b"SERVING"))[1].decode()
    assert switchd.ctl("add-forward", f"tcp:127.0.0.1:2222-{lease}:22").returncode == 0
    done = lab.run(world.prefix("/usr/bin/python3", "-c", SHOUT, "127.0.0.1", "2222"))
    assert done.stdout == "HEARD b'QUIETLY'\n", done


def test_without_loopback_the_routers_address_is_only_the_routers(lab):
    world = World(lab)
    switchd = Switchd(lab, "--port", "type=nat,name=out,loopback=off", inside=world)
    guests = Guests(lab, world, switchd)
    assert "ERROR" in guests.fetch("http://10.0.2.2:8000/page", 3)
    assert "PAGE" in guests.fetch("http://192.0.2.7:8000/page")


def test_forwards_come_and_go(lab):
    world = World(lab)
    switchd = Switchd(lab, "--port",
                      "type=nat,name=out,forward=tcp:127.0.0.1:2222-10.0.2.15:22"
                      "+tcp:[::1]:2223-[fec0::15]:22", inside=world)
    guests = Guests(lab, world, switchd)
    server = guests.run(f"/usr/bin/python3 {guests.scripts['serve']} 3")
    server.wait_output(b"SERVING")

    def shout(port):
        return lab.run(world.prefix("/usr/bin/python3", "-c", SHOUT, "127.0.0.1", str(port)))

    assert switchd.ask("forwards") == [{"host": "tcp:127.0.0.1:2222", "guest": "10.0.2.15:22"},
                                       {"host": "tcp:[::1]:2223", "guest": "[fec0::15]:22"}]
    assert shout(2222).stdout == "HEARD b'QUIETLY'\n"
    assert "Connection refused" in shout(2224).stderr
    assert switchd.ctl("add-forward", "tcp:127.0.0.1:2224-10.0.2.15:22", "out").returncode == 0
    assert shout(2224).stdout == "HEARD b'QUIETLY'\n"
    assert switchd.ctl("del-forward", "tcp:127.0.0.1:2222").returncode == 0
    assert "Connection refused" in shout(2222).stderr
    assert "tcp:127.0.0.1:2224" in switchd.ctl("forwards").stdout
    assert switchd.ctl("del-port", "out").returncode == 0
    assert "Connection refused" in shout(2224).stderr
    assert "there is no NAT" in switchd.ctl("forwards").stderr


@pytest.mark.parametrize("words, reason", [
    ("net=10.0.2.0", "net: '10.0.2.0' is no network of IPv4"),
    ("net=10.0.2.0/28", "is no network of IPv4"),
    ("net=10.0.2.1/24", "the bits behind the network's are to be zero"),
    ("net6=fec0::/63", "is no network of IPv6"),
    ("net6=fec0::1/64", "the bits behind the network's are to be zero"),
    ("restrict=yes", "restrict=yes is none (write on or off)"),
    ("forward=tcp:22", "'tcp:22' is no port of the host"),
    ("forward=tcp:127.0.0.1:22", "is no forward"),
    ("forward=tcp:127.0.0.1:22-:22", "is no forward"),
    ("forward=tcp:127.0.0.1:22-[fec0::15]:22", "both addresses are IPv4, or both IPv6"),
    ("forward=icmp:127.0.0.1:22-10.0.2.15:22", "is no port of the host"),
    ("forward=tcp:127.0.0.1:65536-10.0.2.15:22", "is no port of the host"),
    ("forward=tcp:127.0.0.1:22-10.0.3.15:22", "'10.0.3.15:22' is no guest of this NAT"),
    ("net6=off,forward=tcp:[::1]:22-[fec0::15]:22", "it has no IPv6: net6=off"),
    ("net=224.0.0.0/24", "is no network for guests"),
    ("forward=tcp:192.0.2.99:22-10.0.2.15:22", "cannot forward tcp:192.0.2.99:22-10.0.2.15:22"),
])
def test_what_cannot_be_is_refused_and_nothing_changes(lab, words, reason):
    switchd = Switchd(lab, inside=lab.namespace())
    done = switchd.ctl("add-port", "type=nat,name=a," + words)
    assert done.returncode == 1 and reason in done.stderr and done.stderr.count("\n") == 1, done
    assert switchd.ask("ports") == []


def test_a_port_of_the_host_that_is_taken_is_refused(lab):
    world = World(lab)
    switchd = Switchd(lab, "--nat", inside=world)
    done = switchd.ctl("add-forward", "tcp:127.0.0.1:8000-10.0.2.15:22")
    assert done.returncode == 1 and "Address already in use" in done.stderr
    assert switchd.ask("forwards") == []
    for _ in range(2):
        done = switchd.ctl("add-forward", "tcp:127.0.0.1:2222-10.0.2.15:22")
    assert "there is tcp:127.0.0.1:2222-10.0.2.15:22 already" in done.stderr
    assert "nothing is forwarded from tcp:127.0.0.1:1" in \
        switchd.ctl("del-forward", "tcp:127.0.0.1:1").stderr


ROUTER, GUEST = bytes.fromhex("52550a000202"), bytes.fromhex("020000000077")


def syn(source_port):
    """A request for a connection to somewhere, of a guest that has asked for no lease."""
    addresses = ipv4_octets("10.0.2.77") + ipv4_octets("192.0.2.7")
    segment = with_checksum(struct.pack(">HHIIBBHHH", source_port, 8000, 1, 0, 0x50, 2, 1000, 0, 0),
                            16, addresses + struct.pack(">HH", TCP, 20))
    header = with_checksum(struct.pack(">BBHHHBBH", 0x45, 0, 40, 1, 0, 64, TCP, 0) + addresses,
                           10, b"")
    return frame(ROUTER, GUEST, header + segment, ethertype=0x0800)


def ping6(destination):
    """An echo request to where libslirp cannot bring it, of which it says so."""
    addresses = ipv6_octets("fec0::77") + ipv6_octets(destination)
    message = with_checksum(bytes((128, 0, 0, 0, 0, 1, 0, 1)), 2,
                            addresses + struct.pack(">II", 8, ICMPV6))
    return frame(ROUTER, GUEST, struct.pack(">IHBB", 6 << 28, 8, ICMPV6, 255) + addresses + message,
                 ethertype=0x86DD)


def test_a_guest_that_opens_too_much_leaves_descriptors_to_the_others(lab):
    world = World(lab)
    switchd = Switchd(lab, "--nat", inside=world)
    flood, one, two = (switchd.plug(name, port) for name, port in
                       (("flood", 5), ("one", 6), ("two", 7)))
    for _ in range(20):  # which is not to move the limit
        for command in ("add-forward", "del-forward"):
            forward = "tcp:127.0.0.1:2222" + ("-10.0.2.15:22" if command == "add-forward" else "")
            assert switchd.ctl(command, forward).returncode == 0
    for number in range(6000):
        flood.send(syn(1000 + number))

    def overloaded():
        (nat,) = [each for each in switchd.ask("ports") if each["name"] == "nat"]
        return nat["drops"].get("overload", 0)

    wait_until(overloaded, lambda: switchd.ctl("ports").stdout)
    assert open_descriptors(switchd.process.pid) < 4200
    late = switchd.plug("late", 8)
    for plug in (one, two, late):
        assert not plug.is_unplugged()
    # What opens no socket passes: somebody else gets a lease.
    guests = Guests(lab, world, switchd)
    guests.said(":")


class FewDescriptors:
    """A namespace in which a process may open 200 files."""

    def __init__(self, namespace):
        self.namespace = namespace

    def prefix(self, *argv):
        return self.namespace.prefix("sh", "-c", 'ulimit -n 200; exec "$@"', "sh", *argv)


def test_who_comes_from_outside_leaves_descriptors_to_the_others(lab):
    """By one NAT's forward, and with a second NAT that guests fill."""
    world = World(lab)
    switchd = Switchd(lab, "--port", "type=nat,name=out,forward=tcp:127.0.0.1:2222-10.0.2.15:22",
                      "--port", "type=nat,name=too", inside=FewDescriptors(world))
    flood = switchd.plug("flood", 5)
    for number in range(150):
        flood.send(syn(1000 + number))
    dialler = lab.spawn(world.prefix("/usr/bin/python3", "-c", DIAL, "2222", "250"))
    dialler.wait_output(b"DIALLED")
    wait_until(lambda: open_descriptors(switchd.process.pid) > 120,
               lambda: f"{open_descriptors(switchd.process.pid)} descriptors")
    one, two = switchd.plug("one", 6), switchd.plug("two", 7)
    one.send(frame(source=mac(6), payload=b"alive"))
    two.receive_until(frame(source=mac(6), payload=b"alive"))
    assert open_descriptors(switchd.process.pid) < 170


def test_what_the_library_says_of_guests_goes_nowhere(lab):
    world = World(lab)
    switchd = Switchd(lab, "--nat", inside=world)
    bad, one, two = (switchd.plug(name, port) for name, port in
                     (("bad", 5), ("one", 6), ("two", 7)))
    for _ in range(100):
        bad.send(ping6("2001:db8::99"))
    one.send(frame(source=mac(6), payload=b"alive"))
    two.receive_until(frame(source=mac(6), payload=b"alive"))
    assert switchd.process.errors() == ""


def test_a_fragment_does_not_reach_the_library_that_would_die_of_it(lab):
    switchd = Switchd(lab, "--nat", inside=World(lab))
    bad, one, two = (switchd.plug(name, port) for name, port in
                     (("bad", 5), ("one", 6), ("two", 7)))
    bad.send(bytes.fromhex("52550a000202 020000000077 0800 45000018 09f41877 01018b2e"
                           "0a00024d ffffffff d0312fce"))
    wait_until(lambda: switchd.ask("drops")["total"].get("fragment") == 1,
               lambda: switchd.ctl("drops").stdout)
    alive = frame(source=mac(6), payload=b"alive")
    one.send(alive)
    two.receive_until(alive)
