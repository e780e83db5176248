"""A file system without room: a start that fails leaves nothing, a switch that runs goes on."""

import errno
import os
import subprocess

import pytest

from frame import mac, numbered
from plug import Plug, Refused, last_frame
from switch import Switch
from wait import wait_until

INODES = 40
BYTES = 64 << 10


class Disk:
    """A small file system of its own; `free` says how many files still fit."""

    def __init__(self, path):
        self.path = path
        self._filling = os.path.join(path, "filling")

    def mount(self):
        os.mkdir(self.path)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={BYTES},nr_inodes={INODES},mode=755",
                        "tmpfs", self.path], check=True)

    def unmount(self):
        # Also when a test has failed and left a switch on it.
        subprocess.run(["umount", "--lazy", self.path], check=True)
        os.rmdir(self.path)

    def at(self, *names):
        return os.path.join(self.path, *names)

    def fill_bytes(self):
        os.makedirs(self._filling, exist_ok=True)
        with pytest.raises(OSError) as full, open(self._filling + "/bytes", "wb", 0) as file:
            while True:
                file.write(b"x" * 4096)
        assert full.value.errno == errno.ENOSPC

    def fill_inodes(self, free=0):
        os.makedirs(self._filling, exist_ok=True)
        made = []
        with pytest.raises(OSError) as full:
            while True:
                made.append(f"{self._filling}/{len(made)}")
                os.close(os.open(made[-1], os.O_CREAT | os.O_EXCL))
        assert full.value.errno == errno.ENOSPC
        made.pop()
        for _ in range(free):
            os.unlink(made.pop())

    def make_room(self):
        for name in os.listdir(self._filling):
            os.unlink(os.path.join(self._filling, name))
        os.rmdir(self._filling)

    def names(self):
        return sorted(each for each in os.listdir(self.path) if each != "filling")


@pytest.fixture
def disk(lab):
    small = Disk(lab.path("disk"))
    small.mount()
    try:
        yield small
    finally:
        small.unmount()


def refused_for_want_of_room(lab, argv):
    """One line that says so, also of a daemon."""
    done = lab.run(argv)
    assert done.returncode not in (0, None), done
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done
    assert "No space left on device" in done.stderr and "(make room on its disk)" in done.stderr


# -- the start


@pytest.mark.ours_only("the real one runs without what it could not make, and says so rarely")
@pytest.mark.parametrize("daemon", [[], ["-d"]])
@pytest.mark.parametrize("free", [0, 1, 2, 3, "no bytes"])
def test_a_vde_switch_that_has_no_room_leaves_nothing(lab, disk, free, daemon):
    """Of its directory, ctl, pid file and management socket, the first so many fit."""
    argv = [lab.programs.vde_switch, "-s", disk.at("sw"), "-M", disk.at("mg"), "-p", disk.at("pid"),
            *daemon]
    if free == "no bytes":
        disk.fill_bytes()  # sockets and directories need none here, a number does
    else:
        disk.fill_inodes(free)
    refused_for_want_of_room(lab, argv)
    assert disk.names() == []


@pytest.mark.ours_only("switchd is ours alone")
@pytest.mark.parametrize("daemon", [[], ["--daemon"]])
@pytest.mark.parametrize("free", [0, 1, 2, 3, 4, "no bytes"])
def test_a_switchd_that_has_no_room_leaves_nothing(lab, disk, free, daemon):
    """Of its run directory, br0, ctl, pid file and control socket, the first so many fit."""
    if free == "no bytes":
        disk.fill_bytes()
    else:
        disk.fill_inodes(free)
    refused_for_want_of_room(lab, [lab.programs.switchd, "--run-dir", disk.at("run"), *daemon])
    assert disk.names() == []


def test_the_rc_file_on_a_full_disk_is_read(lab, disk):
    with open(disk.at("rc"), "w", encoding="ascii") as file:
        file.write("port/create 3\n")
    disk.fill_bytes()
    disk.fill_inodes()
    switch = lab.foreground("-f", disk.at("rc"))
    wait_until(lambda: switch.console.command("port/allprint 3").code == 1000, "the rc file")


# -- a switch that runs when its disk fills up


def carries(one, other):
    """Many frames, each way."""
    for sender, receiver in ((one, other), (other, one)):
        for start in range(0, 400, 40):
            sent = [numbered(start + each, source=mac(start)) for each in range(40)]
            for each in sent:
                sender.send(each)
            assert receiver.receive_many(40) == sent


@pytest.mark.parametrize("daemon", [False, True])
def test_a_switch_whose_disk_fills_up_goes_on(lab, disk, daemon):
    argv = [lab.programs.vde_switch, "-s", disk.at("sw"), "-M", disk.at("mg"), "-p", disk.at("pid")]
    with open(disk.at("script"), "w", encoding="ascii") as file:
        file.write("vlan/create 9\n")
    if daemon:
        assert lab.run([*argv, "-d"]).returncode == 0
    switch = Switch(disk.at("sw"), disk.at("mg"), disk.at("pid"),
                    None if daemon else lab.spawn(argv))
    switch.await_start()
    one, other = [lab.plug(switch, name=lab.path(f"p{number}")) for number in range(2)]
    disk.fill_bytes()
    disk.fill_inodes()

    carries(one, other)
    assert switch.ok("showinfo") and switch.ok("port/print")
    second = lab.console(switch)
    second.ok(f"load {disk.at('script')}")
    assert "VLAN 0009" in "\n".join(second.ok("vlan/print"))
    if not lab.programs.is_reference:  # which leaves the client without an answer
        for _ in range(3):
            with pytest.raises(Refused) as refused:
                Plug(switch.directory, name=lab.path("late"))
            assert str(refused.value) == "Connection refused"
        if not daemon:
            told = switch.process.errors().splitlines()
            assert [each for each in told if "No space left on device" in each] == [
                f"vde_switch: cannot make a data socket in {switch.directory}: "
                "No space left on device"]
    carries(one, other)

    disk.make_room()
    late = lab.plug(switch, name=lab.path("late"))
    late.send(last_frame())
    assert one.receive() == last_frame()
    disk.fill_bytes()
    disk.fill_inodes()
    assert switch.stop() in (0, None)
    assert disk.names() == ["script"]


def test_a_full_disk_under_the_standard_streams_costs_what_is_said_there_and_no_more(lab, disk):
    disk.fill_bytes()
    with open(disk.at("out"), "ab") as out:
        switch = lab.foreground(stdout=out, stderr=out)
    one, other = lab.plug(switch), lab.plug(switch)
    switch.process.write(b"port/create 5\n")
    wait_until(lambda: switch.console.command("port/allprint 5").code == 1000, "port 5")
    assert os.path.getsize(disk.at("out")) == 0
    carries(one, other)
    disk.make_room()
    switch.process.write(b"port/create 6\n")
    wait_until(lambda: os.path.getsize(disk.at("out")), "the reply for which there is room again")
    assert switch.stop() == 0


@pytest.mark.ours_only("Debian's has no such plugin")
@pytest.mark.parametrize("full", ["bytes", "inodes"])
def test_a_capture_ends_where_there_is_no_room_and_the_traffic_goes_on(lab, disk, full):
    switch = lab.foreground()
    one, other = lab.plug(switch), lab.plug(switch)
    switch.ok("plugin/add pdump.so")
    switch.ok(f"pdump/filename {disk.at('x.cap')}")
    switch.ok("pdump/buffered 0")
    if full == "inodes":
        disk.fill_inodes()
        assert switch.console.command("pdump/active 1").code == 1022
        carries(one, other)
        disk.make_room()
    switch.ok("pdump/active 1")
    disk.fill_bytes()
    carries(one, other)
    assert "x.cap: No space left on device" in switch.process.errors()
    disk.make_room()
    carries(one, other)
    assert switch.stop() == 0


@pytest.mark.ours_only("switchd is ours alone")
def test_a_switchd_whose_disk_fills_up_goes_on(lab, disk):
    bridge = Switch(disk.at("run", "br0"), None, process=lab.spawn(
        [lab.programs.switchd, "--run-dir", disk.at("run")]))
    asked = [lab.programs.switchctl, "--run-dir", disk.at("run"), "show"]
    bridge.await_start()
    wait_until(lambda: lab.run(asked).returncode == 0, "an answer")
    one, other = [lab.plug(bridge, name=lab.path(f"p{number}")) for number in range(2)]
    disk.fill_bytes()
    disk.fill_inodes()
    carries(one, other)
    assert lab.run(asked).returncode == 0
    assert bridge.stop() == 0
    assert disk.names() == []
