"""Controllers come, go, and are several."""

import os
import re
import subprocess

import pytest
from os_ken.ofproto import ofproto_v1_3 as ofp
from os_ken.ofproto import ofproto_v1_3_parser as messages

from conftest import ROOT
from controller import OPENFLOW_1_3, ScriptedController
from frame import frame, mac
from host import vdens_up
from ovs import Tools
from test_openflow import Controller, plugged
from test_switchd import Switchd
from wait import wait_until

pytestmark = pytest.mark.ours_only("switchd is ours alone")

MASTER, SLAVE, EQUAL = ofp.OFPCR_ROLE_MASTER, ofp.OFPCR_ROLE_SLAVE, ofp.OFPCR_ROLE_EQUAL
IS_SLAVE = {"type": ofp.OFPET_BAD_REQUEST, "code": ofp.OFPBRC_IS_SLAVE}
STALE = {"type": ofp.OFPET_ROLE_REQUEST_FAILED, "code": ofp.OFPRRFC_STALE}


def tools_of(lab, switchd):
    return Tools(lab, os.path.join(switchd.run_dir, "ovs"))


def packets_of(tools, rule):
    """How many packets a rule has seen, by a part of its text."""
    shown = tools.flows("dump-flows", "br0")
    return int(re.search(rf"n_packets=(\d+),.*{rule}", shown).group(1))


# -- without the controller

def test_hosts_ping_by_a_controllers_flows_also_when_it_has_gone(lab):
    controller = Controller(lab, os.path.join(ROOT, "examples/learning_controller.py"))
    switchd = Switchd(lab, "--controller", controller.target, "--fail-mode", "secure")
    tools = tools_of(lab, switchd)
    wait_until(lambda: "CONTROLLER" in tools.flows("dump-flows", "br0"),
               lambda: f"the controller's rule: {controller.process}")
    for address in ("10.0.0.1", "10.0.0.2"):
        vdens_up(lab, switchd.bridge, address)
    reached = "until ping -c 1 -W 1 {0} >&2; do :; done"
    third = lab.spawn(["vdens", switchd.bridge.directory, "sh", "-c", "; ".join([
        "ip addr add 10.0.0.3/24 dev vde0; ip link set vde0 up",
        reached.format("10.0.0.1"), reached.format("10.0.0.2"), "echo REACHED; read go",
        "ping -c 3 -i .2 -W 30 10.0.0.1; ping -c 3 -i .2 -W 30 10.0.0.2; echo DONE; cat"])],
        stdin=subprocess.PIPE)
    third.wait_output(b"REACHED", 90)
    flows = tools.flows("dump-flows", "br0")
    # From and to each of the two.
    assert len(re.findall(r"priority=1,in_port=\w+,dl_src=\S+,dl_dst=\S+ actions=output", flows)) >= 4
    controller.process.stop()
    third.write(b"go\n")
    said = third.wait_output(b"DONE", 90).decode()
    assert said.count("3 packets transmitted, 3 received, 0% packet loss") == 2, said


# -- several controllers

@pytest.fixture
def two(lab):
    """A switch, and two controllers that it has dialed."""
    controllers = [lab.closing(ScriptedController()) for _ in range(2)]
    switchd = Switchd(lab, *(word for each in controllers for word in ("--controller", each.target)))
    for each in controllers:
        each.accept()
    return switchd, *controllers


def test_a_slave_changes_nothing_and_hears_of_ports_only(two):
    switchd, master, slave = two
    master.take_role(MASTER, 1)
    slave.take_role(SLAVE, 1)
    slave.add_flow(ofp.OFPP_FLOOD)
    slave.wait(messages.OFPErrorMsg, **IS_SLAVE)
    master.add_flow(ofp.OFPP_CONTROLLER)
    master.barrier()
    (one,) = plugged(switchd, 1)
    for each in (master, slave):
        each.wait(messages.OFPPortStatus, reason=ofp.OFPPR_ADD)
    one.send(frame(payload=b"for the master"))
    assert master.wait(messages.OFPPacketIn).data == frame(payload=b"for the master")
    assert not slave.has_heard(messages.OFPPacketIn)


def test_a_new_master_makes_the_old_one_a_slave(two):
    _, first, second = two
    first.take_role(MASTER, 1)
    second.take_role(MASTER, 2)
    first.add_flow(ofp.OFPP_FLOOD)
    first.wait(messages.OFPErrorMsg, **IS_SLAVE)
    first.ask_role(MASTER, 1)
    first.wait(messages.OFPErrorMsg, **STALE)
    second.add_flow(ofp.OFPP_FLOOD)
    assert not second.has_heard(messages.OFPErrorMsg)
    first.take_role(MASTER, 3)
    second.add_flow(ofp.OFPP_FLOOD)
    second.wait(messages.OFPErrorMsg, **IS_SLAVE)


def test_when_the_master_dies_another_goes_on(lab, two):
    switchd, master, heir = two
    master.take_role(MASTER, 7)
    heir.take_role(SLAVE, 7)
    one, other = plugged(switchd)
    master.add_flow(2, in_port=1)
    master.barrier()
    master.hang_up()
    heir.ask_role(MASTER, 6)
    heir.wait(messages.OFPErrorMsg, **STALE)
    heir.take_role(MASTER, 8)
    one.send(frame(payload=b"by the dead one's rule"))
    assert other.receive() == frame(payload=b"by the dead one's rule")
    heir.add_flow(ofp.OFPP_CONTROLLER, priority=9, in_port=2)
    heir.barrier()
    other.send(frame(payload=b"by the heir's"))
    assert heir.wait(messages.OFPPacketIn).data == frame(payload=b"by the heir's")
    # Nobody was without a controller: the switch has no rule of its own.
    assert "NORMAL" not in tools_of(lab, switchd).appctl("bridge/dump-flows", "br0").stdout


def test_each_controller_hears_what_it_has_asked_for_itself(two):
    switchd, master, slave = two
    master.take_role(MASTER, 1)
    slave.take_role(SLAVE, 1)
    any_packet, any_port, nothing = 0b111, 0b111, 0

    def masks(packets, ports):
        return {"packet_in_mask": packets, "port_status_mask": ports,
                "flow_removed_mask": [nothing, nothing]}

    wanted = {master: masks([any_packet, nothing], [nothing, nothing]),
              slave: masks([nothing, any_packet], [nothing, any_port])}
    for each, asked in wanted.items():
        each.send(messages.OFPSetAsync(OPENFLOW_1_3, *asked.values()))
    for each, asked in wanted.items():
        each.send(messages.OFPGetAsyncRequest(OPENFLOW_1_3))
        each.wait(messages.OFPGetAsyncReply, **asked)
    master.add_flow(ofp.OFPP_CONTROLLER)
    master.barrier()
    (one,) = plugged(switchd, 1)
    slave.wait(messages.OFPPortStatus, reason=ofp.OFPPR_ADD)
    one.send(frame())
    for each in (master, slave):
        each.wait(messages.OFPPacketIn)
    assert not master.has_heard(messages.OFPPortStatus)


# -- and none

def test_a_controller_that_gives_no_sign_of_life_is_dialed_again(lab):
    controller = lab.closing(ScriptedController())
    Switchd(lab, "--controller", controller.target, "--inactivity-probe", "1")
    controller.accept()
    controller.wait(messages.OFPEchoRequest)
    controller.gives_signs_of_life = False
    controller.accept()


def lone(lab, controller, mode, name):
    """A switch that its controller has told one rule: from port 1 to 2, and what else comes, ends."""
    switchd = Switchd(lab, "--controller", controller.target, "--inactivity-probe", "1",
                      "--fail-mode", mode, place=name)
    controller.accept()
    controller.add_flow(2, in_port=1)
    controller.barrier()
    return switchd


def test_fail_mode_decides_what_a_switch_does_without_its_controller(lab):
    """Secure: it keeps its rules and learns nothing. Standalone: it is a learning switch."""
    of_secure, of_standalone = (lab.closing(ScriptedController()) for _ in range(2))
    secure = lone(lab, of_secure, "secure", "secure")
    standalone = lone(lab, of_standalone, "standalone", "standalone")
    one, two, three = plugged(standalone, 3)
    apart, beside, behind = plugged(secure, 3)
    of_secure.hang_up()
    of_standalone.hang_up()

    def switches():
        two.send(frame(source=mac(2), payload=b"to all"))
        return one.pending()

    wait_until(switches, "the learning switch")
    # The secure one has been alone for as long.
    behind.send(frame(source=mac(3), payload=b"no rule for it"))
    apart.send(frame(source=mac(1), payload=b"a rule for it"))
    assert beside.receive() == frame(source=mac(1), payload=b"a rule for it")
    wait_until(lambda: secure.ask("counters")["in"]["packets"] == 2, "both frames")
    assert apart.pending() == [] and secure.ask("macs") == []

    # Learned: only who has that address gets it.
    last = frame(source=mac(1), payload=b"the last one")
    one.send(frame(source=mac(1), destination=mac(2)))
    one.send(last)
    assert frame(source=mac(1), destination=mac(2)) not in three.receive_until(last)
    tools = tools_of(lab, standalone)
    assert "actions=output:2" in tools.flows("dump-flows", "br0"), "its rules are kept"

    # And handed back to who returns.
    back = lab.closing(ScriptedController(of_standalone.port))
    back.accept()
    back.barrier()
    assert "NORMAL" not in tools.appctl("bridge/dump-flows", "br0").stdout
    one.send(last)
    wait_until(lambda: packets_of(tools, "in_port=1") == 1, "the controller's rule in force")
