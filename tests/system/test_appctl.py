"""ovs-appctl, as Debian has it, asks a running switchd."""

import json
import os
import re
import signal
import socket

import pytest

from frame import frame, mac, tag
from lab import NOBODY, as_user
from ovs import Oracle, Tools
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
    return Appctl(lab, os.path.join(switchd.run_dir, "ovs"))


@pytest.fixture
def oracle(lab):
    return Appctl(lab, Oracle(lab).dir)


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
    target = os.path.join(switchd.run_dir, "ovs", f"ovs-vswitchd.{switchd.process.pid}.ctl")
    assert appctl.run("-t", target, "version").stdout == appctl.ok("version")
    assert switchd.process.stop() == 0
    assert not os.path.exists(target)
    assert appctl.run("version").returncode == 1


def test_another_user_s_tool_is_kept_out(lab, switchd):
    done = lab.run(as_user(NOBODY, "ovs-appctl", "-t", os.path.join(
        switchd.run_dir, "ovs", f"ovs-vswitchd.{switchd.process.pid}.ctl"), "version"))
    assert done.returncode != 0 and "Permission denied" in done.stderr


def test_every_command_that_is_listed_is_there(appctl):
    listed = [line.split(None, 1) for line in appctl.ok("list-commands").splitlines()[1:]]
    assert len(listed) > 10
    for name, *usage in listed:
        if not usage:
            assert appctl.run(name).returncode == (2 if name == "vlog/reopen" else 0), name
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
    assert re.search("^CONSOLE +none +%A: %m$", appctl.ok("vlog/list-pattern"), re.MULTILINE)
    assert switchd.process.stop() == 0
    assert switchd.process.errors() == "", "not even its farewell"


def test_a_switch_that_was_killed_is_replaced(lab, switchd):
    switchd.process.stop(signal.SIGKILL)
    left = os.path.join(switchd.run_dir, "ovs", f"ovs-vswitchd.{switchd.process.pid}.ctl")
    assert os.path.exists(left)
    again = lab.spawn([lab.programs.switchd, "--run-dir", switchd.run_dir])
    appctl = Appctl(lab, os.path.join(switchd.run_dir, "ovs"))
    wait_until(lambda: appctl.run("version").returncode == 0, lambda: f"an answer: {again}")
    assert not os.path.exists(left)


def test_a_daemon_answers_too(lab):
    run_dir = lab.path("run")
    assert lab.run([lab.programs.switchd, "--daemon", "--run-dir", run_dir]).returncode == 0
    appctl = Appctl(lab, os.path.join(run_dir, "ovs"))
    assert appctl.ok("memory/show").startswith("masks:")
    with open(os.path.join(run_dir, "ovs", "ovs-vswitchd.pid"), encoding="ascii") as file:
        pid = int(file.read())
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not os.path.exists(run_dir), "the end of the daemon")


def test_junk_on_the_socket_harms_nobody(switchd, appctl):
    path = os.path.join(switchd.run_dir, "ovs", f"ovs-vswitchd.{switchd.process.pid}.ctl")
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
        client.connect(os.path.join(switchd.run_dir, "ovs",
                                    f"ovs-vswitchd.{switchd.process.pid}.ctl"))
        for number in range(20):
            client.sendall(json.dumps({"id": number, "method": "revalidator/wait",
                                       "params": []}).encode())
        heard = b""
        while heard.count(b"}") < 20:
            heard += client.recv(65536)
    assert heard == b"".join(b'{"id":%d,"result":"","error":null}' % n for n in range(20))


# -- the same questions to the real one

STATION = "02:00:00:00:00:01"
ERRORS = [["bogus"], ["fdb/show"], ["fdb/show", "nobr"], ["fdb/show", "br0", "x"],
          ["fdb/flush", "nobr"], ["fdb/flush", "a", "b"], ["version", "x"], ["vlog/set", "ANY:foo"],
          ["vlog/list-pattern", "x"], ["vlog/reopen"], ["vlog/reopen", "x"], ["vlog/close", "x"],
          ["coverage/read-counter", "x"], ["memory/show", "x"],
          ["dpctl/dump-flows", "nodp"], ["dpctl/show", "nodp"], ["dpctl/show", "-x"],
          ["dpctl/dump-flows", "-x"], ["dpif/dump-flows", "nobr"], ["revalidator/wait", "x"],
          ["fdb/add"], ["fdb/add", "br0", "p1", "0"], ["fdb/add", "nobr", "p9", "0", "bad"],
          ["fdb/add", "br0", "p9", "0", "bad"], ["fdb/add", "br0", "p9", "0", STATION],
          ["fdb/del"], ["fdb/del", "nobr", "0", "bad"], ["fdb/del", "br0", "0", "bad"],
          ["fdb/del", "br0", "0", STATION], ["fdb/stats-clear", "nobr"]]


def test_errors_are_the_real_one_s(appctl, oracle):
    for words in ERRORS:
        assert appctl.error(*words) == oracle.error(*words), words


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
            oracle.ok("netdev-dummy/receive", f"p{port}",
                             f"in_port({port}),eth(src=02:00:00:00:00:0{address},"
                             f"dst=02:00:00:00:00:0{3 - address}),{rest}")
    wait_until(lambda: oracle.ok("fdb/show", "br0").count("\n") == 5, "the stations")
    for words in (["fdb/show", "br0"], ["fdb/flush"], ["fdb/flush", "br0"], ["dpif/show"],
                  ["revalidator/wait"], ["revalidator/purge"], ["dpctl/dump-flows"],
                  ["vlog/close"]):
        assert shape(appctl.ok(*words)) == shape(oracle.ok(*words)), words
    for words in (["dpctl/show"], ["dpctl/show", "-s"]):
        ours, real = shape(appctl.ok(*words)), shape(oracle.ok(*words))
        ours = [line for line in ours if not re.match(r" (masks|cache): ", line)]  # as in a kernel
        assert {re.sub("dropped:.", "", line) for line in ours} <= {
            re.sub("dropped:.", "", line) for line in real}, words
    for words, names in ((["upcall/show"], r"\((\w+) "), (["memory/show"], r"\b(ports|rules):"),
                         (["vlog/list-pattern"], r"^ .*|^[A-Z]+")):
        ours, real = (set(re.findall(names, each.ok(*words), re.M)) for each in (appctl, oracle))
        assert len(ours) > 1 and ours <= real, words


STATICS = [["fdb/show", "br0"], ["fdb/add", "br0", "p2", "0", STATION], ["fdb/show", "br0"],
           ["fdb/add", "br0", "p2", "0", STATION], ["fdb/add", "br0", "p1", "0", STATION],
           ["fdb/add", "br0", "p1", "7", STATION], ["fdb/flush", "br0"], ["fdb/show", "br0"],
           ["fdb/del", "br0", "7", STATION], ["fdb/show", "br0"], ["fdb/stats-clear", "br0"]]


def test_static_stations_are_the_real_one_s(switchd, appctl, oracle):
    def told(text):
        return [re.sub(r"[ \d]{5}$", "  age", line) for line in text.splitlines()]

    one, _ = switchd.plug("one", 1), switchd.plug("two", 2)
    one.send(frame(source=mac(1)))
    oracle.ok("netdev-dummy/receive", "p1",
              f"in_port(1),eth(src={STATION},dst=ff:ff:ff:ff:ff:ff),eth_type(0x88b5)")
    for each in (appctl, oracle):
        wait_until(lambda each=each: STATION in each.ok("fdb/show", "br0"), "the station")
    for words in STATICS:
        assert told(appctl.ok(*words)) == told(oracle.ok(*words)), words
    ours, real = (each.ok("fdb/stats-show", "br0").splitlines() for each in (appctl, oracle))
    assert ours[2:] == real[2:]


def test_a_static_station_is_where_it_was_set_whoever_claims_it(switchd, appctl):
    one, two = talk(switchd)
    three = switchd.plug("three", 3)
    assert appctl.ok("fdb/add", "br0", "p3", "0", STATION) == (
        "Overriding already existing dynamic entry on 1\n")
    two.send(frame(destination=mac(1), source=mac(2)))
    assert three.receive() == frame(destination=mac(1), source=mac(2))
    one.send(frame(destination=mac(2), source=mac(1)))
    assert two.receive() == frame(destination=mac(2), source=mac(1))
    shown = [line.split() for line in switchd.ctl("macs").stdout.splitlines()]
    assert [STATION, "0", "3", "static"] in shown
    appctl.ok("fdb/flush")
    two.send(frame(destination=mac(1), source=mac(2)))
    assert three.receive() == frame(destination=mac(1), source=mac(2))
    assert appctl.ok("fdb/del", "br0", "0", STATION) == ""
    one.send(frame(destination=mac(2), source=mac(1)))
    assert two.receive() == frame(destination=mac(2), source=mac(1))
    two.send(frame(destination=mac(1), source=mac(2)))
    assert one.receive() == frame(destination=mac(1), source=mac(2))


TRACED_FLOWS = """
table=0,priority=10,in_port=1,tcp,actions=load:0x7->NXM_NX_REG1[0..15],resubmit(,2),output:2
table=0,priority=9,in_port=1,udp,actions=dec_ttl,mod_nw_dst:1.2.3.4,goto_table:3
table=0,priority=8,in_port=1,icmp,actions=push_vlan:0x8100,set_field:4101->vlan_vid,\
write_actions(output:2),write_metadata:0x7,goto_table:4
table=0,priority=8,in_port=2,tcp,actions=output:99,output:2,\
move:NXM_OF_TCP_DST[0..5]->NXM_NX_REG0[0..5],dec_ttl,output:3
table=0,priority=8,in_port=2,udp,actions=NORMAL
table=0,priority=8,sctp,actions=output:1,output:2,load:0x5->NXM_NX_REG1[],output:3
table=0,priority=7,ipv6,actions=clear_actions,write_actions(set_field:2->ip_dscp,output:2),\
goto_table:8
table=0,priority=6,cookie=0x2a,arp,actions=resubmit(,2),resubmit(,3)
table=0,priority=0,actions=drop
table=2,priority=5,tcp,tp_dst=80,actions=output:3,mod_dl_src:02:00:00:00:00:09
table=3,priority=5,udp,nw_dst=1.2.3.4,actions=output:2,mod_tp_src:9,output:3
table=3,priority=4,arp,actions=output:3
table=4,priority=3,metadata=0x7,actions=output:3,IN_PORT
"""
TRACED_PACKETS = (
    "in_port=1,tcp,nw_src=10.0.0.1,tp_dst=80,nw_ttl=64,dl_src=02:00:00:00:00:01",
    "in_port=1,tcp,tp_dst=81", "in_port=1,udp,nw_ttl=64", "in_port=1,icmp", "in_port=2,arp",
    "in_port=2,tcp,tp_dst=46,nw_ttl=9", "in_port=2,tcp,nw_ttl=1",
    "in_port=2,udp,dl_src=02:00:00:00:00:02,dl_dst=02:00:00:00:00:09", "sctp", "in_port=99,sctp",
    "in_port=1,tcp6", "in_port=2,dl_type=0x88b5,dl_vlan=5", "in_port=p3,ip,nw_frag=later",
)


def traced(text):
    """Without what is said in own words, and the megaflow: that one is the switch's own. LOCAL is
    Open vSwitch's alone here, it floods in the order of a hash, and it tells of a packet without a
    hop whether anybody listens or not.

    We write all of a field of which they write the bits that an action is about.
    """
    same_words = re.compile("action set|Nonexistent|skipping output|is now|flooding|TTL exception")
    text = re.sub(r"userspace\(.*reason=2.*", "drop", text)
    text = re.sub(r"(?<=actions: )[0-9,]+$",
                  lambda ports: ",".join(sorted(set(ports[0].split(",")) - {"100"})), text, flags=re.M)
    return [line.replace("/0xfc", "") for line in text.splitlines()
            if not re.match(r" +(->|>>) |Megaflow: ", line) or same_words.search(line)]


def test_a_trace_reads_like_open_vswitchs(lab, switchd, appctl):
    real = Oracle(lab, ports=3)
    ours = Tools(lab, os.path.join(switchd.run_dir, "ovs"))
    for number in (1, 2, 3):
        switchd.plug(f"plug{number}", number)
    file = lab.write("flows", TRACED_FLOWS.replace("\\\n", ""))
    for tools in (ours, real.tools):
        tools.flows("del-flows", "br0", version=13)
        tools.flows("add-flows", "br0", file, version=13)
    for packet in TRACED_PACKETS:
        shown = appctl.ok("ofproto/trace", "br0", packet)
        expected = real.tools.appctl("ofproto/trace", "br0", packet).stdout
        assert re.search(r"^Megaflow: recirc_id=0,eth,", shown, re.M)
        assert re.sub("the action set", "action set", "\n".join(traced(shown))) == "\n".join(
            traced(expected)), packet


def test_a_trace_that_cannot_be_made_says_why(appctl):
    assert appctl.error("ofproto/trace", "nobr", "in_port=1") == "nobr: unknown bridge"
    assert appctl.error("ofproto/trace", "br0").startswith("syntax error at br0 ")
    assert appctl.error("ofproto/trace", "br0", "tcp,tp_dst=x").startswith(
        "Bad openflow flow syntax: tcp,tp_dst=x: ")
    assert appctl.error("ofproto/trace", "br0", "tcp", "-what") == "-what: unknown option"
    assert "half a byte" in appctl.error("ofproto/trace", "br0", "tcp", "020")


def test_a_traced_packet_is_learned_when_it_is_to_come_in(switchd, appctl):
    switchd.plug("one", 1)
    packet = "in_port=1,dl_src=02:00:00:00:00:77"
    appctl.ok("ofproto/trace", "br0", packet)
    assert "02:00:00:00:00:77" not in appctl.ok("fdb/show", "br0")
    appctl.ok("ofproto/trace", "br0", packet, "-generate")
    assert "02:00:00:00:00:77" in appctl.ok("fdb/show", "br0")
    assert re.search(r"learned MAC entries +: 1$", appctl.ok("fdb/stats-show", "br0"), re.M)


def test_all_rules_are_dumped_with_their_tables(lab, switchd, appctl):
    Tools(lab, os.path.join(switchd.run_dir, "ovs")).flows(
        "add-flow", "br0", "table=3,priority=7,arp,actions=output:2")
    assert re.fullmatch(
        r"duration=\d+s, n_packets=0, n_bytes=0, priority=0,actions=NORMAL\n"
        r"table_id=3, duration=\d+s, n_packets=0, n_bytes=0, priority=7,arp,actions=output:2\n",
        appctl.ok("bridge/dump-flows", "br0"))
