"""The examples run as they are."""

import glob
import os

import pytest

from conftest import ROOT

pytestmark = pytest.mark.ours_only("the examples show ours")
EXAMPLES = sorted(each for each in glob.glob(os.path.join(ROOT, "examples/*.sh"))
                  if os.path.basename(each) != "common.sh")


@pytest.mark.parametrize("example", EXAMPLES, ids=[os.path.basename(each) for each in EXAMPLES])
def test_an_example_succeeds(lab, example):
    build = os.path.dirname(lab.programs.switchd)
    done = lab.run(["bash", example], timeout_s=140,
                   env=lab.environment(BUILD=build, TMPDIR=lab.directory))
    assert done.returncode == 0, done.stdout + done.stderr
    assert [each for each in os.listdir(lab.directory) if each.startswith("switchd-example")] == []


@pytest.mark.parametrize("example", EXAMPLES, ids=[os.path.basename(each) for each in EXAMPLES])
def test_without_a_build_an_example_says_so(lab, example):
    done = lab.run(["bash", example],
                   env=lab.environment(BUILD=lab.path("nothing"), TMPDIR=lab.directory))
    assert done.returncode == 1
    assert "type make first" in done.stderr
    assert [each for each in os.listdir(lab.directory) if each.startswith("switchd-example")] == []
