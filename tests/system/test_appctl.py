"""ovs-appctl, as Debian has it, asks a running switchd."""

import json
import os
import re
import signal
import socket

import pytest

from frame import frame, mac, tag
from lab import NOBODY, as_user
from test_switchd import Switchd
from wait import wait_until

pytestmark = pytest.mark.ours_only("switchd is ours alone")

DATAPATH = "netdev@ovs-netdev"


class Appctl:
    """The tool, pointed at one run directory by its usual variable."""

    def __init__(self, lab, run_dir):
        self.lab = lab
        self.environment = lab.environment(OVS_RUNDIR=run_dir)

    def run(self, *words):
        return self.lab.run(["ovs-appctl", *words], env=self.environment)

    def ok(self, *words):
        done = self.run(*words)
        assert done.returncode == 0 and done.stderr == "", done
        return done.stdout

    def error(self, *words):
        """What the switch says, before the tool's own line."""
        done = self.run(*words)
        assert done.returncode == 2 and done.stdout == "", done
        text, own = done.stderr.splitlines()
        assert own == "ovs-appctl: ovs-vswitchd: server returned an error"
        return text


@pytest.fixture
def switchd(lab):
    return Switchd(lab)


@pytest.fixture
def appctl(lab, switchd):
    return Appctl(lab, switchd.run_dir)


class Oracle:
    """A real ovs-vswitchd of the test's own, with two dummy ports."""

    def __init__(self, lab):
        self.dir = lab.path("ovs")
        os.mkdir(self.dir)
        environment = lab.environment(OVS_RUNDIR=self.dir, OVS_DBDIR=self.dir, OVS_LOGDIR=self.dir)
        database = os.path.join(self.dir, "conf.db")
        remote = f"unix:{self.dir}/db.sock"
        made = lab.run(["ovsdb-tool", "create", database,
                        "/usr/share/openvswitch/vswitch.ovsschema"], env=environment)
        assert made.returncode == 0, made
        lab.spawn(["ovsdb-server", database, "--remote=p" + remote, "--pidfile", "--no-chdir"],
                  env=environment)
        lab.spawn(["ovs-vswitchd", remote, "--enable-dummy", "--pidfile", "--no-chdir"],
                  env=environment)
        configured = lab.run(
            ["ovs-vsctl", "--db=" + remote, "--retry", "--timeout=20",
             "add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=dummy"]
            + [word for port in ("p1", "p2") for word in
               ("--", "add-port", "br0", port, "--", "set", "interface", port, "type=dummy")],
            env=environment)
        assert configured.returncode == 0, configured
        self.appctl = Appctl(lab, self.dir)


@pytest.fixture
def oracle(lab):
    if not os.path.exists("/usr/sbin/ovs-vswitchd"):
        pytest.skip("openvswitch-switch is not installed")
    return Oracle(lab)


def talk(switchd):
    """Two stations that have spoken to each other, tagged and untagged."""
    one, two = switchd.plug("one", 1), switchd.plug("two", 2)
    for tags in (b"", tag(5, 3)):
        one.send(frame(source=mac(1), tags=tags))
        two.receive()
        two.send(frame(destination=mac(1), source=mac(2), tags=tags))
        one.receive()
    return one, two


def test_the_tool_needs_to_know_the_run_directory_only(lab, switchd, appctl):
    assert re.search(r"\(Open vSwitch\) \d+\.\d+", appctl.ok("version"))
    target = os.path.join(switchd.run_dir, f"ovs-vswitchd.{switchd.process.pid}.ctl")
    assert appctl.run("-t", target, "version").stdout == appctl.ok("version")
    assert switchd.process.stop() == 0
    assert not os.path.exists(target)
    assert appctl.run("version").returncode == 1


def test_another_user_s_tool_is_kept_out(lab, switchd):
    done = lab.run(as_user(NOBODY, "ovs-appctl", "-t", os.path.join(
        switchd.run_dir, f"ovs-vswitchd.{switchd.process.pid}.ctl"), "version"))
    assert done.returncode != 0 and "Permission denied" in done.stderr


def test_every_command_that_is_listed_is_there(appctl):
    listed = [line.split(None, 1) for line in appctl.ok("list-commands").splitlines()[1:]]
    assert len(listed) > 10
    for name, *usage in listed:
        if not usage:
            appctl.ok(name)
        elif not usage[0].startswith("["):
            assert appctl.run(name).returncode == 2
    assert sorted(name for name, *_ in listed) == [name for name, *_ in listed]


def test_stations_and_ports(switchd, appctl):
    talk(switchd)
    lines = appctl.ok("fdb/show", "br0").splitlines()
    assert lines[0] == " port  VLAN  MAC                Age"
    assert {re.sub(r" +\d+$", "", line) for line in lines[1:]} == {
        f"{port:5}  {vlan:4}  02:00:00:00:00:0{port}" for port in (1, 2) for vlan in (0, 5)}
    assert appctl.ok("dpif/show").splitlines()[1:] == [
        "  br0:", "    p1 1/1: (vde)", "    p2 2/2: (vde)"]
    assert appctl.ok("fdb/flush", "br0") == "table successfully flushed\n"
    assert switchd.ask("macs") == []


def test_megaflows(switchd, appctl):
    talk(switchd)
    text = appctl.ok("dpctl/dump-flows", "--names", DATAPATH)
    assert text.startswith("flow-dump from the main thread:\nrecirc_id(0),in_port(p")
    flows = text.splitlines()[1:]
    assert len(flows) == len(switchd.ask("megaflows"))
    for flow in flows:
        assert re.search(r", packets:\d+, bytes:\d+, used:\d+\.\d{3}s, actions:p[12]$", flow), flow
    assert any("eth_type(0x8100),vlan(vid=5,pcp=" in flow for flow in flows)
    assert appctl.ok("dpif/dump-flows", "--names", "br0") != ""
    assert appctl.ok("revalidator/purge") == "" and appctl.ok("revalidator/wait") == ""
    assert appctl.ok("dpctl/dump-flows") == ""


def test_the_log_s_level(lab, switchd, appctl):
    assert appctl.ok("vlog/set", "ANY:console:off") == ""
    assert re.search(r"^switchd +OFF +INFO", appctl.ok("vlog/list"), re.MULTILINE)
    assert switchd.process.stop() == 0
    assert switchd.process.errors() == "", "not even its farewell"


def test_a_switch_that_was_killed_is_replaced(lab, switchd):
    switchd.process.stop(signal.SIGKILL)
    left = os.path.join(switchd.run_dir, f"ovs-vswitchd.{switchd.process.pid}.ctl")
    assert os.path.exists(left)
    again = lab.spawn([lab.programs.switchd, "--run-dir", switchd.run_dir])
    appctl = Appctl(lab, switchd.run_dir)
    wait_until(lambda: appctl.run("version").returncode == 0, lambda: f"an answer: {again}")
    assert not os.path.exists(left)


def test_a_daemon_answers_too(lab):
    run_dir = lab.path("run")
    assert lab.run([lab.programs.switchd, "--daemon", "--run-dir", run_dir]).returncode == 0
    appctl = Appctl(lab, run_dir)
    assert appctl.ok("memory/show").startswith("masks:")
    with open(os.path.join(run_dir, "ovs-vswitchd.pid"), encoding="ascii") as file:
        pid = int(file.read())
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not os.path.exists(run_dir), "the end of the daemon")


def test_junk_on_the_socket_harms_nobody(switchd, appctl):
    path = os.path.join(switchd.run_dir, f"ovs-vswitchd.{switchd.process.pid}.ctl")
    for junk in (b"junk", b"{" * 100000, b"[]", b"{}", b"\0\xff", b'{"id":1,"method":"\xff"}',
                 b'{"id":' + b"[" * 5000 + b"]" * 5000 + b',"method":"version","params":[]}'):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
            try:
                client.sendall(junk)
            except (BrokenPipeError, ConnectionResetError):
                pass
            appctl.ok("revalidator/wait")


def test_requests_in_a_row_are_answered_in_order(switchd):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(os.path.join(switchd.run_dir, f"ovs-vswitchd.{switchd.process.pid}.ctl"))
        for number in range(20):
            client.sendall(json.dumps({"id": number, "method": "revalidator/wait",
                                       "params": []}).encode())
        heard = b""
        while heard.count(b"}") < 20:
            heard += client.recv(65536)
    assert heard == b"".join(b'{"id":%d,"result":"","error":null}' % n for n in range(20))


# -- the same questions to the real one

ERRORS = [["bogus"], ["fdb/show"], ["fdb/show", "nobr"], ["fdb/show", "br0", "x"],
          ["fdb/flush", "nobr"], ["fdb/flush", "a", "b"], ["version", "x"], ["vlog/set", "ANY:foo"],
          ["coverage/read-counter", "x"], ["memory/show", "x"],
          ["dpctl/dump-flows", "nodp"], ["dpctl/show", "nodp"], ["dpctl/show", "-x"],
          ["dpctl/dump-flows", "-x"], ["dpif/dump-flows", "nobr"], ["revalidator/wait", "x"]]


def test_errors_are_the_real_one_s(appctl, oracle):
    for words in ERRORS:
        assert appctl.error(*words) == oracle.appctl.error(*words), words


def test_output_has_the_real_one_s_shape(switchd, appctl, oracle):
    def shape(text):
        """Without numbers, and without what only one of them has."""
        text = text.replace("dummy@ovs-dummy", DATAPATH).replace("(dummy)", "(vde)")
        lines = [line for line in text.splitlines() if "dummy-internal" not in line]
        return [re.sub(r"\d+", "N", re.sub(r" +", " ", line)) for line in lines]

    talk(switchd)
    for port, address in ((1, 1), (2, 2)):
        for vlan in ("", "5"):
            inner = "eth_type(0x88b5)"
            rest = f"eth_type(0x8100),vlan(vid=5,pcp=3),encap({inner})" if vlan else inner
            oracle.appctl.ok("netdev-dummy/receive", f"p{port}",
                             f"in_port({port}),eth(src=02:00:00:00:00:0{address},"
                             f"dst=02:00:00:00:00:0{3 - address}),{rest}")
    wait_until(lambda: oracle.appctl.ok("fdb/show", "br0").count("\n") == 5, "the stations")
    for words in (["fdb/show", "br0"], ["fdb/flush"], ["fdb/flush", "br0"], ["dpif/show"],
                  ["revalidator/wait"], ["revalidator/purge"], ["dpctl/dump-flows"]):
        assert shape(appctl.ok(*words)) == shape(oracle.appctl.ok(*words)), words
    for words in (["dpctl/show"], ["dpctl/show", "-s"]):
        ours, real = shape(appctl.ok(*words)), shape(oracle.appctl.ok(*words))
        assert {re.sub("dropped:.", "", line) for line in ours} <= {
            re.sub("dropped:.", "", line) for line in real}, words
