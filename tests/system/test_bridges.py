"""Several bridges in one process: each with its own machines, rules and controllers."""

import json
import os

import pytest

from frame import mac, numbered
from ovs import Tools
from plug import Plug
from test_switchd import Switchd
from wait import wait_until

pytestmark = pytest.mark.ours_only("switchd is ours alone")


def plug_into(switchd, bridge, name):
    """Named, so that the test sees where it is."""
    return switchd.lab.closing(Plug(os.path.join(switchd.run_dir, bridge), 0,
                                    description=name.encode(),
                                    name=os.path.join(switchd.place, name), mode=0o777))


def on(switchd, bridge, *words):
    done = switchd.ctl("--json", "--bridge", bridge, *words)
    assert done.returncode == 0, done
    return json.loads(done.stdout)


def names(switchd):
    return [each["bridge"] for each in switchd.ask("bridges")]


def reaches(one, two, number):
    """Whether a frame of one comes out at two."""
    one.send(numbered(number, source=mac(1)))
    return two.receive() == numbered(number, source=mac(1))


def test_bridges_are_networks_of_their_own(lab):
    switchd = Switchd(lab, "--bridge", "br0", "--bridge", "dmz", "--numports", "4")
    a, b = plug_into(switchd, "br0", "a"), plug_into(switchd, "br0", "b")
    c, d = plug_into(switchd, "dmz", "c"), plug_into(switchd, "dmz", "d")
    assert reaches(a, b, 1) and reaches(c, d, 2)
    b.send(numbered(3, source=mac(2)))
    assert a.receive() == numbered(3, source=mac(2))
    # The same station is at home in both.
    for bridge in ("br0", "dmz"):
        assert mac(1) in [bytes.fromhex(each["mac"].replace(":", ""))
                          for each in on(switchd, bridge, "macs")]
        assert on(switchd, bridge, "show")["bridge"] == bridge
    assert on(switchd, "dmz", "show")["ports_max"] == 4
    assert not c.pending() and not d.pending()
    refused = switchd.ctl("--bridge", "lan", "show")
    assert refused.returncode == 1 and "there is no bridge 'lan'" in refused.stderr


def test_rules_of_one_bridge_are_no_other_s(lab):
    switchd = Switchd(lab, "--bridge", "br0", "--bridge", "dmz")
    a, b = plug_into(switchd, "br0", "a"), plug_into(switchd, "br0", "b")
    c, d = plug_into(switchd, "dmz", "c"), plug_into(switchd, "dmz", "d")
    ovs = Tools(lab, os.path.join(switchd.run_dir, "ovs"))
    assert ovs.ofctl("del-flows", "dmz").returncode == 0
    assert ovs.ofctl("dump-flows", "dmz").stdout.count("actions=") == 0
    assert ovs.ofctl("dump-flows", "br0").stdout.count("actions=NORMAL") == 1
    assert reaches(a, b, 1)
    c.send(numbered(2, source=mac(1)))
    wait_until(lambda: on(switchd, "dmz", "drops")["total"], "the drop")
    assert not d.pending()
    assert switchd.ctl("--bridge", "dmz", "add-flow", "actions=flood").returncode == 0
    assert reaches(c, d, 3)
    assert ovs.appctl("ofproto/list").stdout == "br0\ndmz\n"
    shown = ovs.appctl("dpif/show").stdout
    assert "  br0:\n" in shown and "  dmz:\n" in shown
    assert "output" in ovs.appctl("ofproto/trace", "dmz", "in_port=1").stdout or \
        "FLOOD" in ovs.appctl("ofproto/trace", "dmz", "in_port=1").stdout
    assert "no such bridge" in ovs.appctl("fdb/show", "lan").stderr


def test_bridges_come_and_go_while_others_carry_traffic(lab):
    switchd = Switchd(lab)
    a, b = plug_into(switchd, "br0", "a"), plug_into(switchd, "br0", "b")
    assert reaches(a, b, 1)
    for turn in range(3):
        done = switchd.ctl("add-bridge", "lan", "hub", "port=type=stream,name=vm1")
        assert done.returncode == 0 and "vde,sock=" in done.stdout, done
        c, d = plug_into(switchd, "lan", f"c{turn}"), plug_into(switchd, "lan", f"d{turn}")
        assert reaches(c, d, 2)
        assert names(switchd) == ["br0", "lan"]
        assert os.path.exists(os.path.join(switchd.run_dir, "vm1.sock"))
        assert switchd.ctl("del-bridge", "lan").returncode == 0
        assert names(switchd) == ["br0"]
        wait_until(c.is_unplugged, "the plug to be let go")
        wait_until(lambda: not os.path.exists(os.path.join(switchd.run_dir, "lan")),
                   "the bridge's directory to go")
        assert not os.path.exists(os.path.join(switchd.run_dir, "vm1.sock"))
        assert reaches(a, b, 3 + turn)
    last = switchd.ctl("del-bridge", "br0")
    assert last.returncode == 1 and "the only bridge" in last.stderr
    assert switchd.process.stop() == 0
    assert not os.path.exists(switchd.run_dir) or os.listdir(switchd.run_dir) == []


@pytest.mark.parametrize("words, reason", [
    (["add-bridge", "br0"], "there is a bridge br0 already"),
    (["add-bridge", "../up"], "no name for a bridge"),
    (["add-bridge", "lan", "numport=3"], "did you mean numports?"),
    (["add-bridge", "lan", "port=type=tap,,fd=99"], "no type of port"),
    (["add-bridge", "lan", "port=type=stream,addr=punix:/none/such"], "/none/such"),
    (["del-bridge", "lan"], "there is no bridge 'lan'"),
])
def test_what_cannot_be_is_refused_and_nothing_changes(lab, words, reason):
    switchd = Switchd(lab)
    before = sorted(os.listdir(switchd.run_dir))
    done = switchd.ctl(*words)
    assert done.returncode == 1 and reason in done.stderr, done
    assert names(switchd) == ["br0"]
    wait_until(lambda: sorted(os.listdir(switchd.run_dir)) == before, "nothing to be left")


def test_the_configuration_file_has_several(lab):
    config = os.path.join(lab.shared("etc"), "lab.json")
    with open(config, "w", encoding="ascii") as file:
        json.dump({"bridge": [{"name": "br0"}, {"name": "lan", "hub": True, "port": [
            {"type": "stream", "name": "vm1"}]}]}, file)
    switchd = Switchd(lab, "--config", config)
    assert names(switchd) == ["br0", "lan"]
    assert on(switchd, "lan", "show")["mode"] == "hub"
    assert [each["name"] for each in on(switchd, "lan", "ports")] == ["vm1"]
    text = switchd.ctl("bridges").stdout
    assert text.splitlines()[0].split()[0] == "BRIDGE" and len(text.splitlines()) == 3


def test_a_patch_makes_one_network_of_two_bridges(lab):
    switchd = Switchd(lab, "--bridge", "br0", "--port", "type=patch,name=up,peer=down",
                      "--bridge", "dmz")
    a, b = plug_into(switchd, "br0", "a"), plug_into(switchd, "dmz", "b")

    def patch():
        return [each for each in switchd.ask("ports") if each["name"] == "up"][0]

    assert not patch()["active"]
    added = switchd.ctl("--bridge", "dmz", "add-port", "type=patch,name=down,peer=up")
    assert added.returncode == 0, added
    assert patch()["active"] and patch()["type"] == "patch"
    assert reaches(a, b, 1)
    b.send(numbered(2, destination=mac(1), source=mac(2)))
    assert a.receive() == numbered(2, destination=mac(1), source=mac(2))
    assert switchd.ctl("--bridge", "dmz", "port-down", "down").returncode == 0
    assert not patch()["active"]
    assert switchd.ctl("--bridge", "dmz", "port-up", "down").returncode == 0
    assert patch()["active"] and reaches(a, b, 3)
    assert switchd.ctl("del-bridge", "dmz").returncode == 0
    assert not patch()["active"]
    own = switchd.ctl("add-port", "type=patch,name=x,peer=x")
    assert own.returncode == 1 and "not its own peer" in own.stderr
    taken = switchd.ctl("add-port", "type=patch,name=up,peer=y")
    assert taken.returncode == 1 and "already" in taken.stderr


def test_a_ring_of_patches_storms_and_everything_goes_on(lab):
    switchd = Switchd(lab, "--bridge", "br0", "--port", "type=patch,name=a1,peer=a2",
                      "--port", "type=patch,name=b1,peer=b2", "--bridge", "dmz",
                      "--port", "type=patch,name=a2,peer=a1", "--port",
                      "type=patch,name=b2,peer=b1")
    one = plug_into(switchd, "br0", "one")
    one.send(numbered(1, source=mac(1)))
    wait_until(lambda: [each["in"]["packets"] > 1000 for each in switchd.ask("ports")
                        if each["name"] == "a1"][0], "the storm")
    assert switchd.ask("show")["bridge"] == "br0"
    assert switchd.ctl("del-port", "b1").returncode == 0
    other = plug_into(switchd, "br0", "other")
    one.send(numbered(2, source=mac(1)))
    other.receive_until(numbered(2, source=mac(1)))
