"""switchd beside a real Open vSwitch, with the same ports and rules, and what both say of a packet."""

import itertools
import os
import re
import struct
from collections import Counter

from frame import text
from megaflow import number
from ovs import Oracle, Tools
from plug import last_frame
from random_tables import PORT_COUNT
from test_switchd import Switchd
from wait import wait_until


class Both:
    """The same ports in both switches: 1 to `ports`."""

    def __init__(self, lab, *options, ports=PORT_COUNT):
        self.switchd = Switchd(lab, *options)
        self.plugs = [self.switchd.plug(f"plug{number}", number)
                      for number in range(1, ports + 1)]
        self.ours = Tools(lab, os.path.join(self.switchd.run_dir, "ovs"))
        self.oracle = Oracle(lab, ports)
        self.real = self.oracle.tools
        self.lab = lab
        # In the normal mode, where ports of fragments count as zero, Open vSwitch sets them in a first
        # fragment all the same; switchd leaves alone what its tables do not see.
        for tool in (self.ours, self.real):
            tool.flows("set-frags", "br0", "nx-match")

    def load(self, rules, version=13):
        file = self.lab.write("rules", "\n".join(rules) + "\n")
        for tool in (self.ours, self.real):
            tool.flows("del-flows", "br0", version=version)
            done = tool.ofctl("add-flows", "br0", file, version=version)
            assert done.returncode == 0, done.stderr
        self.purge()

    def purge(self):
        """Open vSwitch goes on by what it has cached, else, until it has looked at that again."""
        for command in ("revalidator/wait", "revalidator/purge", "revalidator/wait"):
            assert self.real.appctl(command).returncode == 0

    def monitor(self):
        """Somebody wants to hear of packets that miss or have no hop left."""
        for tool in (self.ours, self.real):
            self.lab.spawn(["ovs-ofctl", "monitor", "br0", "65534", "invalid_ttl"],
                           env=tool.environment)
        self.load(["ip,actions=dec_ttl"])
        for tool in (self.ours, self.real):
            for packet, told in (("in_port=1,arp", "reason=7"),
                                 ("in_port=1,ip,nw_ttl=1", "reason=2")):
                wait_until(lambda: told in tool.appctl("ofproto/trace", "br0", packet).stdout,
                           f"{packet} is told to {tool.run_dir}")


# -- what a trace says

def words(text):
    """Split at the commas outside parentheses."""
    parts, depth, start = [], 0, 0
    for at, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    return parts + [text[start:]]


def outputs(actions):
    """What leaves and how it was edited until then: [(where, tags, {field: value}), ...]."""
    left, tags, fields = [], [], {}
    for word in words(actions):
        if word == "drop":
            continue
        if word.isdigit():
            if word != "100":  # Open vSwitch's own LOCAL
                left.append((word, tuple(tags), dict(fields)))
        elif word.startswith("userspace("):
            told = re.findall(r"reason=\d+|controller_id=\d+|max_len=\d+", word)
            left.append((tuple(told), tuple(tags), dict(fields)))
        elif word == "pop_vlan" or word.startswith("push_vlan("):
            tags.append(word)
        else:
            header, members = re.fullmatch(r"set\((\w+)\((.*)\)\)", word).groups()
            for member in members.split(","):
                name, value = member.split("=", 1)
                fields[header, name] = value
    # Open vSwitch floods in the order of a hash.
    return [each for _, alike in itertools.groupby(left, key=lambda each: each[1:])
            for each in sorted(alike, key=str)]


def agree(ours, real):
    """Equal, where the real one may set some bits of a field only."""
    if [(where, tags) for where, tags, _ in ours] != [(where, tags) for where, tags, _ in real]:
        return False
    for (_, _, our_fields), (_, _, real_fields) in zip(ours, real):
        if our_fields.keys() != real_fields.keys():
            return False
        for key, value in real_fields.items():
            bits, _, mask = value.partition("/")
            if mask:
                if number(our_fields[key]) & number(mask) != number(bits):
                    return False
            elif our_fields[key] != value:
                return False
    return True


def part(traced, name):
    return re.search(rf"^{name}: (.*)$", traced, re.M).group(1)


def trace(tool, port, packet):
    return tool.appctl("ofproto/trace", "br0", f"in_port={port}", packet.hex()).stdout


def actions_of(traced):
    return outputs(part(traced, "Datapath actions"))


def packet_of(traced):
    """Open vSwitch also names that address of neighbour discovery that the message cannot have."""
    return re.sub(",nd_[st]ll=00:00:00:00:00:00", "", part(traced, "Flow"))


# -- what comes out

def recorded(file):
    """The frames in a capture file that may still grow."""
    with open(file, "rb") as opened:
        data = opened.read()
    frames, at = [], 24
    while at + 16 <= len(data):
        length = struct.unpack_from("=I", data, at + 8)[0]
        if at + 16 + length > len(data):
            break
        frames.append(data[at + 16:at + 16 + length])
        at += 16 + length
    return frames


LAST = last_frame()
FLOODS_LAST = f"table=0,priority=65000,dl_src={text(LAST[6:12])},actions=FLOOD"


def through_ours(both, packets):
    out = [Counter() for _ in both.plugs]
    for start in range(0, len(packets), 10):  # no more than queues hold while nobody reads
        for port, packet in packets[start:start + 10]:
            both.plugs[port - 1].send(packet)
        # When everybody's last frame is out, so is what came before them, but maybe behind another
        # port's last one: after the second round all has been received.
        for _ in range(2):
            for plug in both.plugs:
                plug.send(LAST)
            for count, plug in zip(out, both.plugs):
                count.update(plug.receive_until_all(LAST, len(both.plugs) - 1))
    return out


def through_real(both, packets):
    files = both.oracle.record()
    for port, same in itertools.groupby(packets, key=lambda each: each[0]):
        both.real.appctl("netdev-dummy/receive", f"p{port}", *(each.hex() for _, each in same))
    for number in range(1, len(both.plugs) + 1):
        both.real.appctl("netdev-dummy/receive", f"p{number}", LAST.hex())

    def out():
        sent = [recorded(file) for file in files]
        return all(each.count(LAST) == len(both.plugs) - 1 for each in sent) and sent

    return [Counter(each for each in frames if each != LAST)
            for frames in wait_until(out, "Open vSwitch has sent all")]
