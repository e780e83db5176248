"""Processes that a test starts: what they print goes to files, and none outlives its test."""

import os
import signal
import subprocess

from wait import PATIENCE_S, wait_until

# Every process of a test inherits this variable, so that also daemons and grandchildren are found
# again, and only those.
MARK = "SWITCHD_SYSTEM_TEST"


def marked(mark_prefix):
    """The ids of the living processes whose mark begins so."""
    wanted = f"{MARK}={mark_prefix}".encode()
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            with open(f"/proc/{entry}/environ", "rb") as environ:
                if any(each.startswith(wanted) for each in environ.read().split(b"\0")):
                    found.append(int(entry))
        except OSError:
            continue  # gone meanwhile, or a kernel thread
    return found


def kill_marked(mark_prefix):
    """Kills them one by one until none is left (a killed parent may just have made a child)."""

    def none_left():
        pids = marked(mark_prefix)
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        return not pids

    wait_until(none_left, f"the end of all processes marked {mark_prefix}")


def is_alive(pid):
    """Whether the process runs; a zombie nobody has waited for does not."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return stat.read().rsplit(b")", 1)[1].split()[0] not in (b"Z", b"X")
    except OSError:
        return False


def open_descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


class Process:
    """A child whose stdin stays open until it is closed, with stdout and stderr in files."""

    def __init__(self, argv, directory, name, mark, stdin=subprocess.PIPE, env=None, **popen):
        self.argv = [os.fspath(each) for each in argv]
        self._out = os.path.join(directory, name + ".out")
        self._err = os.path.join(directory, name + ".err")
        environment = dict(os.environ if env is None else env, **{MARK: mark})
        with open(self._out, "wb") as out, open(self._err, "wb") as err:
            self.popen = subprocess.Popen(self.argv, stdin=stdin, stdout=popen.pop("stdout", out),
                                          stderr=popen.pop("stderr", err), env=environment, **popen)
        self.pid = self.popen.pid

    def write(self, data):
        self.popen.stdin.write(data)
        self.popen.stdin.flush()

    def close_stdin(self):
        if self.popen.stdin and not self.popen.stdin.closed:
            try:
                self.popen.stdin.close()
            except BrokenPipeError:
                pass

    def output(self):
        with open(self._out, "rb") as out:
            return out.read()

    def errors(self):
        with open(self._err, "rb") as err:
            return err.read().decode(errors="replace")

    def wait_output(self, wanted, timeout_s=PATIENCE_S):
        """Waits until stdout contains the bytes, and returns all of stdout."""

        def there():
            output = self.output()
            if wanted in output:
                return output
            if self.popen.poll() is not None and wanted not in self.output():
                raise AssertionError(f"{self} ended without printing {wanted}")
            return None

        return wait_until(there, lambda: f"{wanted} from {self}", timeout_s)

    def send_signal(self, number):
        self.popen.send_signal(number)

    def wait(self, timeout_s=PATIENCE_S):
        """The exit status, minus the signal's number if a signal ended it."""
        try:
            return self.popen.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running: {self}") from None

    def stop(self, number=signal.SIGTERM):
        if self.popen.poll() is None:
            self.send_signal(number)
        return self.wait()

    def discard(self):
        """For teardown: no process, no descriptor left, whatever the state."""
        self.close_stdin()
        for pipe in (self.popen.stdout, self.popen.stderr):
            if pipe:
                pipe.close()
        if self.popen.poll() is None:
            self.popen.kill()
        self.popen.wait()

    def __str__(self):
        return (f"{' '.join(self.argv)}\n  status {self.popen.poll()}\n"
                f"  stdout {self.output()[-2000:]!r}\n  stderr {self.errors()[-2000:]!r}")
