"""Every command of ovs-ofctl, in every version of OpenFlow, to switchd and to a real Open vSwitch."""

import os
import re
import shlex
import struct

import pytest
from os_ken.ofproto import ofproto_v1_3_parser as messages

from controller import OPENFLOW_1_3, ScriptedController
from frame import frame
from ofctl_text import comparable
from ovs import Oracle, Tools
from test_switchd import Switchd
from wait import wait_until

pytestmark = pytest.mark.ours_only("switchd is ours alone")

VERSIONS = (10, 11, 12, 13, 14, 15)

RULES = """\
cookie=0x11,priority=10,in_port=1,actions=output:2
cookie=0x22,priority=20,tcp,tp_dst=80,actions=output:1
cookie=0x23,priority=20,tcp,tp_dst=443,actions=output:2
cookie=0x24,table=3,udp,actions=drop
cookie=0x33,priority=20,ip,nw_dst=10.0.0.0/8,actions=mod_nw_dst:192.0.2.1,output:1,output:2
priority=0,actions=NORMAL
"""
FLOWS = "delete\n" + RULES

READING = """\
show br0
dump-desc br0
dump-ports br0
dump-ports br0 1
dump-ports br0 77
dump-ports-desc br0
dump-ports-desc br0 1
dump-tables br0
dump-table-features br0
dump-table-desc br0
dump-flows br0
dump-flows br0 table=3
dump-flows br0 tcp
dump-flows br0 cookie=0x20/0xf0
dump-flows br0 out_port=1
dump-flows br0 ip,out_port=2
--strict dump-flows br0 ip,nw_dst=10.0.0.0/8
--no-names dump-flows br0
--no-stats dump-flows br0
dump-aggregate br0
dump-aggregate br0 table=0
dump-aggregate br0 cookie=0x20/0xf0
dump-aggregate br0 out_port=1
queue-stats br0
queue-stats br0 1
queue-stats br0 1 7
queue-stats br0 77
queue-get-config br0
queue-get-config br0 1
queue-get-config br0 77
get-frags br0
ping br0
ping br0 0
ping br0 5000
probe br0
"""

# What is asked, and where its effect is seen.
CHANGING = {
    "dump-flows br0": """\
add-flow br0 priority=5,udp,actions=output:1
add-flow br0 priority=10,in_port=1,actions=drop
add-flow br0 table=0,priority=5,arp,actions=drop
add-flow br0 table=7,priority=5,arp,actions=resubmit(,8)
add-flow br0 priority=5,reg0=0x5/0xff,actions=drop
add-flow br0 priority=5,tcp6,ipv6_src=2001:db8::/32,actions=dec_ttl,output:1
add-flow br0 priority=5,dl_src=02:00:00:00:00:00/ff:00:00:00:00:00,actions=set_tunnel:5,output:1
add-flow br0 actions=set_tunnel64:0x123456789a,output:1
add-flow br0 priority=5,actions=write_actions(output:1)
add-flow br0 priority=5,metadata=1,actions=write_metadata:2/3,goto_table:4
add-flow br0 check_overlap,priority=20,tcp,actions=drop
add-flow br0 send_flow_rem,idle_timeout=60,hard_timeout=90,priority=5,icmp,actions=IN_PORT
add-flow br0 importance=7,priority=5,icmp,actions=drop
add-flow br0 table=200,actions=output:700
add-flow br0 actions=enqueue:1:2
add-flows br0 FLOWS
mod-flows br0 tcp,actions=drop
mod-flows br0 arp,actions=drop
mod-flows br0 cookie=0x22/-1,actions=FLOOD
mod-flows br0 table=3,actions=output:1
--strict mod-flows br0 priority=20,tcp,tp_dst=80,actions=drop
--strict mod-flows br0 priority=21,tcp,tp_dst=80,actions=drop
del-flows br0
del-flows br0 tcp
del-flows br0 table=3
del-flows br0 out_port=1
del-flows br0 ip,out_port=2
del-flows br0 cookie=0x20/0xf0
del-flows br0 cookie=0x11/-1,in_port=1
--strict del-flows br0 priority=20,tcp,tp_dst=80
--strict del-flows br0 priority=21,tcp,tp_dst=80
replace-flows br0 OTHERS
replace-flows br0 SAME
diff-flows br0 SAME
diff-flows br0 OTHERS
packet-out br0 'in_port=controller packet=ffffffffffff020000000001888800 actions=output:2'
packet-out br0 'in_port=1 packet=ffffffffffff020000000001888800 actions=TABLE'
packet-out br0 'in_port=local packet=ffffffffffff020000000001888800 actions=FLOOD'
packet-out br0 none output:2 ffffffffffff020000000001888800
""",
    "dump-ports-desc br0": """\
mod-port br0 p1 down
mod-port br0 p1 up
mod-port br0 1 no-flood
mod-port br0 1 flood
mod-port br0 1 no-receive
mod-port br0 1 receive
mod-port br0 1 no-receive-stp
mod-port br0 1 receive-stp
mod-port br0 1 no-stp
mod-port br0 1 stp
mod-port br0 1 no-forward
mod-port br0 1 forward
mod-port br0 1 no-packet-in
mod-port br0 1 packet-in
mod-port br0 77 down
""",
    "get-frags br0": """\
set-frags br0 drop
set-frags br0 reassemble
set-frags br0 nx-match
set-frags br0 normal
""",
    "dump-table-desc br0": """\
mod-table br0 1 evict
mod-table br0 2 noevict
mod-table br0 1 vacancy:20,80
mod-table br0 1 novacancy
mod-table br0 1 noevict
""",
}

# In 1.1 Open vSwitch tells another configuration than it has, so that its tables are not compared.
MISSES = """\
mod-table br0 1 drop
mod-table br0 1 continue
mod-table br0 1 controller
mod-table br0 all continue
mod-table br0 all controller
"""

UNKNOWN_SUBTYPE = "OFPBRC_BAD_SUBTYPE"
UNKNOWN_STATISTICS = "OFPBRC_BAD_STAT"
UNKNOWN_TYPE = "OFPBRC_BAD_TYPE"
NO_GROUP = "OFPGMFC_UNKNOWN_GROUP"
NO_METER = "OFPMMFC_UNKNOWN_METER"
BY_THE_TOOL = "by the tool"  # which knows that the version has no such message
IN_A_BUNDLE = {10: UNKNOWN_TYPE, 13: UNKNOWN_SUBTYPE, 14: UNKNOWN_TYPE}

# What switchd does not have: how it is refused from a version on. None: to delete what is not there
# is no error. The tool speaks 1.4 where bundles are asked for in an older version than 1.3.
REFUSED = {
    "add-group br0 group_id=1,type=all,bucket=output:1":
        {10: UNKNOWN_SUBTYPE, 11: "OFPGMFC_OUT_OF_GROUPS"},
    "mod-group br0 group_id=1,type=all,bucket=output:1": {10: UNKNOWN_SUBTYPE, 11: NO_GROUP},
    "del-groups br0": {10: UNKNOWN_SUBTYPE, 11: None},
    "insert-buckets br0 group_id=1,command_bucket_id=last,bucket=output:1":
        {10: UNKNOWN_SUBTYPE, 11: BY_THE_TOOL, 15: NO_GROUP},
    "remove-buckets br0 group_id=1,command_bucket_id=last":
        {10: UNKNOWN_SUBTYPE, 11: BY_THE_TOOL, 15: NO_GROUP},
    "dump-groups br0": {10: UNKNOWN_SUBTYPE, 11: UNKNOWN_STATISTICS},
    "dump-group-stats br0": {10: UNKNOWN_SUBTYPE, 11: UNKNOWN_STATISTICS},
    "dump-group-features br0": {10: UNKNOWN_SUBTYPE, 12: UNKNOWN_STATISTICS},
    "add-meter br0 meter=1,kbps,band=type=drop,rate=1": {13: "OFPMMFC_OUT_OF_METERS"},
    "mod-meter br0 meter=1,kbps,band=type=drop,rate=1": {13: NO_METER},
    "del-meter br0 meter=1": {13: None},
    "del-meters br0": {13: None},
    "dump-meter br0 meter=1": {13: UNKNOWN_STATISTICS},
    "dump-meters br0": {13: UNKNOWN_STATISTICS},
    "meter-stats br0": {13: UNKNOWN_STATISTICS},
    "meter-features br0": {13: UNKNOWN_STATISTICS},
    "--bundle add-flow br0 actions=drop": IN_A_BUNDLE,
    "--bundle add-flows br0 FLOWS": IN_A_BUNDLE,
    "--bundle mod-flows br0 actions=drop": IN_A_BUNDLE,
    "--bundle del-flows br0": IN_A_BUNDLE,
    "--bundle replace-flows br0 OTHERS": IN_A_BUNDLE,
    "bundle br0 BUNDLE": IN_A_BUNDLE,
    "dump-ipfix-bridge br0": {10: "NXST_NOT_CONFIGURED"},
    "dump-ipfix-flow br0": {10: "NXST_NOT_CONFIGURED"},
    "add-tlv-map br0 {class=0xffff,type=0,len=4}->tun_metadata0":
        {10: UNKNOWN_SUBTYPE, 11: BY_THE_TOOL, 12: UNKNOWN_SUBTYPE},
    "del-tlv-map br0": {10: UNKNOWN_SUBTYPE, 11: BY_THE_TOOL, 12: UNKNOWN_SUBTYPE},
    "dump-tlv-map br0": {10: UNKNOWN_SUBTYPE},
    "ct-flush br0": {10: UNKNOWN_SUBTYPE},
    "ct-flush br0 zone=5 ct_nw_src=10.1.1.1,ct_nw_proto=17": {10: UNKNOWN_SUBTYPE},
    "ct-flush-zone br0 5": {10: UNKNOWN_SUBTYPE},
}


class Side:
    """One of the two switches."""

    def __init__(self, tools, tables, lacking):
        self.tools = tools
        self.tables = tables
        self.lacking = lacking

    def says(self, command, version, files):
        words = [files.get(word, word) for word in shlex.split(command)]
        done = self.tools.ofctl(*words, version=version)
        out, errors = (comparable(text.replace(self.tools.run_dir, "RUN"), self.tables,
                                  self.lacking) for text in (done.stdout, done.stderr))
        return done.returncode, out, errors


class Both:
    def __init__(self, lab):
        self.lab = lab
        self.switchd = Switchd(lab)
        self.plugs = [self.switchd.plug(f"plug{number}", number) for number in (1, 2)]
        self.oracle = Oracle(lab)
        self.ours = Side(Tools(lab, os.path.join(self.switchd.run_dir, "ovs")), 255, False)
        self.real = Side(self.oracle.tools, 254, True)
        others = "cookie=0x1,priority=10,in_port=1,actions=output:2\npriority=6,arp,actions=drop\n"
        self.files = {"FLOWS": lab.write("flows", FLOWS), "OTHERS": lab.write("others", others),
                      "SAME": lab.write("same", RULES),
                      "BUNDLE": lab.write("bundle", "flow add actions=drop\n")}
        self.as_new = False

    def renew(self):
        """Back to what every row begins with."""
        for side in (self.ours, self.real):
            side.tools.flows("add-flows", "br0", self.files["FLOWS"])
        self.as_new = True

    def agree(self, command, version):
        ours, real = (side.says(command, version, self.files) for side in (self.ours, self.real))
        assert ours == real, command


@pytest.fixture(scope="module")
def running(shared_lab):
    return Both(shared_lab)


@pytest.fixture
def both(running):
    if not running.as_new:
        running.renew()
    return running


def rows(text):
    return pytest.mark.parametrize("command", text.splitlines())


in_each_version = pytest.mark.parametrize("version", VERSIONS)


@in_each_version
@rows(READING)
def test_it_answers_as_open_vswitch_answers(both, command, version):
    both.agree(command, version)


@in_each_version
@pytest.mark.parametrize("command, seen", [(command, seen) for seen, commands in CHANGING.items()
                                           for command in commands.splitlines()])
def test_it_does_what_open_vswitch_does(both, command, seen, version):
    both.as_new = False
    both.agree(command, version)
    both.agree(seen, version)


@in_each_version
@rows(MISSES)
def test_a_miss_is_configured(both, command, version):
    both.agree(command, version)
    if version == 12:
        both.agree("dump-tables br0", version)


@in_each_version
@pytest.mark.parametrize("command", REFUSED)
def test_what_it_does_not_have_is_refused_by_name(both, command, version):
    expected = BY_THE_TOOL
    for first, error in REFUSED[command].items():
        if first <= version:
            expected = error
    if expected == BY_THE_TOOL:
        both.agree(command, version)
        return
    _, out, errors = both.ours.says(command, version, both.files)
    assert errors_in("\n".join(out + errors)) == ([expected] if expected else [])


def errors_in(text):
    return re.findall(r"(?:OFPT_ERROR.*: |^Error )(\w+)", text, re.M)


@in_each_version
def test_flow_monitors_are_refused_by_name(both, version):
    monitor = both.lab.spawn(["ovs-ofctl", "-O", f"OpenFlow{version}", "monitor", "br0", "watch:"],
                             env=both.ours.tools.environment)
    expected = UNKNOWN_STATISTICS if version >= 14 else UNKNOWN_SUBTYPE
    wait_until(lambda: errors_in(monitor.output().decode() + monitor.errors()) == [expected],
               lambda: f"{expected}: {monitor}")
    assert monitor.stop() != 0


# -- monitor and snoop

# IPv4 whose hops have run out.
PACKET = frame(ethertype=0x0800, size=60, payload=struct.pack(
    ">BBHHHBBH4s4s", 0x45, 0, 20, 0, 0, 1, 17, 0x65eb, bytes((10, 0, 0, 1)), bytes((10, 0, 0, 2))))
RULE = "cookie=0x77,priority=99,in_port=1,actions=controller(max_len=128),dec_ttl"


def monitored(both, side, command, version):
    """What a monitor prints of the first packet-ins that it hears of, or why it does not."""
    monitor = both.lab.spawn(["ovs-ofctl", "-O", f"OpenFlow{version}", *shlex.split(command)],
                             env=side.tools.environment)

    def heard():
        if monitor.popen.poll() is not None:
            return True
        if side is both.ours:
            both.plugs[0].send(PACKET)
        else:
            side.tools.appctl("netdev-dummy/receive", "p1", PACKET.hex())
        return monitor.errors().count("PACKET_IN") >= 3

    wait_until(heard, lambda: f"packet-ins: {monitor}", step_s=0.02)
    monitor.stop()
    return comparable("".join(monitor.errors().splitlines(keepends=True)[:4]), side.tables)


@in_each_version
@pytest.mark.parametrize("command", [
    "monitor br0 65534",
    "monitor br0 20",
    "monitor br0 65534 invalid_ttl",
    "-P standard monitor br0 65534",
    "-P nxt_packet_in monitor br0 65534",
    "-P nxt_packet_in2 monitor br0 65534",
])
def test_a_monitor_hears_what_open_vswitch_s_hears(both, command, version):
    both.as_new = False
    for side in (both.ours, both.real):
        side.tools.flows("add-flow", "br0", RULE)
    assert monitored(both, both.ours, command, version) == monitored(both, both.real, command,
                                                                     version)


def test_without_a_controller_there_is_nothing_to_snoop_on(both):
    """Both hang up; whether the tool finds that while it connects or writes, is a race."""
    for side in (both.ours, both.real):
        status, out, errors = side.says("snoop br0", 13, both.files)
        assert (status, out) == (1, [])
        assert re.search(r"\((Connection reset by peer|Broken pipe)\)", "".join(errors)), errors


@pytest.mark.parametrize("program", ["switchd", "Open vSwitch"])
def test_snoop_overhears_a_controller(lab, program):
    controller = ScriptedController()
    if program == "switchd":
        switchd = Switchd(lab, "--controller", controller.target)
        tools = Tools(lab, os.path.join(switchd.run_dir, "ovs"))
    else:
        oracle = Oracle(lab)
        tools = oracle.tools
        done = lab.run(["ovs-vsctl", "--db=" + oracle.remote, "set-controller", "br0",
                        controller.target], env=tools.environment)
        assert done.returncode == 0, done
    controller.accept()
    snoop = lab.spawn(["ovs-ofctl", "snoop", "br0"], env=tools.environment)

    def overheard():
        controller.send(messages.OFPGetConfigRequest(OPENFLOW_1_3))
        return re.search("OFPT_GET_CONFIG_REQUEST .*\nOFPT_GET_CONFIG_REPLY .* miss_send_len=128",
                         snoop.errors())

    wait_until(overheard, lambda: f"a question and its answer: {snoop}", step_s=0.05)
