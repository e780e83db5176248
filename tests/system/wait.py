"""Waiting for a condition instead of sleeping for luck."""

import time

PATIENCE_S = 30.0  # generous: a loaded two-core machine must not fail a test
STEP_S = 0.01


class NeverHappened(AssertionError):
    """A condition stayed false for as long as anybody would wait."""


def wait_until(condition, what, timeout_s=PATIENCE_S, step_s=STEP_S):
    """Calls condition() until it is truthy and returns that value; `what` says what was awaited."""
    end = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            what = what() if callable(what) else what
            raise NeverHappened(f"after {timeout_s:g} s still not: {what}")
        time.sleep(step_s)
