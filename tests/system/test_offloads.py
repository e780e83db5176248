"""Large frames and open checksums: what the switch makes of them is what the kernel does."""

import os
import random
import struct
import subprocess

import pytest

from offload_host import MARK, SENDER
from random_tables import checksum, ipv6_octets
from test_switchd import Switchd
from wait import wait_until

pytestmark = pytest.mark.ours_only("switchd is ours alone")

FRAMES = int(os.environ.get("OFFLOAD_FRAMES", "300"))
NONE, TCP_IPV4, UDP, TCP_IPV6 = 0, 1, 5, 4
TCP_PROTOCOL, UDP_PROTOCOL, OPTIONS_PROTOCOL = 6, 17, 60


def folded(data):
    return ~checksum(data) & 0xFFFF


def large_frame(rng):
    """A virtio-net header of ten bytes and a frame that is as it says."""
    ipv6, tcp = rng.random() < 0.5, rng.random() < 0.6
    protocol = TCP_PROTOCOL if tcp else UDP_PROTOCOL
    segment_bytes = rng.randint(100, 1300)
    whole = rng.random() < 0.2  # only its checksum is open
    payload = rng.randbytes(rng.randint(0, 1300) if whole else
                            rng.randint(segment_bytes + 1, min(20_000, 60 * segment_bytes)))
    ports = rng.randbytes(4)
    if tcp:
        options = rng.randbytes(4 * rng.randint(0, 10))
        flags = rng.choice((0x10, 0x18, 0x11, 0x19, 0x90, 0x02))
        header = ports + struct.pack(">IIBBHHH", rng.getrandbits(32), 5, (5 + len(options) // 4) << 4,
                                     flags, 1000, 0, 0) + options
        at = 16
    else:
        header = ports + struct.pack(">HH", 8 + len(payload), 0)
        at = 6
    length = len(header) + len(payload)
    if ipv6:
        addresses = ipv6_octets("2001:db8::1") + ipv6_octets("2001:db8::2")
        extra = b"" if rng.random() < 0.7 else bytes((protocol, 0, 1, 4, 0, 0, 0, 0))
        ip = struct.pack(">IHBB", 6 << 28 | rng.getrandbits(20), len(extra) + length,
                         OPTIONS_PROTOCOL if extra else protocol, 64) + addresses + extra
    else:
        addresses = bytes((10, 0, 0, 1, 10, 0, 0, 2))
        options = b"" if rng.random() < 0.8 else bytes((1, 1, 1, 0))
        ip = struct.pack(">BBHHHBBH", 0x45 + len(options) // 4, 0, 20 + len(options) + length,
                         rng.getrandbits(16), 0x4000, 64, protocol, 0) + addresses + options
        ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
    pseudo = folded(addresses + struct.pack(">II", length, protocol))
    header = header[:at] + struct.pack(">H", pseudo) + header[at + 2:]
    tags = b"" if rng.random() < 0.7 else struct.pack(">HH", 0x8100, rng.getrandbits(16) | 1)
    head = bytes.fromhex("020000000002") + SENDER + tags + struct.pack(">H", 0x86DD if ipv6 else 0x0800)
    start = len(head) + len(ip)
    kind = NONE if whole else (TCP_IPV6 if ipv6 else TCP_IPV4) if tcp else UDP
    virtio = struct.pack("<BBHHHH", 1, kind, start + len(header), 0 if whole else segment_bytes,
                         start, at)
    return virtio + head + ip + header + payload


def test_segments_and_checksums_are_the_kernels(lab):
    seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
    print(f"SEED={seed}")
    rng = random.Random(seed)
    host = lab.namespace()
    switchd = Switchd(lab, "--port", "type=tap,name=whole", inside=host)
    plug = switchd.plug("plug", 5)
    host.ip("link", "set", "whole", "up")
    lab.run(host.prefix("sysctl", "-qw", "net.ipv6.conf.whole.disable_ipv6=1"))
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "offload_host.py")
    kernel = lab.spawn(host.prefix("/usr/bin/python3", "-B", script, "whole", "plain"),
                       stdin=subprocess.PIPE)
    kernel.wait_output(b"ready\n")
    cut = 0
    for number in range(FRAMES):
        data = large_frame(rng)
        kernel.write(data.hex().encode() + b"\n")
        line = wait_until(lambda: kernel.output().split(b"\n")[number + 1:-1],
                          lambda: f"the kernel's answer: {kernel}")[0]
        assert not line.startswith(b"error"), line
        wanted = [bytes.fromhex(each.decode()) for each in line.split()]
        got = []
        while got[-1:] != [MARK]:
            frame = plug.receive()
            if frame[6:12] in (SENDER, MARK[6:12]):
                got.append(frame)
        assert got[:-1] == wanted, "\n".join(
            [f"SEED={seed}, frame {number}: {data.hex()}", "ours:",
             *(each.hex() for each in got[:-1]), "the kernel's:", *(each.hex() for each in wanted)])
        cut += len(wanted) > 1
    assert cut > FRAMES / 2
    # They came in whole, each with a mark behind it; there may be some of the host's own.
    whole = next(each for each in switchd.ask("ports") if each["name"] == "whole")
    assert whole["in"]["packets"] < 2 * FRAMES + 20
    assert switchd.ask("drops")["total"].get("bad_offload", 0) == 0

