#!/usr/bin/python3
"""In a namespace of its own: sends frames of which something is left to do out of two interfaces,
and tells what the kernel makes of them for the second, a TAP that takes finished frames only.

    offload_host.py IF TAP

Lines on standard input: the virtio-net header and the frame, in hexadecimal. For each, a line on
standard output: the frames that came out of TAP, or the error.
"""

import fcntl
import os
import select
import socket
import struct
import sys

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454ca, 2, 0x1000
SOL_PACKET, PACKET_VNET_HDR = 263, 15
MARK = bytes.fromhex("ffffffffffff 02000000eeee 88b5") + bytes(46)
SENDER = bytes.fromhex("020000000001")


def open_tap(name):
    tap = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    with open(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6", "w", encoding="ascii") as file:
        file.write("1")
    os.system(f"ip link set {name} up")
    return tap


def packet_socket(name):
    sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sender.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    sender.bind((name, 0))
    return sender


def send(sender, name, data):
    kind = struct.unpack_from(">H", data, 10 + 12)[0]
    sender.sendto(data, (name, kind, 0, 0, b""))


def main(interface, name):
    tap = open_tap(name)
    senders = {each: packet_socket(each) for each in (interface, name)}
    print("ready", flush=True)
    for line in sys.stdin:
        data = bytes.fromhex(line)
        try:
            for each, sender in senders.items():
                send(sender, each, data)
        except OSError as error:
            print("error", error, flush=True)
            continue
        for each, sender in senders.items():
            send(sender, each, bytes(10) + MARK)
        frames = []
        while frames[-1:] != [MARK]:
            assert select.select([tap], [], [], 20)[0], "the kernel sends no mark"
            frame = os.read(tap, 70000)
            if frame[6:12] in (SENDER, MARK[6:12]):
                frames.append(frame)
        print(*(frame.hex() for frame in frames[:-1]), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
