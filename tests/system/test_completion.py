"""bash completes what the programs and the running switch have."""

import os
import re

import pytest

from test_switchd import Switchd

pytestmark = pytest.mark.ours_only("switchd is ours alone")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
COMPLETE = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
compopt() { :; }
_%s && printf '%%s\\n' "${COMPREPLY[@]}"
"""


def completed(lab, *words):
    """What the last word could become."""
    name = os.path.basename(words[0])
    done = lab.run(["bash", "-c", COMPLETE % name, "bash", os.path.join(ROOT, "completions/switchctl"),
                    *words])
    assert done.stderr == "", done
    return done.stdout.split()


def help_words(lab, program, pattern):
    return re.findall(pattern, lab.run([program, "--help"]).stdout, re.M)


def test_options_and_commands_are_those_of_the_help(lab):
    for program in (lab.programs.switchd, lab.programs.switchctl):
        options = help_words(lab, program, r"^  (--[a-z0-9-]+)")
        assert len(options) > 4 and completed(lab, program, "--") == options
        assert completed(lab, program, "--ver") == ["--version"]
    commands = help_words(lab, lab.programs.switchctl, r"^  ([a-z][a-z-]+)")
    assert "add-port" in commands and completed(lab, lab.programs.switchctl, "") == commands
    assert completed(lab, lab.programs.switchctl, "--json", "port-t") == ["port-types"]
    assert completed(lab, lab.programs.switchctl, "--run-dir", "/x", "--json", "sh") == ["show"]
    assert completed(lab, lab.programs.switchd, "--fail-mode", "s") == ["standalone", "secure"]


def test_names_are_those_of_the_running_switch(lab):
    switchd = Switchd(lab, "--bridge", "br0", "--port", "type=stream,name=vm1", "--port",
                      "type=stream,name=vm2", "--bridge", "dmz", "--port", "type=stream,name=www")
    ask = [lab.programs.switchctl, "--run-dir", switchd.run_dir]
    assert completed(lab, *ask, "--bridge", "") == ["br0", "dmz"]
    assert completed(lab, *ask, "del-bridge", "d") == ["dmz"]
    assert completed(lab, *ask, "port-down", "") == ["vm1", "vm2"]
    assert completed(lab, *ask, "--bridge", "dmz", "del-port", "") == ["www"]
    assert completed(lab, lab.programs.switchctl, "--run-dir", "/none", "del-port", "") == []


def test_files_and_directories_are_completed(lab):
    place = lab.shared("files")
    open(os.path.join(place, "lab.json"), "w", encoding="ascii").close()
    os.mkdir(os.path.join(place, "rundir"))
    assert completed(lab, lab.programs.switchd, "--config", place + "/l") == [place + "/lab.json"]
    assert completed(lab, lab.programs.switchctl, "--run-dir", place + "/") == [place + "/rundir"]
