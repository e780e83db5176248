"""Ports that are asked for by name: TAPs, and sockets for QEMU and others."""

import json
import os
import socket
import struct

import pytest

import guest
from frame import frame, mac
from test_qemu import BOOT_S, GUESTS, await_word, said
from test_switchd import Switchd, refused
from wait import wait_until

pytestmark = pytest.mark.ours_only("switchd is ours alone")


def port_of(switchd, name):
    return next(each for each in switchd.ask("ports") if each["name"] == name)


def await_carrier(switchd, name, there=True):
    wait_until(lambda: port_of(switchd, name)["active"] == there,
               lambda: f"{name}: {switchd.ctl('ports').stdout}")


class Peer:
    """Somebody who speaks frames in a stream."""

    def __init__(self, lab, stream):
        self.stream = lab.closing(stream)
        self.stream.settimeout(20)

    def send(self, data):
        self.stream.sendall(struct.pack(">I", len(data)) + data)

    def receive(self):
        length = struct.unpack(">I", self._read(4))[0]
        return self._read(length)

    def has_been_left(self):
        try:
            return self.stream.recv(1) == b""
        except ConnectionResetError:
            return True

    def _read(self, count):
        data = b""
        while len(data) < count:
            some = self.stream.recv(count - len(data))
            assert some, "the switch closed the connection"
            data += some
        return data


def connected(lab, switchd, name):
    stream = socket.socket(socket.AF_UNIX)
    stream.connect(os.path.join(switchd.run_dir, f"{name}.sock"))
    return Peer(lab, stream)


# -- asked for, changed and removed

def test_ports_come_and_go_under_their_names(lab):
    host = lab.namespace()
    switchd = Switchd(lab, "--port", "type=stream,name=vm1,number=9", inside=host)
    assert "9, vm2" not in switchd.ctl("add-port", "type=stream,name=vm2").stdout
    assert switchd.ctl("add-port", "type=tap,ifname=lab0").stdout == "port 2, lab0: lab0\n"
    ports = {each["port"]: (each["name"], each["type"], each["active"])
             for each in switchd.ask("ports")}
    assert ports == {9: ("vm1", "stream", False), 1: ("vm2", "stream", False),
                     2: ("lab0", "tap", True)}
    assert host.has_link("lab0") and os.path.exists(os.path.join(switchd.run_dir, "vm2.sock"))
    for name in ("lab0", "vm2"):
        assert switchd.ctl("del-port", name).returncode == 0
    assert not host.has_link("lab0")
    assert not os.path.exists(os.path.join(switchd.run_dir, "vm2.sock"))
    assert [each["name"] for each in switchd.ask("ports")] == ["vm1"]
    assert switchd.process.stop() == 0
    assert not os.path.exists(switchd.run_dir)


@pytest.mark.parametrize("words, reason", [
    ("type=tup", "'tup' is no type of port (tap, raw, stream, dgram, nat, patch)"),
    ("name=x", "it has no type"),
    ("type=tap,nam=x", "a tap has no key 'nam' (name, number, ifname, fd, persist)"),
    ("type=tap,name=x,name=y", "name is there twice"),
    ("type=tap,name", "'name' is no KEY=VALUE"),
    ("type=tap,name=", "name has no value"),
    ("type=stream,name=LOCAL", "in flows it means something else"),
    ("type=stream,name=17", "that is a number: add a letter"),
    ("type=stream,name=p3", "p and a number is that of a port that plugs get"),
    ("type=stream,name=a/b", "1 to 15 letters, digits"),
    ("type=stream,name=taken", "there is a port with this name already: taken"),
    ("type=stream,number=1", "number 1 is taken by port taken (choose another)"),
    ("type=stream,number=0", "number=0 is none (1 to 65279)"),
    ("type=stream,addr=tcp:127.0.0.1", "addr=tcp:127.0.0.1 has no port (write tcp:ADDRESS:PORT)"),
    ("type=stream,addr=ssl:127.0.0.1:1", "a stream of frames has no TLS"),
    ("type=stream,addr=localhost:1", "it says no way to connect"),
    ("type=stream,addr=punix:/nowhere/x", "No such file or directory"),
    ("type=stream,mode=999", "mode"),
    ("type=stream,addr=tcp:127.0.0.1:1,mode=600", "mode is for a unix socket that is made"),
    ("type=tap,name=x,fd=77", "descriptor 77 is not open"),
    ("type=tap,name=x,fd=1", "descriptor 1 is no TAP"),
    ("type=tap,persist=maybe", "persist=maybe is none (write on or off)"),
])
def test_what_cannot_be_is_refused_and_nothing_changes(lab, words, reason):
    switchd = Switchd(lab, "--port", "type=stream,name=taken", inside=lab.namespace())
    done = switchd.ctl("add-port", words)
    assert done.returncode == 1 and reason in done.stderr and done.stderr.count("\n") == 1, done
    assert [each["name"] for each in switchd.ask("ports")] == ["taken"]


def test_a_command_line_that_cannot_be_ends_the_start(lab):
    place = lab.shared("place")
    argv = [lab.programs.switchd, "--run-dir", os.path.join(place, "run"), "--port"]
    assert refused(lab, *argv, "type=tap,nam=x")[0] == 2
    status, said_why = refused(lab, *argv, "type=stream,addr=punix:/nowhere/x")
    assert status == 1 and "port stream1: " in said_why and "/nowhere/x" in said_why
    assert not os.path.exists(os.path.join(place, "run"))


def test_the_configuration_file_has_the_same_keys(lab):
    config = lab.write("config", json.dumps({"port": [
        {"type": "stream", "name": "vm1", "number": 5}, "type=stream,name=vm2"]}))
    switchd = Switchd(lab, "--config", config)
    assert [(each["port"], each["name"]) for each in switchd.ask("ports")] == \
        [(1, "vm2"), (5, "vm1")]


def test_port_types_are_listed(lab):
    switchd = Switchd(lab)
    assert [each["type"] for each in switchd.ask("port-types")] == ["tap", "raw", "stream", "dgram",
                                                                   "nat", "patch"]
    shown = switchd.ctl("port-types").stdout
    for word in ("ifname", "punix:RUN-DIR/NAME.sock", "type=tap,name=tap0"):
        assert word in shown


# -- streams

def test_a_peer_comes_and_goes_and_only_one_is_there(lab):
    switchd = Switchd(lab, "--port", "type=stream,name=vm1")
    plug = switchd.plug("plug", 5)
    for _ in range(3):
        peer = connected(lab, switchd, "vm1")
        await_carrier(switchd, "vm1")
        assert connected(lab, switchd, "vm1").has_been_left()
        peer.send(frame(payload=b"from the stream"))
        assert plug.receive() == frame(payload=b"from the stream")
        plug.send(frame(source=mac(7), payload=b"to the stream"))
        assert peer.receive() == frame(source=mac(7), payload=b"to the stream")
        peer.stream.close()
        await_carrier(switchd, "vm1", False)


def test_it_connects_again_to_who_comes_back(lab):
    path = os.path.join(lab.shared("peer"), "socket")
    switchd = Switchd(lab, "--port", f"type=stream,name=up,addr=unix:{path}")
    plug = switchd.plug("plug", 5)
    for _ in range(2):
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen()
            listener.settimeout(30)
            peer = Peer(lab, listener.accept()[0])
        os.unlink(path)
        await_carrier(switchd, "up")
        peer.send(frame(payload=b"here"))
        assert plug.receive() == frame(payload=b"here")
        peer.stream.close()
        await_carrier(switchd, "up", False)


def test_a_port_that_is_down_has_no_peer(lab):
    switchd = Switchd(lab, "--port", "type=stream,name=vm1")
    peer = connected(lab, switchd, "vm1")
    await_carrier(switchd, "vm1")
    assert switchd.ctl("port-down", "vm1").returncode == 0
    assert peer.has_been_left() and connected(lab, switchd, "vm1").has_been_left()
    assert "down" in switchd.ctl("ports").stdout
    assert switchd.ctl("port-up", "vm1").returncode == 0
    connected(lab, switchd, "vm1")
    await_carrier(switchd, "vm1")


@pytest.mark.parametrize("said_first", [
    pytest.param(b"\xff\xff\xff\xff", id="all ones"),
    pytest.param(b"GET / HTTP/1.0\r\n\r\n", id="HTTP"),
    pytest.param(struct.pack(">I", 69633), id="a byte too much"),
    pytest.param(b"\x01" * 1_000_000, id="much")])
def test_who_speaks_something_else_loses_his_own_connection(lab, said_first):
    switchd = Switchd(lab, "--port", "type=stream,name=bad")
    one, two = switchd.plug("one", 5), switchd.plug("two", 6)
    peer = connected(lab, switchd, "bad")
    try:
        peer.stream.sendall(said_first)
    except OSError:
        pass  # he was left before he had said all
    assert peer.has_been_left()
    one.send(frame(payload=b"alive"))
    assert two.receive() == frame(payload=b"alive")
    connected(lab, switchd, "bad").send(frame(source=mac(8), payload=b"better"))
    assert two.receive() == frame(source=mac(8), payload=b"better")


def test_half_a_header_and_a_reader_that_stops_harm_nobody(lab):
    switchd = Switchd(lab, "--port", "type=stream,name=half", "--port", "type=stream,name=deaf")
    one, two = switchd.plug("one", 5), switchd.plug("two", 6)
    connected(lab, switchd, "half").stream.sendall(b"\0\0")
    connected(lab, switchd, "deaf")
    await_carrier(switchd, "half")
    await_carrier(switchd, "deaf")
    for number in range(3000):
        data = frame(payload=number.to_bytes(4, "big") + bytes(1400))
        one.send(data)
        assert two.receive() == data
    assert port_of(switchd, "deaf")["drops"].get("queue_full", 0) > 0
    assert set(port_of(switchd, "half")["drops"]) <= {"queue_full"}


# -- taps

def test_the_host_sees_whether_its_port_is_down(lab):
    host = lab.namespace()
    switchd = Switchd(lab, "--port", "type=tap,name=lab0", inside=host)
    host.configure("lab0", "10.9.0.1/24")

    def carrier():
        return lab.run(host.prefix("cat", "/sys/class/net/lab0/carrier")).stdout.strip()

    wait_until(lambda: carrier() == "1", "carrier")
    assert switchd.ctl("port-down", "lab0").returncode == 0
    wait_until(lambda: carrier() == "0", "no carrier")
    assert switchd.ctl("port-up", "lab0").returncode == 0
    wait_until(lambda: carrier() == "1", "carrier again")


def test_a_tap_that_is_deleted_leaves_its_port_without_a_peer(lab):
    host = lab.namespace()
    switchd = Switchd(lab, "--port", "type=tap,name=lab0", inside=host)
    host.configure("lab0", "10.9.0.1/24")
    host.ip("link", "del", "lab0")
    await_carrier(switchd, "lab0", False)
    assert "it was deleted" in switchd.ctl("ports").stdout
    assert switchd.ctl("del-port", "lab0").returncode == 0
    assert switchd.ctl("add-port", "type=tap,name=lab0").returncode == 0
    await_carrier(switchd, "lab0")


def test_a_persistent_tap_stays_and_is_taken_again(lab):
    host = lab.namespace()
    switchd = Switchd(lab, "--port", "type=tap,name=lab0,persist=on", inside=host)
    switchd.process.stop()
    assert host.has_link("lab0")
    again = Switchd(lab, "--port", "type=tap,name=lab0", inside=host, place="another")
    await_carrier(again, "lab0")


def test_one_of_several_queues_is_enough(lab):
    host = lab.namespace()
    host.ip("tuntap", "add", "dev", "lab0", "mode", "tap", "multi_queue")
    switchd = Switchd(lab, "--port", "type=tap,name=lab0", inside=host)
    await_carrier(switchd, "lab0")


# -- all at once

def test_machines_that_are_attached_in_four_ways_are_one_network(lab):
    """Two guests on QEMU's stream and legacy socket, one on VDE, and the host on a TAP."""
    guest.build(GUESTS)
    host = lab.namespace()
    switchd = Switchd(lab, "--port", "type=stream,name=vm1", "--port",
                      "type=stream,name=vm2,addr=ptcp:0:127.0.0.1", "--port", "type=tap,name=lab0",
                      inside=host)
    host.configure("lab0", "10.9.0.9/24")
    path = os.path.join(switchd.run_dir, "vm1.sock")
    tcp = port_of(switchd, "vm2")["place"].split(":")[1]
    netdevs = {1: f"stream,server=off,addr.type=unix,addr.path={path}",
               2: f"socket,connect=127.0.0.1:{tcp}",
               3: f"vde,sock={switchd.bridge.directory}"}
    everybody = {1: "10.9.0.1", 2: "10.9.0.2", 3: "10.9.0.3", 9: "10.9.0.9"}
    guests = {}
    for number, netdev in netdevs.items():
        others = [address for each, address in everybody.items() if each != number]
        run = " && ".join(f"until ping -c 1 -W 1 {each}; do :; done; ping -c 2 {each}"
                          for each in others)
        serial = lab.path(f"serial{number}")
        process = lab.spawn(host.prefix(*guest.command_line(
            GUESTS, serial, netdev, f"52:54:00:00:00:0{number}", ip=f"10.9.0.{number}/24",
            peer=others[0], stay=1, run=run)))
        guests[number] = process, serial
    for process, serial in guests.values():
        await_word(serial, "RUN-STATUS 0", process)
        assert "0% packet loss" in said(serial)
    for number in (1, 2, 3):
        done = lab.run(host.prefix("ping", "-c", "2", "-W", "5", everybody[number]))
        assert "2 received" in done.stdout, done
    learned = {each["mac"]: each["port"] for each in switchd.ask("macs")}
    assert learned["52:54:00:00:00:01"] == port_of(switchd, "vm1")["port"]
    assert learned["52:54:00:00:00:02"] == port_of(switchd, "vm2")["port"]

    # One goes, and another takes its place.
    process, _ = guests[1]
    process.stop()
    await_carrier(switchd, "vm1", False)
    serial = lab.path("serial4")
    process = lab.spawn(host.prefix(*guest.command_line(
        GUESTS, serial, netdevs[1], "52:54:00:00:00:04", ip="10.9.0.4/24", peer="10.9.0.3")))
    await_word(serial, "PING-OK", process)
    assert process.wait(BOOT_S) == 0
