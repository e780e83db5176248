"""A network namespace of its own for a simulated host."""

import itertools
import os
import subprocess

_sequence = itertools.count(1)
PREFIX = f"sw{os.getpid()}n"


def ours():
    """The namespaces that this test session has made and not removed."""
    listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True)
    return [line.split()[0] for line in listed.stdout.splitlines() if line.startswith(PREFIX)]


class Namespace:
    """Commands run inside with `exec`; `remove` ends it."""

    def __init__(self):
        self.name = f"{PREFIX}{next(_sequence)}"
        subprocess.run(["ip", "netns", "add", self.name], check=True)
        self.ip("link", "set", "lo", "up")

    def ip(self, *arguments):
        subprocess.run(["ip", "-n", self.name, *arguments], check=True, capture_output=True)

    def prefix(self, *argv):
        """The command line that runs argv inside."""
        return ["ip", "netns", "exec", self.name, *argv]

    def has_link(self, name):
        return subprocess.run(["ip", "-n", self.name, "link", "show", name],
                              capture_output=True, check=False).returncode == 0

    def configure(self, link, address):
        self.ip("addr", "add", address, "dev", link)
        self.ip("link", "set", link, "up")

    def remove(self):
        subprocess.run(["ip", "netns", "del", self.name], check=True)
