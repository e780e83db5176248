"""The bench of one test: a short directory and all that is started in it, taken down after."""

import itertools
import os
import shutil
import signal
import subprocess
import tempfile

from console import Console
from namespace import Namespace
from plug import Plug
from process import MARK, Process, kill_marked
from stream import StreamPlug
from switch import Switch
from wait import PATIENCE_S, wait_until

_sequence = itertools.count(1)
NOBODY = 65534  # an ordinary user that every Debian has


class Programs:
    """Which binaries are under test, and the real switch they are measured by."""

    def __init__(self, vde_switch, switchd, switchctl, reference):
        self.vde_switch = vde_switch
        self.switchd = switchd
        self.switchctl = switchctl
        self.reference = reference

    @property
    def is_reference(self):
        return os.path.realpath(self.vde_switch) == os.path.realpath(self.reference)


def as_user(uid, *argv):
    """The command line that runs argv as another user without root's rights."""
    return ["setpriv", "--reuid", str(uid), "--regid", str(uid), "--clear-groups",
            "env", "HOME=/nonexistent", *argv]


class Lab:
    def __init__(self, programs, session_mark):
        self.programs = programs
        self.mark = f"{session_mark}-{next(_sequence)}"
        # Socket names have 108 octets, so the directory's name is short; others may enter it.
        self.directory = tempfile.mkdtemp(prefix="sw", dir="/tmp")
        os.chmod(self.directory, 0o755)
        self.home = self.path("home")
        os.mkdir(self.home)
        self._processes = []
        self._closeables = []
        self._namespaces = []
        self._switches = []
        self._checks = []

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def write(self, name, content, mode=0o644):
        path = self.path(name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        os.chmod(path, mode)
        return path

    def shared(self, name):
        """A new directory in which every user may create files."""
        path = self.path(name)
        os.mkdir(path)
        os.chmod(path, 0o777)
        return path

    # -- processes

    def environment(self, **more):
        """HOME is empty, so that no rc file of the machine's user is read."""
        return dict(os.environ, HOME=self.home, LC_ALL="C", **more)

    def spawn(self, argv, env=None, **options):
        name = f"{len(self._processes):03d}-{os.path.basename(os.fspath(argv[0]))}"
        process = Process(argv, self.directory, name, self.mark,
                          env=self.environment() if env is None else env, **options)
        self._processes.append(process)
        return process

    def run(self, argv, timeout_s=PATIENCE_S, env=None, **options):
        """Runs to its end; a program that hangs fails the test. The output is text."""
        environment = dict(self.environment() if env is None else env, **{MARK: self.mark})
        options.setdefault("stdin", None if "input" in options else subprocess.DEVNULL)
        if options["stdin"] is None:
            del options["stdin"]
        try:
            return subprocess.run([os.fspath(each) for each in argv], capture_output=True,
                                  timeout=timeout_s, env=environment, text=True, check=False,
                                  errors="replace", **options)
        except subprocess.TimeoutExpired as hang:
            raise AssertionError(f"{' '.join(map(str, argv))} hangs; so far it printed"
                                 f" {hang.stdout!r} {hang.stderr!r}") from None

    # -- switches

    def switches(self):
        return self._switches

    def foreground(self, *options, name="sw", program=None, management=True, user=None, **process):
        """A switch that is a child of the test, with its stdin held open."""
        directory, socket = self.path(name), self.path(name + ".mg") if management else None
        argv = [program or self.programs.vde_switch, "-s", directory]
        argv += ["-M", socket] if management else []
        argv += options
        if user is not None:
            argv = as_user(user, *argv)
        switch = Switch(directory, socket, process=self.spawn(argv, **process))
        self._switches.append(switch)
        switch.await_start()
        return switch

    def daemon(self, *options, name="sw", program=None):
        """A switch started with -d, as most people do."""
        switch = Switch(self.path(name), self.path(name + ".mg"), self.path(name + ".pid"))
        started = self.run([program or self.programs.vde_switch, "-s", switch.directory, "-M",
                            switch.management, "-d", "-p", switch.pidfile, *options])
        assert started.returncode == 0, started
        self._switches.append(switch)
        switch.await_start()
        return switch

    # -- what is plugged in

    def plug(self, switch, port=0, **options):
        plug = Plug(switch.directory, port=port, **options)
        self._closeables.append(plug)
        return plug

    def console(self, switch, **options):
        console = Console(switch.management, **options)
        self._closeables.append(console)
        return console

    def closing(self, closeable):
        """Leaves something with a close() to the lab."""
        self._closeables.append(closeable)
        return closeable

    def vde_plug(self, switch, port=None, user=None):
        """A vde_plug that the switch has accepted."""
        name = f"plug{next(_sequence)}."
        url = switch.directory + (f"[{port}]" if port is not None else "")
        argv = ["vde_plug", "-D", name, url]
        process = self.spawn(argv if user is None else as_user(user, *argv))
        switch.await_endpoint(name)
        # The library removes its own socket once it is connected; until then the tool is starting.
        wait_until(lambda: not any(each.startswith(f".{process.pid:05d}-")
                                   for each in switch.data_sockets()), "vde_plug to settle")
        return StreamPlug(process)

    def vdecmd(self, switch, *words):
        """A command with the stock unixcmd; its status is 255 however it went."""
        done = self.run(["unixcmd", "-s", switch.management, "-f", "/etc/vde2/vdecmd", *words])
        done.stdout = done.stdout.replace("\0", "")
        return done

    def finally_check(self, check):
        """Has check() called at the end of the test, while all that it started still runs."""
        self._checks.append(check)

    def namespace(self):
        namespace = Namespace()
        self._namespaces.append(namespace)
        return namespace

    # -- the end

    def check(self):
        for each in self._checks:
            each()

    def report(self):
        """Everything the processes said, for a failed test's report."""
        return "\n".join(str(each) for each in self._processes)

    def take_down(self):
        for each in self._closeables:
            each.close()
        for each in self._switches:
            each.close_console()
        for each in self._processes:
            each.discard()
        kill_marked(self.mark)
        for each in self._namespaces:
            each.remove()
        # A test that makes a file system here unmounts it itself; what is left are plain files.
        shutil.rmtree(self.directory, ignore_errors=True)
        assert not os.path.exists(self.directory), f"{self.directory} cannot be removed"


def raise_descriptor_limit():
    """1,000 plugs of a test need 2,000 descriptors here and as many in the switch."""
    import resource
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 16384
    if hard == resource.RLIM_INFINITY or hard >= wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    else:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))  # root may


class TooSlow(Exception):
    """One test took longer than any test may."""


def limit_time(seconds):
    def expire(_number, _frame):
        raise TooSlow(f"the test took more than {seconds} s")

    signal.signal(signal.SIGALRM, expire)
    signal.alarm(seconds)
