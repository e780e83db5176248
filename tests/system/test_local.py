"""The port LOCAL: the host's own network stack on the switch, behind a TAP interface."""

import os
import re

import pytest

from host import vdens_up
from lab import NOBODY, as_user
from ovs import Oracle, Tools
from test_switchd import Switchd
from wait import wait_until

pytestmark = pytest.mark.ours_only("switchd is ours alone")


@pytest.fixture
def host(lab):
    return lab.namespace()


@pytest.fixture
def switchd(lab, host):
    switchd = Switchd(lab, "--local", "swlocal", inside=host)
    host.configure("swlocal", "10.79.0.1/24")
    return switchd


@pytest.fixture
def tools(lab, switchd):
    return Tools(lab, os.path.join(switchd.run_dir, "ovs"))


def pings(switchd, host, count=3):
    """Of some pings from the host to 10.79.0.2, how many were answered."""
    done = switchd.lab.run(host.prefix("ping", "-c", str(count), "-i", ".2", "-W", "1",
                                       "10.79.0.2"))
    return int(re.search(r"(\d+) received", done.stdout)[1])


def test_the_host_talks_to_its_machines(lab, switchd, host, tools):
    vdens_up(lab, switchd.bridge, "10.79.0.2")
    wait_until(lambda: pings(switchd, host, 1), "an answer, while the switch learns")
    assert "LOCAL" in switchd.ctl("macs").stdout

    # And by flows that name it, in both directions.
    for flow in ("in_port=LOCAL,actions=output:1", "in_port=1,actions=LOCAL"):
        tools.flows("add-flow", "br0", "priority=9," + flow)
    assert pings(switchd, host) == 3
    shown = tools.flows("dump-flows", "br0")
    for flow in ("in_port=LOCAL actions=output:1", "in_port=1 actions=LOCAL"):
        assert re.search(r"n_packets=[1-9].*" + flow, shown), shown

    tools.flows("add-flow", "br0", "priority=10,icmp,in_port=1,actions=drop")
    assert pings(switchd, host, 1) == 0


@pytest.mark.parametrize("version", (10, 13, 15))
def test_it_is_shown_as_open_vswitch_shows_it(lab, switchd, tools, version):
    def local(text):
        """What a tool says of LOCAL, without what is the interface's own."""
        lines = re.search(r"^ LOCAL.*\n(     .*\n)*", text, re.M)[0]
        lines = re.sub(r"addr:\S+|speed: .*\n|current: .*\n", "", lines)
        return re.sub(r"(config|state): +.*", r"\1", lines)

    oracle = Oracle(lab).tools
    assert local(tools.flows("show", "br0", version=version)) == \
        local(oracle.flows("show", "br0", version=version))
    assert re.search(r"port +LOCAL: rx pkts=", tools.flows("dump-ports", "br0", version=version))
    assert tools.flows("dump-ports", "br0", "LOCAL", version=version).count("port ") == 1


def test_it_is_a_port_like_any_other_to_controllers_and_none_to_vde(switchd, tools):
    tools.flows("mod-port", "br0", "br0", "no-flood")  # the port has its bridge's name
    assert "NO_FLOOD" in tools.flows("show", "br0")
    assert re.search(r" br0 65534/\d+: \(tap\)", tools.appctl("dpif/show").stdout)
    assert "LOCAL" in switchd.ctl("ports").stdout
    assert [each["port"] for each in switchd.ask("ports")] == [0xfffffffe]


def test_without_it_there_is_no_such_port(lab):
    switchd = Switchd(lab)
    tools = Tools(lab, os.path.join(switchd.run_dir, "ovs"))
    assert "LOCAL" not in tools.flows("show", "br0")


def test_one_that_cannot_be_made_ends_the_start(lab):
    run_dir = os.path.join(lab.shared("place"), "run")
    done = lab.run(as_user(NOBODY, lab.programs.switchd, "--run-dir", run_dir,
                           "--local", "swlocal"))
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert "swlocal" in done.stderr
    assert not os.path.exists(run_dir)
