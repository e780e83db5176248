"""The options of OpenFlow, told on the command line and in a file: each does what it says."""

import json
import os
import re

import pytest
from os_ken.ofproto import ofproto_v1_3_parser as messages

from controller import ScriptedController
from ovs import Tools
from test_openflow import free_port
from test_switchd import Switchd

pytestmark = pytest.mark.ours_only("switchd is ours alone")


def on_the_command_line(_lab, settings):
    return [word for name, value in settings.items()
            for each in (value if isinstance(value, list) else [value])
            for word in ("--" + name, str(each))]


def in_a_file(lab, settings):
    return ["--config", lab.write("switchd.json", json.dumps(settings))]


@pytest.fixture(params=[on_the_command_line, in_a_file])
def start(lab, request):
    """Starts a switch with these settings: it, and the tools that know its run directory."""
    def started(settings):
        switchd = Switchd(lab, *request.param(lab, settings))
        return switchd, Tools(lab, os.path.join(switchd.run_dir, "ovs"))

    return started


def test_versions_are_spoken_as_listed_wherever_a_tool_comes_from(lab, start):
    port, path = free_port(), lab.path("controllers")
    _, tools = start({"controller": [f"ptcp:{port}:127.0.0.1", "punix:" + path],
                      "protocols": "OpenFlow10,OpenFlow14"})
    for target in ("br0", f"tcp:127.0.0.1:{port}", "unix:" + path):
        spoken = [version for version in (10, 11, 12, 13, 14, 15)
                  if tools.ofctl("probe", target, version=version).returncode == 0]
        assert spoken == [10, 14], target


def test_the_bridge_has_the_datapath_id_that_it_was_given(start):
    _, tools = start({"datapath-id": "c0ffee"})
    assert "dpid:0000000000c0ffee" in tools.flows("show", "br0")


def test_a_secure_bridge_begins_without_rules(start):
    _, tools = start({"fail-mode": "secure"})
    assert "actions" not in tools.flows("dump-flows", "br0")


def test_each_controller_is_dialed_and_asked_if_it_lives(lab, start):
    controllers = [lab.closing(ScriptedController()) for _ in range(2)]
    start({"controller": [each.target for each in controllers], "inactivity-probe": 1})
    for each in controllers:
        each.accept()
    for each in controllers:
        each.wait(messages.OFPEchoRequest)


def test_tables_have_as_many_rules_as_they_may(start):
    _, tools = start({"flow-limit": ["7", "1=1"]})
    features = tools.flows("dump-table-features", "br0", version=13)
    assert re.findall(r"max_entries=(\d+)", features)[:3] == ["7", "1", "7"]
