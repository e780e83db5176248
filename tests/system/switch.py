"""A vde_switch that a test has started, whether in the foreground or as a daemon."""

import os
import re
import signal

from console import Console
from process import is_alive
from wait import PATIENCE_S, wait_until


def greeting(path):
    """A console, if somebody greets on the management socket."""
    try:
        return Console(path)
    except (OSError, EOFError):
        return None


class Switch:
    """Knows where everything of one switch is; `process` is None for a daemon."""

    def __init__(self, directory, management, pidfile=None, process=None):
        self.directory = directory
        self.management = management
        self.pidfile = pidfile
        self.process = process
        self._console = None

    def await_start(self):
        """Until all that was asked for is there, or the process ended instead."""

        def ready():
            if self.process and self.process.popen.poll() is not None:
                raise AssertionError(f"the switch did not start: {self.process}")
            if self.pidfile and not (os.path.exists(self.pidfile)
                                     and os.path.getsize(self.pidfile)):
                return False
            if not os.path.exists(os.path.join(self.directory, "ctl")):
                return False
            if self.management:  # stays open: the real one loses plugs when consoles come and go
                self._console = greeting(self.management)
            return not self.management or self._console

        wait_until(ready, lambda: f"the start of the switch on {self.directory}")

    @property
    def pid(self):
        if self.process:
            return self.process.pid
        with open(self.pidfile, encoding="ascii") as file:
            return int(file.read())

    @property
    def ctl(self):
        return os.path.join(self.directory, "ctl")

    @property
    def console(self):
        if not self._console:
            self._console = Console(self.management)
        return self._console

    def ok(self, line):
        return self.console.ok(line)

    def descriptions(self):
        """The description of every endpoint, by its port: [(port, text)]."""
        found, port = [], None
        for line in self.console.command("port/print").data or []:
            at_port = re.match(r"Port (\d+) ", line)
            at_endpoint = re.match(r"  -- endpoint ID \S+ module .{12}: (.*)", line)
            if at_port:
                port = int(at_port[1])
            elif at_endpoint:
                found.append((port, at_endpoint[1]))
        return found

    def await_endpoints(self, count):
        wait_until(lambda: len(self.descriptions()) == count,
                   lambda: f"{count} endpoints, there are {self.descriptions()}")

    def await_endpoint(self, text, port=None):
        """Until an endpoint whose description contains the text is there; returns its port."""

        def found():
            return [at for at, each in self.descriptions()
                    if text in each and port in (None, at)]

        return wait_until(found, lambda: f"endpoint {text!r} in {self.descriptions()}")[0]

    def data_sockets(self):
        """The names in DIR that belong to endpoints, ours or the clients'."""
        return [each for each in os.listdir(self.directory) if each != "ctl"]

    def close_console(self):
        if self._console:
            self._console.close()
            self._console = None

    def is_running(self):
        return is_alive(self.pid)

    def stop(self, number=signal.SIGTERM):
        """Ends the switch with a signal; the exit status if it is our child."""
        pid = self.pid
        self.close_console()
        os.kill(pid, number)
        if self.process:
            return self.process.wait()
        wait_until(lambda: not is_alive(pid), f"the end of process {pid}", PATIENCE_S)
        return None
