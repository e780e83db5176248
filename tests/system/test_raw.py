"""Ports on interfaces that the kernel has already."""

import json
import os
import re
import subprocess

import pytest

from frame import frame, mac, tag
from lab import NOBODY, as_user
from test_ports import await_carrier, port_of
from switch import Switch
from test_switchd import Switchd, refused
from wait import wait_until

pytestmark = pytest.mark.ours_only("switchd is ours alone")

# A host sends what it is asked to: lines of hexadecimal.
SPEAKER = """
import socket, sys
link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
link.bind((sys.argv[1], 0))
print("ready", flush=True)
for line in sys.stdin:
    link.send(bytes.fromhex(line))
"""


def cable(lab, here="sw0", there="eth0"):
    """Two namespaces, an interface in each, connected with each other. The hosts keep quiet."""
    switch_side, host = lab.namespace(), lab.namespace()
    switch_side.ip("link", "add", here, "type", "veth", "peer", "name", there,
                   "netns", host.name)
    for namespace, link in ((switch_side, here), (host, there)):
        lab.run(namespace.prefix("sysctl", "-qw", f"net.ipv6.conf.{link}.disable_ipv6=1"))
        namespace.ip("link", "set", link, "up")
    return switch_side, host


def speaker(lab, host, link="eth0"):
    process = lab.spawn(host.prefix("/usr/bin/python3", "-B", "-c", SPEAKER, link),
                        stdin=subprocess.PIPE)
    process.wait_output(b"ready\n")
    return lambda data: process.write(data.hex().encode() + b"\n")


def listener(lab, host, link="eth0"):
    """Reads frames in the host's namespace as they came, with their tags."""
    process = lab.spawn(host.prefix("sh", "-c", f"exec tcpdump -i {link} -Q in -l -xx -n"
                                                " --immediate-mode 2>&1"))
    process.wait_output(b"listening on")
    return process


def heard(process):
    """The frames that tcpdump has printed, the last perhaps not whole."""
    frames, current = [], b""
    for line in process.output().decode().splitlines():
        octets = re.match(r"\s+0x[0-9a-f]+:\s+([0-9a-f ]+)$", line)
        if octets:
            current += bytes.fromhex(octets[1].replace(" ", ""))
        elif current:
            frames.append(current)
            current = b""
    return frames + [current]


def test_frames_pass_both_ways_and_nothing_comes_back(lab):
    inside, host = cable(lab)
    switchd = Switchd(lab, "--port", "type=raw,ifname=sw0,name=uplink", inside=inside)
    plug = switchd.plug("plug", 5)
    say = speaker(lab, host)
    other = frame(mac(77), mac(2), payload=b"for whoever")  # the card is promiscuous
    say(other)
    assert plug.receive() == other
    ears = listener(lab, host)
    answer = frame(mac(2), mac(3), payload=b"answer")
    plug.send(answer)
    wait_until(lambda: answer in heard(ears), lambda: str(ears))
    say(frame(mac(3), mac(2), payload=b"last"))
    assert plug.receive() == frame(mac(3), mac(2), payload=b"last")
    assert port_of(switchd, "uplink")["in"]["packets"] == 2  # not what it sent itself
    assert plug.pending() == []


@pytest.mark.parametrize("tags", [tag(42, 3), tag(42, 3, 0x88A8), tag(7, 0) + tag(42, 5),
                                  tag(0, 6), tag(4094, 7, dei=1)])
def test_tags_that_the_kernel_took_off_are_put_back(lab, tags):
    inside, host = cable(lab)
    switchd = Switchd(lab, "--port", "type=raw,ifname=sw0,name=uplink,number=1", inside=inside)
    plug = switchd.plug("plug", 5)
    assert switchd.ctl("add-flow", "priority=9,in_port=1,actions=output:5").returncode == 0
    assert switchd.ctl("add-flow", "priority=9,in_port=5,actions=output:1").returncode == 0
    say = speaker(lab, host)
    data = frame(mac(77), mac(2), tags=tags, payload=b"tagged")
    say(data)
    assert plug.receive() == data
    ears = listener(lab, host)
    back = frame(mac(2), mac(77), tags=tags, payload=b"and back")
    plug.send(back)
    wait_until(lambda: back in heard(ears), lambda: str(ears))


def test_large_packets_pass_whole_and_right(lab):
    """A transfer between a host behind a veth and one behind a TAP, with the checksums looked at."""
    inside, host = cable(lab)
    switchd = Switchd(lab, "--port", "type=raw,ifname=sw0,name=uplink", "--port",
                      "type=tap,name=lab0", inside=inside)
    other = lab.namespace()
    inside.ip("link", "set", "lab0", "netns", other.name)
    other.configure("lab0", "10.9.0.2/24")
    host.configure("eth0", "10.9.0.1/24")
    for here, there, address in ((host, other, "10.9.0.2"), (other, host, "10.9.0.1")):
        before = {each["name"]: each["in"] for each in switchd.ask("ports")}
        server = lab.spawn(there.prefix("iperf3", "-s", "-1", "--forceflush"))
        server.wait_output(b"Server listening")
        done = lab.run(here.prefix("iperf3", "-c", address, "-n", "200M", "-J"))
        assert done.returncode == 0, done
        assert json.loads(done.stdout)["end"]["sum_received"]["bytes"] > 190_000_000
        name = "uplink" if here is host else "lab0"
        packets = port_of(switchd, name)["in"]["packets"] - before[name]["packets"]
        assert packets < 200_000_000 / 3000, "large packets were cut"
        counters = lab.run(there.prefix("nstat", "-asz", "TcpInCsumErrors")).stdout
        assert re.search(r"TcpInCsumErrors\s+0\s", counters), counters
    assert switchd.ask("drops")["total"].get("bad_offload", 0) == 0


def test_who_takes_no_large_packets_gets_them_cut_and_summed(lab):
    """From a veth with offloads to one without any, where the kernel looks at each checksum."""
    inside, host = cable(lab)
    inside.ip("link", "add", "sw1", "type", "veth", "peer", "name", "eth1")
    other = lab.namespace()
    inside.ip("link", "set", "eth1", "netns", other.name)
    switchd = Switchd(lab, "--port", "type=raw,ifname=sw0,name=one", "--port",
                      "type=raw,ifname=sw1,name=two", inside=inside)
    inside.ip("link", "set", "sw1", "up")
    for namespace, link in ((inside, "sw1"), (other, "eth1")):
        lab.run(namespace.prefix("ethtool", "-K", link, "tx", "off", "rx", "off", "tso", "off",
                                 "gso", "off", "gro", "off"))
    host.configure("eth0", "10.9.0.1/24")
    other.configure("eth1", "10.9.0.2/24")
    server = lab.spawn(other.prefix("iperf3", "-s", "-1", "--forceflush"))
    server.wait_output(b"Server listening")
    done = lab.run(host.prefix("iperf3", "-c", "10.9.0.2", "-n", "50M", "-J"))
    assert done.returncode == 0, done
    counters = lab.run(other.prefix("nstat", "-asz", "TcpInCsumErrors")).stdout
    assert re.search(r"TcpInCsumErrors\s+0\s", counters), counters
    assert port_of(switchd, "one")["drops"].get("bad_offload", 0) == 0


def test_an_interface_that_goes_down_comes_back_and_one_that_is_deleted_does_not(lab):
    inside, host = cable(lab)
    switchd = Switchd(lab, "--port", "type=raw,ifname=sw0,name=uplink", inside=inside)
    plug, other = switchd.plug("plug", 5), switchd.plug("other", 6)
    say = speaker(lab, host)
    inside.ip("link", "set", "sw0", "down")
    plug.send(frame(source=mac(3), payload=b"nobody there"))
    assert other.receive() == frame(source=mac(3), payload=b"nobody there")
    wait_until(lambda: port_of(switchd, "uplink")["drops"].get("port_down"),
               lambda: switchd.ctl("ports").stdout)
    inside.ip("link", "set", "sw0", "up")
    host.ip("link", "set", "eth0", "up")
    wait_until(lambda: "LOWER_UP" in lab.run(["ip", "-n", host.name, "link", "show", "eth0"]).stdout,
               "a link")
    say(frame(source=mac(2), payload=b"again"))
    for each in (plug, other):
        assert each.receive() == frame(source=mac(2), payload=b"again")
    inside.ip("link", "del", "sw0")
    await_carrier(switchd, "uplink", False)
    assert "it was deleted" in switchd.ctl("ports").stdout
    plug.send(frame(source=mac(3), payload=b"alive"))
    assert other.receive() == frame(source=mac(3), payload=b"alive")
    assert switchd.ctl("del-port", "uplink").returncode == 0


def test_the_interface_stays_as_it_was(lab):
    inside, _host = cable(lab)

    def settings():
        shown = json.loads(lab.run(["ip", "-n", inside.name, "-d", "-j", "link", "show",
                                    "sw0"]).stdout)[0]
        return shown["flags"], shown["promiscuity"], shown["mtu"], shown["operstate"]

    before = settings()
    switchd = Switchd(lab, "--port", "type=raw,ifname=sw0,name=uplink", inside=inside)
    flags, promiscuity, *others = settings()
    assert (flags, promiscuity, others) == (before[0], 1, list(before[2:]))
    assert switchd.process.stop() == 0
    assert settings() == before


@pytest.mark.parametrize("words, reason", [
    ("type=raw,ifname=nowhere", "there is no interface 'nowhere'"),
    ("type=raw,ifname=tun0", "interface tun0 carries no Ethernet frames"),
    ("type=raw,ifname=" + "x" * 300, "there is no interface"),
])
def test_what_is_no_interface_for_it_is_refused(lab, words, reason):
    host = lab.namespace()
    host.ip("tuntap", "add", "dev", "tun0", "mode", "tun")
    host.ip("link", "set", "tun0", "up")
    switchd = Switchd(lab, inside=host)
    done = switchd.ctl("add-port", words + ",name=a")
    assert done.returncode == 1 and reason in done.stderr and done.stderr.count("\n") == 1, done
    assert switchd.ask("ports") == []


def test_who_may_not_is_told_what_it_needs(lab):
    argv = as_user(NOBODY, lab.programs.switchd, "--run-dir", lab.shared("place") + "/run", "--port",
                   "type=raw,name=lo")
    status, reason = refused(lab, *argv)
    assert status == 1 and "no right to open a packet socket on lo" in reason
    assert "CAP_NET_RAW" in reason and "unshare -rn" in reason


def test_an_ordinary_user_has_it_in_a_namespace_of_his_own(lab):
    """One veth between two namespaces of his, and no device is needed."""
    script = ("ip link add sw0 type veth peer name eth0 && ip link set sw0 up && "
              "ip link set eth0 up && exec \"$@\"")

    class Own:
        def prefix(self, *argv):
            return as_user(NOBODY, "unshare", "--user", "--map-root-user", "--net", "sh", "-c",
                           script, "sh", *argv)

    console = os.path.join(lab.shared("console"), "mg")
    switchd = Switchd(lab, "--port", "type=raw,name=sw0", "--mgmt", console, inside=Own())
    bridge = Switch(switchd.bridge.directory, console)
    plug = lab.vde_plug(bridge, 5, user=NOBODY)
    ears = lab.spawn(as_user(NOBODY, "nsenter", "--target", str(switchd.process.pid), "--user",
                             "--net", "--preserve-credentials", "/usr/bin/python3", "-c",
                             "import socket; s = socket.socket(17, 3); s.bind(('eth0', 3));"
                             " print('ready', flush=True)\n"
                             "while 1:\n  data = s.recv(2000)\n"
                             "  if b'hello' in data: print(data.hex(), flush=True)"))
    ears.wait_output(b"ready\n")
    plug.send(frame(payload=b"hello"))
    ears.wait_output(frame(payload=b"hello").hex().encode())
    bridge.close_console()
