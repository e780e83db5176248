"""Ethernet frames as bytes, and the stream form in which vde_plug reads and writes them."""

import struct

BROADCAST = b"\xff" * 6
EXPERIMENTAL = 0x88B5  # IEEE's ethertype for local experiments: no kernel answers it
C_TAG = 0x8100
S_TAG = 0x88A8


def mac(number):
    """A locally administered unicast address."""
    return b"\x02\x00" + struct.pack(">I", number)


def tag(vlan, priority=0, tpid=C_TAG, dei=0):
    return struct.pack(">HH", tpid, priority << 13 | dei << 12 | vlan)


def frame(destination=BROADCAST, source=mac(1), payload=b"", tags=b"", size=60,
          ethertype=EXPERIMENTAL):
    """A frame padded with zeros to `size` octets, all of them counted from the destination."""
    head = destination + source + tags + struct.pack(">H", ethertype) + payload
    return head.ljust(size, b"\0")


def numbered(number, destination=BROADCAST, source=mac(1), size=60):
    """A frame that can be told from its siblings."""
    return frame(destination, source, struct.pack(">Q", number), size=size)


def text(address):
    """An address as the console writes it."""
    return ":".join(f"{octet:02x}" for octet in address)


def to_stream(*frames):
    return b"".join(struct.pack(">H", len(each)) + each for each in frames)


def from_stream(stream):
    """The whole frames in a stream; an unfinished last one is left out."""
    frames, at = [], 0
    while at + 2 <= len(stream):
        (length,) = struct.unpack_from(">H", stream, at)
        if at + 2 + length > len(stream):
            break
        if length:
            frames.append(stream[at + 2:at + 2 + length])
        at += 2 + length
    return frames
