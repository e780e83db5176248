"""Ports whose peers send datagrams: QEMU's -netdev dgram and socket, and vfkit's way."""

import os
import socket

import pytest

import guest
from frame import frame, mac
from test_ports import port_of
from test_qemu import BOOT_S, GUESTS, await_word, said
from test_switchd import Switchd
from wait import wait_until

pytestmark = pytest.mark.ours_only("switchd is ours alone")


def unix_peer(lab, path, connect=None):
    peer = lab.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
    peer.bind(path)
    peer.settimeout(20)
    if connect:
        peer.connect(connect)
    return peer


def udp_peer(lab, port=0):
    peer = lab.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    peer.bind(("127.0.0.1", port))
    peer.settimeout(20)
    return peer


def test_a_peer_is_learned_and_another_takes_its_place(lab):
    switchd = Switchd(lab, "--port", "type=dgram,name=vm1")
    plug = switchd.plug("plug", 5)
    place = os.path.join(switchd.run_dir, "vm1.sock")
    for number in range(3):
        path = os.path.join(switchd.place, f"peer{number}")
        peer = unix_peer(lab, path)
        data = frame(source=mac(2), payload=bytes([number]))
        peer.sendto(data, place)
        assert plug.receive() == data
        assert path in port_of(switchd, "vm1")["place"]
        back = frame(mac(2), mac(3), payload=bytes([number]))
        plug.send(back)
        assert peer.recv(2000) == back
        peer.close()
    assert switchd.process.stop() == 0
    assert not os.path.exists(place)


def test_vfkit_greets_and_is_answered(lab):
    switchd = Switchd(lab, "--port", "type=dgram,name=vm1")
    plug = switchd.plug("plug", 5)
    peer = unix_peer(lab, os.path.join(switchd.place, "vfkit"),
                     os.path.join(switchd.run_dir, "vm1.sock"))
    peer.send(b"VFKT")
    wait_until(lambda: "vfkit" in port_of(switchd, "vm1")["place"], "a peer")
    plug.send(frame(payload=b"welcome"))
    assert peer.recv(2000) == frame(payload=b"welcome")
    assert not port_of(switchd, "vm1")["drops"]


def test_udp_has_one_peer_and_nobody_else(lab):
    peer, stranger = udp_peer(lab), udp_peer(lab)
    remote = peer.getsockname()[1]
    switchd = Switchd(lab, "--port", f"type=dgram,name=vm1,local=udp:127.0.0.1:0,"
                                     f"remote=udp:127.0.0.1:{remote}")
    plug = switchd.plug("plug", 5)
    place = port_of(switchd, "vm1")["place"].split(" with ")[0]
    ours = ("127.0.0.1", int(place.rsplit(":", 1)[1]))
    stranger.sendto(frame(source=mac(9), payload=b"strange"), ours)
    peer.sendto(frame(source=mac(2), payload=b"hello"), ours)
    assert plug.receive() == frame(source=mac(2), payload=b"hello")
    plug.send(frame(payload=b"and back"))
    assert peer.recv(2000) == frame(payload=b"and back")
    # It goes, and comes again.
    peer.close()
    for _ in range(5):
        plug.send(frame(payload=b"nobody"))
    wait_until(lambda: port_of(switchd, "vm1")["drops"].get("port_gone"),
               lambda: switchd.ctl("ports").stdout)
    peer = udp_peer(lab, remote)
    peer.sendto(frame(source=mac(2), payload=b"again"), ours)
    assert plug.receive() == frame(source=mac(2), payload=b"again")


def test_a_group_hears_each_other_and_nobody_himself(lab):
    host = lab.namespace()
    group = "type=dgram,remote=udp:230.0.0.1:1234,local=udp:127.0.0.1:0,name="
    one = Switchd(lab, "--port", group + "lan", inside=host, place="one")
    two = Switchd(lab, "--port", group + "lan", inside=host, place="two")
    here, there = one.plug("plug", 5), two.plug("plug", 5)
    for number in range(50):
        data = frame(source=mac(2), payload=bytes([number]))
        here.send(data)
        assert there.receive() == data
        back = frame(source=mac(3), payload=bytes([number]))
        there.send(back)
        assert here.receive() == back
    assert here.pending() == [] and there.pending() == []
    assert port_of(one, "lan")["in"]["packets"] == 50


@pytest.mark.parametrize("words, reason", [
    ("local=unix:x", "local: 'unix:x' is no address of datagrams"),
    ("local=udp:127.0.0.1:5", "a dgram of UDP needs a remote address"),
    ("remote=udp:127.0.0.1:5", "a dgram of UDP needs a local address"),
    ("local=unix:/x,remote=udp:127.0.0.1:5", "local and remote are of different kinds"),
    ("local=unix:/x,remote=unix:/x", "local and remote are the same"),
    ("local=udp:127.0.0.1:5,remote=udp:127.0.0.1:5", "local and remote are the same"),
    ("local=udp:127.0.0.1:5,remote=udp:127.0.0.1:0", "nobody is at port 0"),
    ("local=udp:127.0.0.1:5,remote=udp:[::1]:5", "local and remote are of different kinds"),
    ("local=udp:127.0.0.1:5,remote=udp:230.0.0.1:5", "multicast is received on the group's port"),
    ("local=udp:192.0.2.1:5,remote=udp:127.0.0.1:5", "cannot receive on udp:192.0.2.1:5"),
    ("local=udp:192.0.2.1:0,remote=udp:230.0.0.1:5", "cannot join udp:230.0.0.1:5"),
    ("local=unix:/nowhere/x", "No such file or directory"),
    ("local=udp:127.0.0.1:0,remote=udp:127.0.0.1:5,mode=600", "mode is for a unix socket"),
    ("mode=9", "mode"),
])
def test_what_cannot_be_is_refused_and_nothing_changes(lab, words, reason):
    switchd = Switchd(lab, inside=lab.namespace())
    done = switchd.ctl("add-port", "type=dgram,name=a," + words)
    assert done.returncode == 1 and reason in done.stderr and done.stderr.count("\n") == 1, done
    assert switchd.ask("ports") == []


def test_a_socket_that_is_in_use_is_left_alone_and_a_deserted_one_replaced(lab):
    switchd = Switchd(lab)
    path = os.path.join(switchd.place, "used")
    peer = unix_peer(lab, path)
    done = switchd.ctl("add-port", f"type=dgram,name=a,local=unix:{path}")
    assert done.returncode == 1 and "it is in use" in done.stderr
    peer.close()
    assert switchd.ctl("add-port", f"type=dgram,name=a,local=unix:{path}").returncode == 0
    file = lab.write("notes", "mine")
    assert "in use" in switchd.ctl("add-port", f"type=dgram,name=b,local=unix:{file}").stderr
    with open(file, encoding="ascii") as text:
        assert text.read() == "mine"


def test_a_peer_that_stops_reading_harms_nobody(lab):
    switchd = Switchd(lab, "--port", "type=dgram,name=deaf")
    one, two = switchd.plug("one", 5), switchd.plug("two", 6)
    peer = unix_peer(lab, os.path.join(switchd.place, "deaf"))
    peer.sendto(frame(source=mac(9), payload=b"hello"), os.path.join(switchd.run_dir, "deaf.sock"))
    for each in (one, two):
        assert each.receive() == frame(source=mac(9), payload=b"hello")
    for number in range(3000):
        data = frame(payload=number.to_bytes(4, "big") + bytes(1400))
        one.send(data)
        assert two.receive() == data
    assert port_of(switchd, "deaf")["drops"].get("queue_full", 0) > 0


def test_guests_on_datagrams_are_one_network(lab):
    """QEMU's dgram on a unix socket and on UDP, and its older socket,mcast."""
    guest.build(GUESTS)
    host = lab.namespace()
    switchd = Switchd(
        lab, "--port", "type=dgram,name=vm1", "--port",
        "type=dgram,name=vm2,local=udp:127.0.0.1:7001,remote=udp:127.0.0.1:7002", "--port",
        "type=dgram,name=vm3,remote=udp:230.0.0.1:1234,local=udp:127.0.0.1:0", inside=host)
    ours = os.path.join(switchd.run_dir, "vm1.sock")
    theirs = os.path.join(switchd.place, "qemu.sock")
    netdevs = {1: f"dgram,local.type=unix,local.path={theirs},remote.type=unix,remote.path={ours}",
               2: "dgram,local.type=inet,local.host=127.0.0.1,local.port=7002,"
                  "remote.type=inet,remote.host=127.0.0.1,remote.port=7001",
               3: "socket,mcast=230.0.0.1:1234,localaddr=127.0.0.1"}
    everybody = {number: f"10.9.0.{number}" for number in netdevs}
    guests = []
    for number, netdev in netdevs.items():
        others = [address for each, address in everybody.items() if each != number]
        run = " && ".join(f"until ping -c 1 -W 1 {each}; do :; done; ping -c 3 -s 1400 {each}"
                          for each in others)
        serial = lab.path(f"serial{number}")
        guests.append((lab.spawn(host.prefix(*guest.command_line(
            GUESTS, serial, netdev, f"52:54:00:00:00:0{number}", ip=f"10.9.0.{number}/24",
            peer=others[0], stay=1, run=run))), serial))
    for process, serial in guests:
        await_word(serial, "RUN-STATUS 0", process)
        assert "0% packet loss" in said(serial)
    learned = {each["mac"]: each["port"] for each in switchd.ask("macs")}
    for number in netdevs:
        assert learned[f"52:54:00:00:00:0{number}"] == port_of(switchd, f"vm{number}")["port"]
    # One goes, and comes again at the same place.
    guests[0][0].stop()
    serial = lab.path("serial4")
    process = lab.spawn(host.prefix(*guest.command_line(
        GUESTS, serial, netdevs[1], "52:54:00:00:00:04", ip="10.9.0.4/24", peer="10.9.0.2")))
    await_word(serial, "PING-OK", process)
    assert process.wait(BOOT_S) == 0
