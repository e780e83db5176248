"""A raw client of the plug protocol: what libvdeplug does, with every field at the test's will."""

import ctypes
import itertools
import os
import select
import socket
import struct
import time

from frame import frame, mac
from wait import PATIENCE_S, NeverHappened

MAGIC = 0xFEEDFACE
ADDRESS_SIZE = 110
REQUEST_SIZE = 122
RECEIVE_MAX = 1 << 16

_sequence = itertools.count(1)
_libc = ctypes.CDLL(None, use_errno=True)


def address(path):
    """A Linux sockaddr_un; bytes that begin with NUL are an abstract name."""
    return struct.pack("<H", socket.AF_UNIX) + os.fsencode(path).ljust(108, b"\0")


def path_of(reply):
    return os.fsdecode(reply[2:ADDRESS_SIZE].split(b"\0")[0])


def request(client, port=0, code=0, magic=MAGIC, version=3, description=b"raw plug"):
    kind = (port << 8 | code) & 0xFFFFFFFF
    return struct.pack("<III", magic, version, kind) + address(client) + description


def request_v1(client, code=0, magic=MAGIC, description=b"raw plug"):
    return struct.pack("<II", magic, code) + mac(0x77) + address(client) + description


def bind_whole(data, name):
    """Binds with all 110 octets of the address, as User-mode Linux does with its abstract name."""
    sockaddr = address(name)
    if _libc.bind(data.fileno(), sockaddr, len(sockaddr)) != 0:
        raise OSError(ctypes.get_errno(), "bind")


class Knock:
    """A connection to ctl that has not been answered yet."""

    def __init__(self, directory, ctl="ctl"):
        self.stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.stream.connect(os.path.join(directory, ctl))  # waits for a place in the backlog
        self.stream.settimeout(PATIENCE_S)

    def send(self, data):
        self.stream.sendall(data)

    def reply(self, size=512):
        """What one receive gives: b"" when the switch has closed."""
        try:
            return self.stream.recv(size)
        except ConnectionResetError:
            return b""

    def is_silent(self):
        """Whether there is neither a reply nor an end right now."""
        return not select.select([self.stream], [], [], 0)[0]

    def close(self):
        self.stream.close()


class Refused(Exception):
    """The switch gave no usable data socket."""


class Plug:
    """One endpoint: its ctl stream, its own datagram socket and the switch's."""

    def __init__(self, directory, port=0, code=0, description=b"raw plug", version=3, name=None,
                 abstract=False, connect=True, mode=None, owner=None, receive_buffer=None):
        self.connected = connect
        self.path = None
        self.data = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.data.settimeout(PATIENCE_S)
        if receive_buffer:
            self.data.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        number = next(_sequence)
        if abstract:
            name = b"\0\0\0\0" + struct.pack("<II", os.getpid(), number)
            bind_whole(self.data, name)
        else:
            name = name or os.path.join(directory, f".{os.getpid():05d}-{number:05d}")
            self.data.bind(name)
            self.path = name
            if owner is not None:
                os.chown(name, owner, owner)
            if mode is not None:
                os.chmod(name, mode)
        self.knock = Knock(directory)
        make = request if version == 3 else request_v1
        extra = {"port": port} if version == 3 else {}
        self.knock.send(make(name, code=code, description=description, **extra))
        self.answer = self.knock.reply()
        if len(self.answer) != ADDRESS_SIZE:
            self.close()
            raise Refused(f"a reply of {len(self.answer)} octets")
        self.switch_path = path_of(self.answer)
        if connect:
            try:
                self.data.connect(self.switch_path)
            except OSError as error:
                self.close()
                raise Refused(error.strerror) from error

    def send(self, data):
        if self.connected:
            self.data.send(data)
        else:
            self.data.sendto(data, self.switch_path)

    def pending(self):
        """What is there now, without waiting."""
        frames = []
        while select.select([self.data], [], [], 0)[0]:
            frames.append(self.data.recv(RECEIVE_MAX))
        return frames

    def receive(self):
        try:
            return self.data.recv(RECEIVE_MAX)
        except socket.timeout:
            raise NeverHappened("no frame arrived") from None

    def receive_many(self, count):
        return [self.receive() for _ in range(count)]

    def receive_until(self, last):
        """All that comes before the frame `last`. A test sends it after what must not arrive."""
        frames = []
        while True:
            each = self.receive()
            if each == last:
                return frames
            frames.append(each)

    def receive_until_all(self, last, count):
        """All that comes but `last`, until that has come `count` times."""
        return [each for _ in range(count) for each in self.receive_until(last)]

    def pending_until(self, last, patience_s=1.0):
        """What comes up to the frame `last`, or within the time if that gets lost."""
        frames, end = [], time.monotonic() + patience_s
        while last not in frames and time.monotonic() < end:
            select.select([self.data], [], [], 0.01)
            frames += self.pending()
        return frames

    def is_unplugged(self):
        """Whether the switch has closed the ctl stream."""
        if not select.select([self.knock.stream], [], [], 0)[0]:
            return False
        return self.knock.reply() == b""

    def close(self):
        for each in (self.data, getattr(self, "knock", None)):
            if each:
                each.close()
        if self.path:
            try:
                os.unlink(self.path)
            except OSError:
                pass


def last_frame(number=0):
    """A broadcast that ends a series, unlike any other frame of the tests."""
    return frame(source=mac(0xEEEE00 + number), payload=b"the last one")
