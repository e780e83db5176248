"""switchd and switchctl: a switch without options, and what it says about itself."""

import json
import os
import pty
import signal
import socket
import stat
import struct

import pytest

from frame import frame, mac, numbered
from lab import NOBODY, as_user
from plug import Plug, last_frame
from process import is_alive
from switch import Switch
from wait import wait_until

pytestmark = pytest.mark.ours_only("switchd is ours alone")
COMMANDS = ("show", "ports", "macs", "megaflows", "counters", "drops")


class Switchd:
    """A running switchd with its run directory in the lab, which compares each cached answer with
    the tables' and has none wrong at the end of the test."""

    def __init__(self, lab, *options, user=None, env=None, place="place", inside=None, **process):
        self.lab = lab
        self.place = lab.shared(place)
        self.run_dir = os.path.join(self.place, "run")
        argv = [lab.programs.switchd, "--run-dir", self.run_dir, "--autovalidate", "1/1", *options]
        argv = argv if user is None else as_user(user, *argv)
        argv = argv if inside is None else inside.prefix(*argv)
        self.process = lab.spawn(argv, env=env, **process)
        self.bridge = Switch(os.path.join(self.run_dir, "br0"), None, process=self.process)
        self.bridge.await_start()
        wait_until(lambda: self.ctl("show").returncode == 0, lambda: f"an answer: {self.process}")
        lab.finally_check(self.check_sound)

    def check_sound(self):
        if is_alive(self.process.pid):
            unsound = self.ask("counters")["cache"]["unsound"]
            assert unsound == 0, "\n".join(
                [f"{unsound} cached answers were wrong",
                 *(self.ctl(each).stdout for each in ("flows", "megaflows", "counters"))])

    def ctl(self, *words):
        return self.lab.run([self.lab.programs.switchctl, "--run-dir", self.run_dir, *words])

    def ask(self, command):
        done = self.ctl("--json", command)
        assert done.returncode == 0 and done.stderr == "", done
        return json.loads(done.stdout)

    def plug(self, name, port=0):
        return self.lab.closing(Plug(self.bridge.directory, port, description=name.encode(),
                                     name=os.path.join(self.place, name), mode=0o777))


def refused(lab, *argv):
    """A command line that ends at once: its status and the one line that says why."""
    done = lab.run(argv)
    assert done.stdout == "" and done.stderr.count("\n") == 1, done
    return done.returncode, done.stderr


@pytest.mark.parametrize("user", [None, NOBODY])
def test_without_options_it_makes_one_bridge_and_leaves_nothing(lab, user):
    switchd = Switchd(lab, user=user)
    assert sorted(os.listdir(switchd.run_dir)) == ["br0", "ovs", "switchd.pid", "switchd.sock"]
    with open(os.path.join(switchd.run_dir, "switchd.pid"), encoding="ascii") as file:
        assert is_alive(int(file.read()))
    assert stat.S_IMODE(os.stat(os.path.join(switchd.run_dir, "switchd.sock")).st_mode) & 0o077 == 0
    one, two = switchd.plug("one"), switchd.plug("two")
    one.send(last_frame())
    assert two.receive() == last_frame()
    assert switchd.process.stop() == 0
    assert not os.path.exists(switchd.bridge.directory)
    assert not os.path.exists(switchd.run_dir) or os.listdir(switchd.run_dir) == []


def test_the_default_run_directory_is_the_user_s_own(lab):
    runtime = lab.shared("runtime")
    os.chmod(runtime, 0o700)
    environment = lab.environment(XDG_RUNTIME_DIR=runtime)
    process = lab.spawn([lab.programs.switchd], env=environment)
    sock = os.path.join(runtime, "switchd", "br0", "ctl")
    wait_until(lambda: os.path.exists(sock), f"{sock}: {process}")
    wait_until(lambda: lab.run([lab.programs.switchctl, "show"], env=environment).returncode == 0,
               "switchctl to find it by itself")
    assert process.stop() == 0


def test_stdin_is_not_read(lab):
    switchd = Switchd(lab)
    switchd.process.write(b"shutdown\n")
    switchd.process.close_stdin()
    assert switchd.ask("show")["bridge"] == "br0"
    assert switchd.process.output() == b"" and switchd.process.stop() == 0


def test_at_a_terminal_it_says_how_to_plug_in(lab):
    master, slave = pty.openpty()
    switchd = Switchd(lab, stdin=slave, stdout=slave)
    heard = b""
    while b"Ctrl-C" not in heard and b"stop" not in heard:
        heard += os.read(master, 4096)
    assert f"vde,sock={switchd.bridge.directory}".encode() in heard
    os.close(slave)
    os.close(master)
    assert switchd.process.stop() == 0


def test_the_qemu_line_that_is_shown_works(lab):
    switchd = Switchd(lab)
    line = switchd.ask("show")["qemu"].split()
    lab.spawn(["qemu-system-x86_64", "-M", "pc", "-accel", "tcg", "-S", "-nodefaults", "-display",
               "none", *line])
    wait_until(lambda: switchd.ask("show")["ports_active"] == 1, "QEMU")
    (port,) = switchd.ask("ports")
    assert port["active"] and port["endpoints"][0]["description"].startswith("QEMU")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_for_people_and_for_programs(lab, command):
    switchd = Switchd(lab)
    one, two = switchd.plug("one"), switchd.plug("two")
    one.send(numbered(1, source=mac(1)))
    two.receive()
    two.send(numbered(2, destination=mac(1), source=mac(2)))
    one.receive()
    readable = switchd.ctl(command)
    assert readable.returncode == 0 and readable.stdout.endswith("\n") and readable.stderr == ""
    assert not readable.stdout.startswith(("{", "["))
    assert switchd.ask(command)


def test_what_is_shown_is_what_happened(lab):
    switchd = Switchd(lab)
    one, two = switchd.plug("one"), switchd.plug("two", 7)
    for number in range(10):
        one.send(frame(destination=mac(2), source=mac(1), size=100 + number))
        two.receive()
        two.send(frame(destination=mac(1), source=mac(2)))
        one.receive()
    one.send(b"runt")
    ports = {each["port"]: each for each in switchd.ask("ports")}
    assert sorted(ports) == [1, 7]
    assert ports[7]["in"] == {"packets": 10, "bytes": 600}
    assert ports[7]["out"] == {"packets": 10, "bytes": sum(range(100, 110))}
    assert [each["description"] for each in ports[7]["endpoints"]] == ["two"]
    assert {(each["mac"], each["port"]) for each in switchd.ask("macs")} == {
        ("02:00:00:00:00:01", 1), ("02:00:00:00:00:02", 7)}
    assert sum(each["packets"] for each in switchd.ask("megaflows")) >= 10
    counters = switchd.ask("counters")
    assert counters["in"]["packets"] == counters["out"]["packets"] == 20
    assert sum(counters["cache"][each] for each in ("hits", "misses", "revalidated")) >= 20
    wait_until(lambda: sum(switchd.ask("drops")["total"].values()) == 1, "the runt")
    drops = switchd.ask("drops")
    assert drops["ports"][0]["port"] == 1 and drops["ports"][0]["drops"] == drops["total"]


def test_drops_at_a_reader_that_is_stuck_have_a_name_and_a_port(lab):
    switchd = Switchd(lab)
    stuck, sender, reader = (switchd.plug(each) for each in ("stuck", "sender", "reader"))
    for start in range(0, 40000, 100):
        for number in range(100):
            sender.send(numbered(start + number, source=mac(2), size=1514))
        reader.receive_many(100)
    drops = switchd.ask("drops")
    assert [each["port"] for each in drops["ports"]] == [1]
    assert sum(drops["total"].values()) > 0
    assert stuck.receive() == numbered(0, source=mac(2), size=1514), "the oldest are kept in order"


def test_the_console_is_there_on_request(lab):
    switchd = Switchd(lab, "--mgmt", lab.path("mg"))
    bridge = Switch(switchd.bridge.directory, lab.path("mg"))
    switchd.plug("one")
    assert bridge.descriptions() == [(1, "one")]
    bridge.close_console()


@pytest.mark.parametrize("options", [["--bogus"], ["--numports", "many"], ["--numports", "0"],
                                     ["--mode", "9"], ["stray"], ["-hub"], ["--macaddr", "xyz"]])
def test_what_is_not_understood_is_refused(lab, options):
    status, reason = refused(lab, lab.programs.switchd, "--run-dir", lab.path("run"), *options)
    assert status == 2 and (options[-1].lstrip("-") in reason or "at least 1 port" in reason)
    assert not os.path.exists(lab.path("run"))


def test_a_run_directory_that_cannot_be_made(lab):
    status, reason = refused(lab, lab.programs.switchd, "--run-dir", "/nonexistent/run")
    assert status == 1 and "/nonexistent" in reason


def test_a_run_directory_of_others_is_left_alone(lab):
    theirs = lab.shared("theirs")
    lab.write("theirs/letter", "do not touch")
    status, reason = refused(lab, lab.programs.switchd, "--run-dir", theirs)
    assert status == 1 and theirs in reason
    assert stat.S_IMODE(os.stat(theirs).st_mode) == 0o777 and os.listdir(theirs) == ["letter"]


def test_a_second_one_in_the_same_run_directory_is_refused(lab):
    first = Switchd(lab)
    status, reason = refused(lab, lab.programs.switchd, "--run-dir", first.run_dir)
    assert status == 1 and first.run_dir in reason
    assert first.ask("show")["pid"] == first.process.pid
    assert len(os.listdir(first.run_dir)) == 4


def test_what_a_killed_one_left_is_replaced(lab):
    first = Switchd(lab)
    first.process.stop(signal.SIGKILL)
    lab.spawn([lab.programs.switchd, "--run-dir", first.run_dir])
    wait_until(lambda: first.ctl("show").returncode == 0, "the second one's answer")


@pytest.mark.parametrize("words,status", [(["show"], 3), (["bogus"], 2), ([], 2),
                                          (["--bogus", "show"], 2)])
def test_switchctl_s_status_when_it_cannot_answer(lab, words, status):
    done = lab.run([lab.programs.switchctl, "--run-dir", lab.path("run"), *words])
    assert done.returncode == status and done.stdout == "" and done.stderr


def test_a_frame_of_a_capture_is_traced(lab):
    switchd = Switchd(lab)
    switchd.plug("three", 3)
    frames = [frame(payload=b"first"), frame(source=mac(7), destination=mac(8))]
    path = lab.path("lost.pcap")
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for each in frames:
            file.write(struct.pack("<IIII", 0, 0, len(each), len(each)) + each)
    for suffix, packet in (("", frames[0]), (":1", frames[0]), (":2", frames[1])):
        traced = switchd.ctl("trace", "in_port=3", "--pcap", path + suffix)
        assert traced.returncode == 0 and traced.stdout.startswith("packet    in_port=3,"), traced
        assert traced.stdout == switchd.ctl("trace", "in_port=3", packet.hex()).stdout
    for name, why in ((path + ":3", "it has no frame 3, the last is 2"),
                      (path + ":x", "'x' is no number of a frame in"),
                      (lab.path("none.pcap"), "No such file or directory"),
                      (lab.directory, "Is a directory"),
                      (lab.programs.switchctl, "it is no pcap file")):
        refusal = switchd.ctl("trace", "in_port=3", "--pcap", name)
        assert refusal.returncode == 1 and why in refusal.stderr and not refusal.stdout, refusal


@pytest.mark.parametrize("program", ["switchd", "switchctl"])
def test_help_and_version(lab, program):
    path = getattr(lab.programs, program)
    for option in ("--help", "--version"):
        done = lab.run([path, option])
        assert done.returncode == 0 and done.stdout and done.stderr == ""


def test_junk_on_the_control_socket_harms_nobody(lab):
    switchd = Switchd(lab)
    for junk in (b"\n", b"{", b"x" * 100000, b"[" * 5000 + b"\n", b'{"jsonrpc":"2.0"}\n',
                 b'{"jsonrpc":"2.0","id":1,"method":"bogus"}\n', b"\0\xff\n" * 100):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(os.path.join(switchd.run_dir, "switchd.sock"))
            try:
                client.sendall(junk)
            except (BrokenPipeError, ConnectionResetError):
                pass
            assert switchd.ask("show")["bridge"] == "br0"
