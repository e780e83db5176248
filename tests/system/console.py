"""A client of the management console, at the level of bytes."""

import re
import socket

from wait import PATIENCE_S, NeverHappened

PROMPT = b"\nvde$ "
GOODBYE = b"9999 END OF SESSION"


class Reply:
    """What came between two prompts."""

    def __init__(self, raw):
        self.raw = raw
        text = raw.decode(errors="replace")
        result = re.search(r"^(1\d{3}) (.*)$", text, re.MULTILINE)
        self.code = int(result[1]) if result else None
        self.message = result[2] if result else None
        data = re.search(r"^0000 DATA END WITH '\.'\n(.*?)^\.$", text, re.MULTILINE | re.DOTALL)
        self.data = data[1].splitlines() if data else None

    def __str__(self):
        return self.raw.decode(errors="replace")


class Console:
    """One session. Whatever is read stays in `transcript`, for the report of a failure."""

    def __init__(self, path, greet=True):
        self.stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.stream.connect(path)  # waits for a place in the backlog
        self.stream.settimeout(PATIENCE_S)
        self._unread = b""
        self.transcript = b""
        self.banner = self.read_until(PROMPT) if greet else b""

    def send(self, data):
        self.stream.sendall(data)

    def _fill(self):
        try:
            data = self.stream.recv(1 << 16)
        except socket.timeout:
            raise NeverHappened(f"the console said nothing after {self.transcript[-500:]!r}"
                                f" {self._unread[-500:]!r}") from None
        except ConnectionResetError:
            data = b""
        self._unread += data
        return data

    def read_until(self, wanted):
        while wanted not in self._unread:
            if not self._fill():
                raise EOFError(f"the console was closed after {self._unread!r}")
        at = self._unread.index(wanted) + len(wanted)
        taken, self._unread = self._unread[:at], self._unread[at:]
        self.transcript += taken
        return taken

    def read_to_end(self):
        while self._fill():
            pass
        taken, self._unread = self._unread, b""
        self.transcript += taken
        return taken

    def exchange(self, data):
        """Sends the bytes as one packet and returns what comes up to the next prompt, with it."""
        self.send(data)
        return self.read_until(PROMPT)

    def command(self, line):
        return Reply(self.exchange(line.encode() + b"\n")[:-len(PROMPT)])

    def ok(self, line):
        """Runs a command that must succeed and returns its data lines."""
        reply = self.command(line)
        assert reply.code == 1000, f"{line}: {reply}"
        return reply.data

    def close(self):
        self.stream.close()
