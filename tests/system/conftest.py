"""System tests of the switch with the real tools.

    /usr/bin/pytest-3 tests/system                                  our vde_switch
    /usr/bin/pytest-3 tests/system --switch=/usr/bin/vde_switch     Debian's, to prove the tests

They need root for network namespaces and other users; the switch itself does not.
"""

import os
import shutil
import signal
import sys
import tempfile
import uuid

import pytest

from lab import Lab, Programs, limit_time, raise_descriptor_limit
from namespace import ours as namespaces_left
from process import kill_marked, marked

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TEST_LIMIT_S = 150
SESSION_MARK = uuid.uuid4().hex

sys.dont_write_bytecode = True


def pytest_addoption(parser):
    build = os.path.join(ROOT, "build/release")
    for name, variable, default in (
            ("vde_switch", "SWITCH", os.path.join(build, "vde_switch")),
            ("switchd", "SWITCHD", os.path.join(build, "switchd")),
            ("switchctl", "SWITCHCTL", os.path.join(build, "switchctl")),
            ("reference", "REFERENCE_SWITCH", "/usr/bin/vde_switch")):
        option = "--switch" if name == "vde_switch" else "--" + name
        parser.addoption(option, dest="program_" + name, default=os.environ.get(variable, default),
                         help=f"default ${variable} or {default}")


def programs_of(config):
    return Programs(*(os.path.abspath(config.getoption("program_" + each))
                      for each in ("vde_switch", "switchd", "switchctl", "reference")))


def pytest_configure(config):
    config.addinivalue_line("markers", "ours_only(reason): a documented difference from Debian's"
                                       " vde_switch, which is not asked this")
    if os.geteuid() != 0:
        pytest.exit("the system tests make network namespaces and start programs as other users:"
                    " run them as root", 1)
    programs = programs_of(config)
    for each in (programs.vde_switch, programs.reference):
        if not os.access(each, os.X_OK):
            pytest.exit(f"{each}: no such program (build it, or name another with --switch)", 1)
    raise_descriptor_limit()


def pytest_collection_modifyitems(config, items):
    if not programs_of(config).is_reference:
        return
    for item in items:
        mark = item.get_closest_marker("ours_only")
        if mark:
            item.add_marker(pytest.mark.skip(reason="documented difference: " + mark.args[0]))


@pytest.fixture(scope="session")
def programs(pytestconfig):
    """Where every user can run them: a checkout may lie in a directory that only root may enter."""
    under_test = programs_of(pytestconfig)
    if under_test.is_reference:
        yield under_test
        return
    with tempfile.TemporaryDirectory(prefix="swbin", dir="/tmp") as directory:
        os.chmod(directory, 0o755)
        copies = [shutil.copy(each, directory) for each in
                  (under_test.vde_switch, under_test.switchd, under_test.switchctl)]
        yield Programs(*copies, under_test.reference)


@pytest.fixture
def lab(programs, request):
    bench = Lab(programs, SESSION_MARK)
    limit_time(TEST_LIMIT_S)
    request.node.lab = bench
    yield bench
    signal.alarm(0)
    try:
        bench.check()
    finally:
        bench.take_down()


@pytest.fixture(scope="module")
def shared_lab(programs):
    """Of all tests of a file: what they have in common is started once."""
    bench = Lab(programs, SESSION_MARK)
    yield bench
    bench.take_down()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.when == "call" and report.failed and hasattr(item, "lab"):
        report.sections.append(("processes of the test", item.lab.report()))


def pytest_sessionfinish(session):
    """Nothing may be left, however the tests ended."""
    strays, namespaces = marked(SESSION_MARK), namespaces_left()
    kill_marked(SESSION_MARK)
    if strays or namespaces:
        session.exitstatus = 1
        print(f"\nleft over: processes {strays}, namespaces {namespaces}", file=sys.stderr)
