"""The manual says what the programs say of themselves, no less and no more."""

import json
import os
import re
import subprocess

import pytest

from console import Console
from plug import Plug
from switch import Switch
from test_switchd import Switchd
from wait import wait_until

MAN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../man")
PAGES = {"vde_switch": "vde_switch.1", "switchd": "switchd.8", "switchctl": "switchctl.8"}
ALL_PAGES = sorted([*PAGES.values(), "switchd-flows.7", "switchd-ports.7"])
LINES_MAX = 400


def source(page):
    with open(os.path.join(MAN, page), encoding="ascii") as file:
        return file.read()


def rendered(page):
    """The page as one line of words."""
    text = subprocess.run(["mandoc", "-T", "ascii", os.path.join(MAN, page)], check=True,
                          capture_output=True, text=True).stdout
    return " ".join(re.sub(".\b", "", text).split())


def items(page):
    """What the page's lists are about."""
    return "\n".join(re.findall(r"^\.It (.*)$", source(page), re.MULTILINE))


def options_of_page(page):
    return {"-" + each for each in re.findall(r"\bFl (\S+)", items(page))}


def options_of_help(text):
    """Of lines such as "  -m, --mode MODE, --mod MODE    Permissions" what is left of the text."""
    left = "\n".join(re.split(r"\s{2,}", line.strip())[0] for line in text.splitlines()
                     if re.match(r"\s+-", line))
    return set(re.findall(r"(?<!\S)--?[a-zA-Z][\w-]*", left))


def commands_of_page(page):
    return set(re.findall(r"\bIc (\S+)", items(page)))


def commands_of_help(console, prefix=""):
    """{path} of what help lists, menus left out."""
    rows = [line.split() for line in console.ok(f"help {prefix}")[2:]]
    return {row[0] for row in rows if row[1] != "============"}


def with_plugins(lab):
    switch = lab.foreground()
    switch.ok("plugin/add dump")
    switch.ok("plugin/add pdump")
    return switch


def help_of(lab, program):
    return lab.run([getattr(lab.programs, program), "--help"]).stdout


@pytest.mark.parametrize("page", ALL_PAGES)
def test_a_page_is_clean_and_short(page):
    lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", os.path.join(MAN, page)],
                          capture_output=True, text=True, check=False)
    assert (lint.stdout, lint.stderr, lint.returncode) == ("", "", 0)
    assert source(page).count("\n") < LINES_MAX


def test_every_page_is_looked_at():
    assert sorted(os.listdir(MAN)) == ALL_PAGES


@pytest.mark.ours_only("the manual is of ours")
@pytest.mark.parametrize("program", PAGES)
def test_options(lab, program):
    of_help = options_of_help(help_of(lab, program))
    assert len(of_help) > 3
    assert options_of_page(PAGES[program]) == of_help


@pytest.mark.ours_only("the manual is of ours")
def test_console_commands(lab):
    console = with_plugins(lab).console
    # Menus name themselves; asked for one of them, help also lists what the real one has not.
    menus = {path.split("/")[0] for path in commands_of_help(console) if "/" in path}
    of_help = commands_of_help(console).union(*(commands_of_help(console, each) for each in menus))
    assert len(of_help) > 40
    assert commands_of_page("vde_switch.1") == of_help


@pytest.mark.ours_only("the manual is of ours")
def test_events(lab):
    rows = [line.split() for line in with_plugins(lab).ok("debug/list")[2:]]
    of_list = {f"{name} {tag}" for name, tag, *_ in rows}
    assert len(of_list) > 10
    page = rendered("vde_switch.1")
    assert set(re.findall(r"[a-z]+/[a-z/+-]+ [0-7]{3}\b", page)) == of_list


@pytest.mark.ours_only("the manual is of ours")
def test_reasons_of_drops(lab):
    switch = lab.foreground()
    switch.ok("port/create 1")
    of_console = {line.split()[0] for line in switch.ok("port/drops 1")[1:]}
    assert len(of_console) > 5
    assert set(re.findall(r"^[a-z_]+$", items("switchctl.8"), re.MULTILINE)) == of_console


def test_commands_of_switchctl(lab):
    listed = re.search(r"\n\n((?:  [a-z ].*\n)+)\n", help_of(lab, "switchctl"))[1]
    of_help = re.findall(r"^  ([a-z-]+)", listed, re.MULTILINE)
    assert re.findall(r"^\.Ss (\S+)$", source("switchctl.8"), re.MULTILINE) == of_help


def test_exit_statuses_of_switchctl(lab):
    """In the help as in the manual, where each is a number of the list."""
    of_help = set(re.findall(r"\b(\d) ", help_of(lab, "switchctl").split("Exit status:")[1]))
    assert set(re.findall(r"^\d$", items("switchctl.8"), re.MULTILINE)) == of_help


@pytest.mark.ours_only("the manual is of ours")
def test_the_longest_directory_and_the_largest_frame(lab):
    """Numbers that are easily forgotten when the code changes."""
    longest = int(re.search(r"name has at most (\d+) bytes", rendered("vde_switch.1"))[1])
    room = longest - len(lab.path(""))
    assert lab.run([lab.programs.vde_switch, "-s", lab.path("x" * room)]).returncode == 0
    assert lab.run([lab.programs.vde_switch, "-s", lab.path("x" * (room + 1))]).returncode == 255

    switch = lab.foreground()
    sender, receiver = lab.plug(switch), lab.plug(switch)
    for page, pattern in (("vde_switch.1", r"\((\d+) bytes with header"),
                          ("switchd.8", r"up to (\d+) bytes"),
                          ("switchctl.8", r"More than (\d+) bytes")):
        largest = int(re.search(pattern, rendered(page))[1])
        sender.send(b"\xff" * 6 + bytes([2, 0, 0, 0, 0, 1]) + bytes(largest - 11))
        sender.send(b"\xff" * 6 + bytes([2, 0, 0, 0, 0, 1]) + bytes(largest - 12))
        assert len(receiver.receive()) == largest


# -- the examples, with a machine in the place of "..."

MACHINE = "-M none -display none -nodefaults"


def examples(page):
    """The literal blocks of the page, as a shell reads them."""
    blocks = re.findall(r"^\.Bd -literal.*\n((?:.*\n)*?)\.Ed$", source(page), re.MULTILINE)
    return [block.replace("\\e\n", "\\\n").replace("...", MACHINE) for block in blocks]


def example(page, beginning):
    return next(each for each in examples(page) if each.startswith(beginning))


@pytest.mark.ours_only("the manual is of ours")
def test_the_example_of_a_switch_for_a_group(lab):
    lines = example("vde_switch.1", "vde_switch -d").replace("/run/lab", lab.path("lab"))
    start, console, machine, tap = lines.splitlines()
    path = os.path.dirname(lab.programs.vde_switch) + ":" + os.environ["PATH"]
    assert lab.run(["sh", "-c", start], env=lab.environment(PATH=path)).returncode == 0
    with open(lab.path("lab.pid"), encoding="ascii") as pidfile:
        switch = Switch(lab.path("lab"), lab.path("lab.mgmt"), pidfile.name)
    lab.spawn(["sh", "-c", "exec " + console]).wait_output(b"vde$ ")
    lab.spawn(["sh", "-c", "exec " + machine])
    host = lab.namespace()
    lab.spawn(host.prefix("sh", "-c", "exec " + tap))
    switch.await_endpoint("QEMU")
    switch.await_endpoint("vde_plug2tap")
    switch.stop()
    assert not os.path.exists(lab.path("lab"))


@pytest.mark.ours_only("the manual is of ours")
def test_the_example_of_an_rc_file(lab):
    switch = lab.foreground("-f", lab.write("rc", example("vde_switch.1", "vlan/create")))
    assert switch.process.errors() == ""
    assert switch.ok("vlan/allprint 7") == [
        "VLAN 0007", " -- Port 0001 tagged=0 active=0 status=Learning",
        " -- Port 0002 tagged=1 active=0 status=Learning"]


def programs_in_path(lab):
    path = os.path.dirname(lab.programs.switchd) + ":" + os.environ["PATH"]
    return lab.environment(PATH=path, XDG_RUNTIME_DIR=lab.shared("user"))


def test_the_first_example_of_switchd(lab):
    environment = programs_in_path(lab)
    start, machine, look = example("switchd.8", "switchd &").splitlines()
    lab.spawn(["sh", "-c", "exec " + start.rstrip("& ")], env=environment)
    socket = lab.path("user", "switchd", "br0", "ctl")
    wait_until(lambda: os.path.exists(socket), socket)
    lab.spawn(["sh", "-c", "exec " + machine], env=environment)
    wait_until(lambda: "QEMU" in lab.run(["sh", "-c", look], env=environment).stdout, "the machine")
    asked = lab.run(["sh", "-c", example("switchctl.8", "echo")], env=environment)
    assert asked.stdout.startswith("{") and '"result":[' in asked.stdout


def test_the_example_of_switchd_in_the_background(lab):
    lines = example("switchd.8", "switchd --daemon").replace("/run/switchd", lab.path("sd"))
    start, console = lines.replace("\\\n", "").splitlines()
    assert lab.run(["sh", "-c", start], env=programs_in_path(lab)).returncode == 0
    lab.spawn(["sh", "-c", "exec " + console]).wait_output(b"vde$ ")
    lab.closing(Console(lab.path("sd", "console"))).send(b"shutdown")
    wait_until(lambda: not os.path.exists(lab.path("sd")), "the end of the switch")


def test_the_keys_of_ports_are_those_of_each_type(lab):
    listed = lab.run([lab.programs.switchctl, "--run-dir", Switchd(lab).run_dir, "--json",
                      "port-types"])
    page = source("switchd-ports.7")
    parts = dict(re.findall(r"\.Ss (\S+)\n(.*?)(?=\n\.S[sh])", page, re.S))
    types = json.loads(listed.stdout)
    assert sorted(parts) == sorted(each["type"] for each in types)
    for each in types:
        own = [key["key"] for key in each["keys"] if key["key"] not in ("name", "number")]
        assert re.findall(r"^\.It Cm ([a-z0-9]+)=", parts[each["type"]], re.M) == own


def test_the_examples_of_flows(lab):
    environment = programs_in_path(lab)
    lab.spawn(["switchd"], env=environment)
    socket = lab.path("user", "switchd", "switchd.sock")
    wait_until(lambda: os.path.exists(socket), socket)
    lab.closing(Plug(lab.path("user", "switchd", "br0"), port=1))
    for lines in examples("switchd-flows.7"):
        done = lab.run(["sh", "-e", "-c", lines], env=environment)
        assert (done.returncode, done.stderr) == (0, ""), done


def test_a_table_of_flows_names_every_field():
    with open(os.path.join(MAN, "../flows/match_field.cpp"), encoding="ascii") as file:
        names = set(re.findall(r'"([a-z][a-z0-9_]+)"', file.read()))
    assert len(names) > 60
    page = source("switchd-flows.7")
    page += " ".join(f"{kind}{number}" for kind, last in re.findall(r"(x*reg)0\.\.\1(\d+)", page)
                     for number in range(int(last) + 1))
    assert {name for name in names if not re.search(rf"\b{name}\b", page)} == set()
