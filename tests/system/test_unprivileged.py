"""Whoever has no rights at all can see for himself: everything here runs as an ordinary user."""

import os

import pytest

from frame import frame, mac
from lab import NOBODY, as_user
from ovs import Tools
from switch import Switch
from test_switchd import Switchd

pytestmark = pytest.mark.ours_only("switchd is ours alone")


class UserNamespace:
    """What runs inside is root there, and an ordinary user everywhere else."""

    def prefix(self, *argv):
        return as_user(NOBODY, "unshare", "--user", "--map-root-user", "--net", *argv)


def inside(switchd, *argv):
    """The command line that runs argv where the switch runs."""
    return as_user(NOBODY, "nsenter", "--target", str(switchd.process.pid), "--user", "--net",
                   "--preserve-credentials", *argv)


def test_a_switch_is_programmed_in_a_user_namespace(lab):
    switchd = Switchd(lab, "--mgmt", os.path.join(lab.shared("console"), "mg"),
                      inside=UserNamespace())
    process = f"/proc/{switchd.process.pid}"
    assert os.stat(process).st_uid == NOBODY
    assert os.readlink(f"{process}/ns/user") != os.readlink("/proc/self/ns/user")
    tools = Tools(lab, os.path.join(switchd.run_dir, "ovs"))

    def ofctl(*words):
        done = lab.run(inside(switchd, "ovs-ofctl", *words), env=tools.environment)
        assert done.returncode == 0 and done.stderr == "", done
        return done.stdout

    bridge = Switch(switchd.bridge.directory, lab.path("console", "mg"))
    one, two, three = (lab.vde_plug(bridge, port, user=NOBODY) for port in (1, 2, 3))
    first = frame(source=mac(1), payload=b"to all")
    one.send(first)
    for each in (two, three):
        each.await_frame(first)
    ofctl("add-flow", "br0", "priority=5,in_port=1,actions=mod_dl_dst:02:00:00:00:00:77,output:3")
    ofctl("-O", "OpenFlow13", "add-flow", "br0", "priority=5,in_port=2,actions=output:1,output:3")
    second, third = frame(source=mac(1), payload=b"to one"), frame(source=mac(2))
    one.send(second)
    three.await_frame(bytes.fromhex("020000000077") + second[6:])
    two.send(third)
    assert three.await_frame(third) == [first, bytes.fromhex("020000000077") + second[6:]]
    one.await_frame(third)
    assert two.received() == [first]
    assert "n_packets=1, n_bytes=60," in ofctl("dump-flows", "br0", "in_port=1")
    bridge.close_console()
