"""The open table: ovs-ofctl as Debian has it programs a running switchd, beside a real Open vSwitch."""

import json
import os
import re
import socket
import struct

import pytest

from frame import frame, mac, tag
from lab import NOBODY
from ovs import Oracle, Tools
from test_switchd import Switchd
from wait import wait_until

pytestmark = pytest.mark.ours_only("switchd is ours alone")

VERSIONS = (10, 11, 12, 13, 14, 15)

# One line each that ovs-ofctl takes in every version.
FLOWS = (
    "priority=10,in_port=1,actions=output:2",
    "priority=11,dl_src=02:00:00:00:00:01,dl_dst=02:00:00:00:00:02,actions=drop",
    "priority=12,dl_dst=01:00:00:00:00:00/01:00:00:00:00:00,actions=FLOOD",
    "priority=13,dl_vlan=5,actions=strip_vlan,output:2",
    "priority=14,dl_vlan=6,dl_vlan_pcp=3,actions=NORMAL",
    "priority=15,vlan_tci=0x0000,actions=mod_vlan_vid:7,output:1",
    "priority=16,arp,arp_op=1,arp_spa=10.0.0.1,arp_tpa=10.0.0.0/24,actions=IN_PORT",
    "priority=17,ip,nw_src=10.1.0.0/16,nw_dst=10.2.3.4,actions=ALL",
    "priority=18,tcp,nw_tos=32,tp_src=1000,tp_dst=80,actions=mod_nw_dst:1.2.3.4,output:2",
    "priority=19,udp,tp_dst=53,actions=mod_tp_dst:5353,mod_dl_src:02:00:00:00:00:09,output:1",
    "priority=20,icmp,icmp_type=8,icmp_code=0,actions=CONTROLLER:128",
    "priority=21,cookie=0x1234,idle_timeout=100,hard_timeout=200,dl_type=0x88cc,actions=LOCAL",
    "priority=0,actions=NORMAL",
)
# And those that need Nicira's extensions or 1.2.
MODERN = (
    "table=1,priority=30,reg0=0x5/0xff,metadata=0x7,actions=output:1",
    "table=2,priority=31,tcp6,ipv6_src=2001:db8::/32,tp_dst=443,actions=dec_ttl,output:2",
    "table=2,priority=32,icmp6,icmp_type=135,nd_target=fe80::1,actions=drop",
    "table=2,priority=33,tcp,tp_src=0x400/0xfc00,actions=resubmit(,3)",
    "table=2,priority=34,tcp,tcp_flags=+syn-ack,actions=load:0x7->NXM_NX_REG1[0..15],output:2",
    "table=3,priority=35,ip,nw_frag=later,nw_ttl=64,nw_ecn=1,actions=mod_nw_ttl:3,output:1",
    "table=3,priority=36,dl_src=02:00:00:00:00:00/ff:ff:00:00:00:00,actions=note:00.01.02.03.04.05",
    "table=4,priority=37,sctp,tp_dst=9,actions=controller(reason=no_match,max_len=64,id=3)",
)


@pytest.fixture
def switchd(lab):
    return Switchd(lab)


@pytest.fixture
def tools(lab, switchd):
    return Tools(lab, os.path.join(switchd.run_dir, "ovs"))


def normalised(text):
    """Without what differs from run to run, and in the order of a sort: OpenFlow promises none."""
    text = re.sub(r"duration=[0-9.]+s", "duration=", text)
    text = re.sub(r"(idle|hard)_age=\d+, ", "", text)
    text = re.sub(r" \(xid=0x[0-9a-f]+\)", "", text)
    # Open vSwitch answers 1.1 with matches of 1.2, which say nothing of an absent tag's priority.
    text = text.replace("vlan_tci=0x0000/0x1fff", "vlan_tci=0x0000")
    return sorted(text.splitlines())


def plugged(switchd, count=2):
    return [switchd.plug(f"plug{number}", number) for number in range(1, count + 1)]


@pytest.mark.parametrize("version", VERSIONS)
def test_flows_are_shown_as_open_vswitch_shows_them(lab, tools, version):
    oracle = Oracle(lab).tools
    flows = FLOWS + (MODERN if version not in (11,) else ())
    file = lab.write("flows", "\n".join(flows) + "\n")
    for each in (oracle, tools):
        each.flows("del-flows", "br0", version=version)
        each.flows("add-flows", "br0", file, version=version)
    shown = tools.flows("dump-flows", "br0", version=version)
    assert len(shown.splitlines()) == len(flows) + 1
    assert normalised(shown) == normalised(oracle.flows("dump-flows", "br0", version=version))
    for words in (("table=2",), ("tcp",), ("cookie=0x1234/-1",), ("out_port=2",)):
        assert normalised(tools.flows("dump-flows", "br0", *words, version=version)) == normalised(
            oracle.flows("dump-flows", "br0", *words, version=version)), words
        assert normalised(tools.flows("dump-aggregate", "br0", *words, version=version)) == \
            normalised(oracle.flows("dump-aggregate", "br0", *words, version=version)), words


@pytest.mark.parametrize("version", VERSIONS)
def test_flow_mods_do_what_open_vswitch_does(lab, tools, version):
    oracle = Oracle(lab).tools
    steps = (
        ("add-flow", "priority=1,cookie=0x1,ip,nw_dst=10.0.0.0/8,actions=output:1"),
        ("add-flow", "priority=1,cookie=0x2,tcp,nw_dst=10.1.0.0/16,actions=output:2"),
        ("add-flow", "priority=2,cookie=0x3,udp,actions=output:2"),
        ("add-flow", "priority=1,cookie=0x9,ip,nw_dst=10.0.0.0/8,actions=output:2"),
        ("mod-flows", "ip,nw_dst=10.0.0.0/8,actions=drop"),
        ("mod-flows", "--strict", "priority=2,udp,actions=IN_PORT"),
        ("mod-flows", "arp,actions=FLOOD"),
        ("add-flow", "check_overlap,priority=2,ip,actions=drop"),
        ("add-flow", "check_overlap,priority=2,cookie=0x4,udp,actions=drop"),
        ("del-flows", "cookie=0x2/-1"),
        ("del-flows", "--strict", "priority=3,udp"),
        ("del-flows", "out_port=1"),
        ("del-flows", "udp"),
        ("add-flow", "priority=5,ip,actions=output:70000"),
        ("del-flows",),
    )
    for tool in (oracle, tools):
        tool.flows("del-flows", "br0", version=version)
    for command, *words in steps:
        strict = [word for word in words if word == "--strict"]
        rest = [word for word in words if word != "--strict"]
        said = [tool.ofctl(*strict, command, "br0", *rest, version=version)
                for tool in (tools, oracle)]
        errors = [re.sub(r"\(xid=0x[0-9a-f]+\)|^[0-9TZ:-]+\|", "", done.stderr.split("\n")[0])
                  for done in said]
        assert errors[0] == errors[1] and said[0].returncode == said[1].returncode, (command, words)
        assert normalised(tools.flows("dump-flows", "br0", version=version)) == normalised(
            oracle.flows("dump-flows", "br0", version=version)), (command, words)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_switch_describes_itself(switchd, tools, version):
    plugged(switchd)
    shown = tools.flows("show", "br0", version=version)
    assert re.search(r"dpid:[0-9a-f]{16}", shown) and "n_tables:255" in shown
    assert re.search(r"^ 1\(p1\): addr:", shown, re.M)
    assert "2 ports" in tools.flows("dump-ports", "br0", version=version)
    assert re.search(r"^ 2\(p2\)", tools.flows("dump-ports-desc", "br0", version=version), re.M)
    assert "active=1" in tools.flows("dump-tables", "br0", version=version)
    assert "switchd" in tools.flows("dump-desc", "br0", version=version)
    assert "bytes from br0" in tools.flows("ping", "br0", "64", version=version)
    tools.flows("probe", "br0", version=version)
    for mode in ("drop", "nx-match", "normal"):
        tools.flows("set-frags", "br0", mode, version=version)
        assert tools.flows("get-frags", "br0", version=version) == mode + "\n"


def test_every_packet_obeys_from_the_answer_on(switchd, tools):
    one, two = plugged(switchd)
    for round_number in range(20):
        tools.flows("add-flow", "br0", "priority=5,in_port=1,actions=drop")
        one.send(frame(payload=b"never"))
        tools.flows("add-flow", "br0", "priority=5,in_port=1,actions=output:2")
        wanted = frame(payload=struct.pack(">I", round_number))
        one.send(wanted)
        assert two.receive() == wanted


def test_counters_are_exact_when_they_are_read(switchd, tools):
    one, two = plugged(switchd)
    tools.flows("add-flow", "br0", "priority=5,in_port=1,actions=output:2")
    sent = 0
    for count in (1, 3, 50):
        for _ in range(count):
            one.send(frame(size=100))
        for _ in range(count):
            two.receive()
        sent += count
        assert f"n_packets={sent}, n_bytes={sent * 100}," in tools.flows(
            "dump-flows", "br0", "in_port=1")
    assert f"packet_count={sent} byte_count={sent * 100} flow_count=1" in tools.flows(
        "dump-aggregate", "br0", "in_port=1")
    assert re.search(rf"rx pkts={sent}, bytes={sent * 100},",
                     tools.flows("dump-ports", "br0", "1"))


def test_headers_are_rewritten_with_good_checksums(lab, switchd, tools):
    one, two = plugged(switchd)
    tools.flows("add-flow", "br0", "priority=5,in_port=1,udp,actions=mod_nw_src:192.0.2.1,"
                "mod_tp_dst:4242,mod_vlan_vid:9,mod_dl_dst:02:00:00:00:00:77,output:2")
    packet = udp_packet("10.0.0.1", "10.0.0.2", 1000, 53, b"hello, world")
    one.send(frame(ethertype=0x0800, payload=packet, destination=mac(2)))
    got = two.receive()
    assert got[:6] == bytes.fromhex("020000000077")
    assert got[12:18] == tag(9) + struct.pack(">H", 0x0800)
    assert got[18:18 + len(packet)] == udp_packet("192.0.2.1", "10.0.0.2", 1000, 4242,
                                                  b"hello, world")


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def udp_packet(source, destination, source_port, destination_port, payload):
    addresses = socket.inet_aton(source) + socket.inet_aton(destination)
    length = 8 + len(payload)
    udp = struct.pack(">HHHH", source_port, destination_port, length, 0) + payload
    total = checksum(addresses + struct.pack(">BBH", 0, 17, length) + udp)
    udp = udp[:6] + struct.pack(">H", total) + udp[8:]
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + length, 7, 0, 64, 17, 0) + addresses
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + udp


@pytest.mark.parametrize("version", VERSIONS)
def test_a_packet_is_sent_out_and_a_port_configured(switchd, tools, version):
    one, two = plugged(switchd)
    wanted = frame(payload=b"from a controller")
    tools.flows("packet-out", "br0", f"in_port=controller packet={wanted.hex()} actions=output:2",
                version=version)
    assert two.receive() == wanted
    tools.flows("mod-port", "br0", "2", "no-forward", version=version)
    assert "NO_FWD" in tools.flows("show", "br0", version=version)
    one.send(frame(payload=b"not forwarded"))
    tools.flows("mod-port", "br0", "2", "forward", version=version)
    one.send(wanted)
    assert two.receive() == wanted


@pytest.mark.parametrize("version", VERSIONS)
def test_a_monitor_sees_what_the_tables_send_it(lab, switchd, tools, version):
    one, _ = plugged(switchd)
    tools.flows("add-flow", "br0", "priority=5,in_port=1,cookie=0x77,actions=CONTROLLER:65535")
    monitor = lab.spawn(["ovs-ofctl", "-O", f"OpenFlow{version}", "monitor", "br0", "65534"],
                        env=tools.environment)

    def seen():
        one.send(frame(payload=b"look"))
        return b"in_port=1" in monitor.output() + monitor.errors().encode()

    wait_until(seen, lambda: f"a packet-in: {monitor}", step_s=0.1)
    text = monitor.output().decode() + monitor.errors()
    assert "PACKET_IN" in text and "via action" in text


def test_misses_of_a_table_that_is_to_tell_are_told_as_misses(lab, switchd, tools):
    one, _ = plugged(switchd)
    tools.flows("del-flows", "br0")
    tools.flows("mod-table", "br0", "0", "controller", version=11)
    old, new = (lab.spawn(["ovs-ofctl", "-O", f"OpenFlow{version}", "monitor", "br0", "65534"],
                          env=tools.environment) for version in (11, 13))

    def seen(monitor, what):
        return what in monitor.output() + monitor.errors().encode()

    def told():
        one.send(frame(payload=b"look"))
        return seen(old, b"in_port=1")

    # 1.3's switches tell of no miss that no rule asks for. The later packets it does hear of.
    wait_until(told, lambda: f"a packet-in: {old}", step_s=0.1)
    assert seen(old, b"via no_match") and not seen(old, b"via action")
    tools.flows("add-flow", "br0", "priority=5,cookie=0x77,actions=CONTROLLER:65535")
    one.send(frame(payload=b"look"))
    wait_until(lambda: seen(new, b"cookie=0x77"), lambda: f"a packet-in: {new}")
    assert not seen(new, b"via no_match")


def test_what_was_asked_before_the_connection_ended_is_done(switchd, tools):
    def mod(command, table, priority):
        return struct.pack(">BBHIQQBBHHHIIIHHHH4x", 4, 14, 56, 1, 0, 0, table, command, 0, 0,
                           priority, 0xffffffff, 0xffffffff, 0xffffffff, 0, 0, 1, 4)

    def say(mods):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(os.path.join(switchd.run_dir, "ovs", "br0.mgmt"))
            client.sendall(struct.pack(">BBHI", 4, 0, 8, 1) + b"".join(mods))
            client.shutdown(socket.SHUT_WR)
            while client.recv(65536):
                pass

    say(mod(0, 2, priority) for priority in range(20_000))
    # What takes long is paid back: nothing else is done for as long, and the end comes meanwhile.
    say([mod(3, 255, 0), *(mod(0, 3, priority) for priority in range(10))])
    assert "flow_count=10" in tools.flows("dump-aggregate", "br0")


def test_flows_end_when_their_time_has_come(switchd, tools):
    plugged(switchd)
    tools.flows("add-flow", "br0", "priority=5,hard_timeout=1,in_port=1,actions=drop")
    wait_until(lambda: "priority=5" not in tools.flows("dump-flows", "br0"), "the rule to end")


@pytest.mark.parametrize("command, error", [
    (("add-group", "br0", "group_id=1,type=all,bucket=output:1"), "OFPBRC_BAD"),
    (("-O", "OpenFlow13", "add-meter", "br0", "meter=1,kbps,band=type=drop,rate=1"),
     "OFPMMFC_OUT_OF_METERS"),
    (("add-flow", "br0", "table=1,actions=learn(table=2,NXM_OF_ETH_DST[])"), "OFPBAC_BAD"),
])
def test_what_is_not_there_yet_is_refused_by_name(tools, command, error):
    done = tools.ofctl(*command)
    assert done.returncode != 0 and error in done.stderr, done


def test_another_user_s_tool_is_kept_out(lab, switchd):
    done = lab.run(["setpriv", "--reuid", str(NOBODY), "--clear-groups", "ovs-ofctl", "show",
                    os.path.join(switchd.run_dir, "ovs", "br0.mgmt")])
    assert done.returncode != 0


def test_who_sends_garbage_or_never_reads_harms_nobody(lab, switchd, tools):
    one, two = plugged(switchd)
    path = os.path.join(switchd.run_dir, "ovs", "br0.mgmt")
    clients = []
    for _ in range(8):
        client = lab.closing(socket.socket(socket.AF_UNIX))
        client.connect(path)
        client.settimeout(0.2)
        clients.append(client)
    hello = struct.pack(">BBHI", 4, 0, 8, 1)
    dump = struct.pack(">BBHIHHI", 4, 18, 56, 2, 1, 0, 0) + struct.pack(
        ">B3xII4xQQHH4x", 255, 0xffffffff, 0xffffffff, 0, 0, 1, 4)
    try:
        clients[0].sendall(os.urandom(100_000))
        clients[1].sendall(b"\x04\x0e\x00\x07")  # a message shorter than its header
        for _ in range(20_000):
            clients[2].send(hello + dump * 10)
    except (OSError, socket.timeout):
        pass  # cut off, or no longer read: both are right
    one.send(frame(payload=b"alive"))
    assert two.receive() == frame(payload=b"alive")
    assert "actions=NORMAL" in tools.flows("dump-flows", "br0")


def test_without_a_controller_fail_mode_decides(lab):
    switchd = Switchd(lab, "--fail-mode", "secure")
    tools = Tools(lab, os.path.join(switchd.run_dir, "ovs"))
    one, two = plugged(switchd)
    assert len(tools.flows("dump-flows", "br0").splitlines()) == 1
    one.send(frame(payload=b"nobody said what to do"))
    tools.flows("add-flow", "br0", "actions=NORMAL")
    one.send(frame(payload=b"now"))
    assert two.receive() == frame(payload=b"now")


def test_a_table_has_as_many_rules_as_it_may(lab):
    switchd = Switchd(lab, "--flow-limit", "3", "--flow-limit", "1=1")
    tools = Tools(lab, os.path.join(switchd.run_dir, "ovs"))
    tools.flows("del-flows", "br0")
    tools.flows("add-flow", "br0", "table=1,in_port=1,actions=drop")
    full = tools.ofctl("add-flow", "br0", "table=1,in_port=2,actions=drop")
    assert full.returncode != 0 and "OFPFMFC_TABLE_FULL" in full.stderr, full
    for port in (1, 2, 3):
        tools.flows("add-flow", "br0", f"in_port={port},actions=drop")
    assert "the table is full" in switchd.ctl("add-flow", "in_port=4,actions=drop").stderr
    tools.flows("add-flow", "br0", "in_port=3,actions=NORMAL")  # takes a rule's place
    limits = re.findall(r"max_entries=(\d+)", tools.flows("dump-table-features", "br0", version=13))
    # Tables that are like the one before are not shown; the last one has none to go to.
    assert limits == ["3", "1", "3", "3"]
    # With eviction a rule that would go by itself makes room.
    tools.flows("mod-table", "br0", "1", "evict", version=14)
    tools.flows("del-flows", "br0", "table=1")
    tools.flows("add-flow", "br0", "table=1,idle_timeout=100,in_port=1,actions=drop")
    tools.flows("add-flow", "br0", "table=1,in_port=2,actions=drop")
    assert "in_port=2" in tools.flows("dump-flows", "br0", "table=1")
    assert "in_port=1" not in tools.flows("dump-flows", "br0", "table=1")


class Controller:
    """An os-ken application that the switch dials."""

    def __init__(self, lab, application, **variables):
        self.port = free_port()
        self.process = lab.spawn(["osken-manager", "--ofp-tcp-listen-port", str(self.port),
                                  "--ofp-listen-host", "127.0.0.1", application],
                                 env=lab.environment(**variables))

    @property
    def target(self):
        return f"tcp:127.0.0.1:{self.port}"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_controller_in_forty_lines_makes_a_learning_switch(lab):
    here = os.path.dirname(os.path.abspath(__file__))
    application = os.path.join(here, "../../examples/learning_controller.py")
    controller = Controller(lab, application)
    switchd = Switchd(lab, "--controller", controller.target)
    tools = Tools(lab, os.path.join(switchd.run_dir, "ovs"))
    one, two, three = plugged(switchd, 3)
    wait_until(lambda: "CONTROLLER" in tools.flows("dump-flows", "br0"),
               lambda: f"the controller's rule: {controller.process}")
    one.send(frame(source=mac(1)))
    assert two.receive() == three.receive() == frame(source=mac(1))
    two.send(frame(source=mac(2), destination=mac(1)))
    assert one.receive() == frame(source=mac(2), destination=mac(1))
    wait_until(lambda: "dl_dst=02:00:00:00:00:01" in tools.flows("dump-flows", "br0"),
               lambda: "the controller's flow: " + tools.flows("dump-flows", "br0"))
    two.send(frame(source=mac(2), destination=mac(1), payload=b"by flow"))
    assert one.receive() == frame(source=mac(2), destination=mac(1), payload=b"by flow")


def test_a_switch_whose_controller_is_away_switches_by_itself(lab):
    switchd = Switchd(lab, "--controller", f"tcp:127.0.0.1:{free_port()}")
    one, two = plugged(switchd)
    one.send(frame(payload=b"standalone"))
    assert two.receive() == frame(payload=b"standalone")


class Heard:
    """What controller_app.py has told, in its order."""

    def __init__(self, path):
        self.path = path

    def all(self, what):
        try:
            with open(self.path, encoding="ascii") as opened:
                told = [json.loads(line) for line in opened if line.endswith("\n")]
        except FileNotFoundError:
            return []
        return [each for each in told if each["what"] == what]

    def wait(self, what, **expected):
        return wait_until(
            lambda: next((each for each in self.all(what) if expected.items() <= each.items()),
                         None),
            lambda: f"{what} {expected} in {self.all(what)}")


def test_a_controller_hears_what_it_asked_for(lab):
    here = os.path.dirname(os.path.abspath(__file__))
    heard = Heard(lab.path("heard"))
    controller = Controller(lab, os.path.join(here, "controller_app.py"), WITNESS=heard.path)
    switchd = Switchd(lab, "--controller", controller.target)
    heard.wait("role", role=2, generation=1)
    heard.wait("barrier")

    one, two = plugged(switchd)
    heard.wait("port", reason=0, port=1)
    heard.wait("port", reason=0, port=2)

    # Packet-in with the rule's cookie; out again by packet-out.
    first = frame(payload=b"first")
    one.send(first)
    assert two.receive() == first
    heard.wait("packet", port=1, table=0, cookie=0x2A, reason=0, data=first.hex())

    # By the rule that the controller adds then, which goes when it is idle.
    short = frame(ethertype=0x88B6)
    one.send(short)
    assert two.receive() == short
    tools = Tools(lab, os.path.join(switchd.run_dir, "ovs"))

    def carried():
        one.send(short)
        assert two.receive() == short
        return re.search(r"n_packets=[1-9]", tools.flows("dump-flows", "br0", "cookie=0x51/-1"))

    wait_until(carried, "a packet by the rule")
    removed = heard.wait("removed", cookie=0x51, reason=0, priority=7)
    assert removed["packets"] >= 1

    # A slave may look and not touch.
    one.send(frame(ethertype=0x88CC))
    heard.wait("role", role=3, generation=2)
    heard.wait("error", type=1, code=10)
    one.close()
    heard.wait("port", reason=2, port=1)


class Authority:
    """Signs certificates for whom it knows; made with the openssl program."""

    def __init__(self, lab, name):
        self.lab = lab
        self.certificate = self.request(name, "-x509", "-days", "2")

    def request(self, name, *more):
        key, out = self.lab.path(f"{name}.key"), self.lab.path(f"{name}.pem")
        done = self.lab.run(["openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}",
                             "-keyout", key, "-out", out, *more])
        assert done.returncode == 0, done.stderr
        return out

    def sign(self, name):
        """The tools' and the switch's options for a new holder of a certificate."""
        request, signed = self.request(name), self.lab.path(f"{name}.signed")
        key_of_ours = self.certificate.replace(".pem", ".key")
        done = self.lab.run(["openssl", "x509", "-req", "-in", request, "-CA", self.certificate,
                             "-CAkey", key_of_ours, "-CAcreateserial", "-days", "2",
                             "-out", signed])
        assert done.returncode == 0, done.stderr
        return [f"--private-key={self.lab.path(name)}.key", f"--certificate={signed}",
                f"--ca-cert={self.certificate}"]


def test_the_switch_is_programmed_over_tls(lab):
    authority, stranger = Authority(lab, "authority"), Authority(lab, "stranger")
    port = free_port()
    switchd = Switchd(lab, "--controller", f"pssl:{port}:127.0.0.1", *authority.sign("switch"))
    tools = Tools(lab, os.path.join(switchd.run_dir, "ovs"))
    target = f"ssl:127.0.0.1:{port}"
    tools.flows(*authority.sign("admin"), "add-flow", target, "priority=7,arp,actions=drop")
    assert "priority=7,arp actions=drop" in tools.flows("dump-flows", "br0")
    refused = tools.ofctl(*stranger.sign("thief"), "del-flows", target)
    assert refused.returncode != 0
    assert "priority=7,arp actions=drop" in tools.flows("dump-flows", "br0")


def test_the_switch_dials_a_controller_over_tls(lab):
    here = os.path.dirname(os.path.abspath(__file__))
    authority = Authority(lab, "authority")
    heard = Heard(lab.path("heard"))
    key, certificate, ca = (option.partition("=")[2] for option in authority.sign("controller"))
    port = free_port()
    lab.spawn(["osken-manager", "--ofp-ssl-listen-port", str(port), "--ofp-listen-host",
               "127.0.0.1", "--ctl-privkey", key, "--ctl-cert", certificate, "--ca-certs", ca,
               os.path.join(here, "controller_app.py")],
              env=lab.environment(WITNESS=heard.path))
    Switchd(lab, "--controller", f"ssl:127.0.0.1:{port}", *authority.sign("switch"))
    heard.wait("barrier")


def test_who_only_picks_up_the_line_is_no_controller(lab):
    """The bridge goes on by itself while what it dials accepts and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        switchd = Switchd(lab, "--controller", f"tcp:127.0.0.1:{silent.getsockname()[1]}")
        silent.settimeout(30)
        connection, _ = silent.accept()
        with connection:
            assert connection.recv(8)  # its hello: it is connected
            one, two = plugged(switchd)
            one.send(frame(payload=b"still here"))
            assert two.receive() == frame(payload=b"still here")
        assert switchd.process.stop() == 0


def test_a_listener_that_cannot_be_had_is_named(lab):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        target = f"ptcp:{taken.getsockname()[1]}:127.0.0.1"
        done = lab.run([lab.programs.switchd, "--run-dir", lab.path("run"),
                        "--controller", target])
    assert done.returncode == 1, done
    assert done.stderr.count("\n") == 1 and target.partition(":")[2].partition(":")[0] in done.stderr
    assert not os.path.exists(os.path.join(lab.path("run"), "switchd.pid"))
