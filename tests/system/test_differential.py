"""Random tables and packets through switchd and through a real Open vSwitch, side by side."""

import itertools
import os
import random
import re
import struct
from collections import Counter

import pytest

from frame import frame, tag, text
from megaflow import beyond, carries, inverted
from ovs import Oracle, Tools
from plug import last_frame
from random_tables import (MACS, PORT_COUNT, VERSIONS, VLANS, octets, random_packet,
                           random_tables)
from test_switchd import Switchd
from wait import wait_until

pytestmark = pytest.mark.ours_only("switchd is ours alone")

TABLES_TRIED = int(os.environ.get("DIFFERENTIAL_TABLES", "4"))
RULES = 40
PACKETS = 40


@pytest.fixture
def seed():
    chosen = int(os.environ.get("SEED", random.randrange(1 << 32)))
    print(f"SEED={chosen}")
    return chosen


class Both:
    """The same ports in both switches: 1 to PORT_COUNT."""

    def __init__(self, lab):
        self.switchd = Switchd(lab)
        self.plugs = [self.switchd.plug(f"plug{number}", number)
                      for number in range(1, PORT_COUNT + 1)]
        self.ours = Tools(lab, os.path.join(self.switchd.run_dir, "ovs"))
        self.oracle = Oracle(lab, PORT_COUNT)
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
        # It goes on by what it has cached, else, until it has looked at that again.
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
            if mask and ":" not in mask:
                if int(our_fields[key], 0) & int(mask, 0) != int(bits, 0):
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


def test_traces_come_to_what_open_vswitch_comes_to(lab, seed):
    both = Both(lab)
    let_learn_stations(both)
    both.monitor()
    for round_number in range(TABLES_TRIED):
        rng = random.Random(f"{seed} {round_number}")
        version = rng.choice(VERSIONS)
        rules = random_tables(rng, RULES, version)
        both.load(rules, version)
        for _ in range(PACKETS):
            port, packet = random_packet(rng)
            ours, real = (trace(tool, port, packet) for tool in (both.ours, both.real))
            seen = "\n".join([f"SEED={seed}, round {round_number}, version {version}", *rules,
                              ours, real])
            assert packet_of(ours) == packet_of(real), seen
            assert agree(actions_of(ours), actions_of(real)), seen
            # It may look at what makes no difference: at the protocol before it sets the TTL, at
            # the addresses of ARP that NORMAL floods, and at all that a rule asks for where one bit
            # shows that the rule does not match. Then it says so itself.
            needless = beyond(part(real, "Megaflow"), part(ours, "Megaflow"))
            for name, bits in needless.items():
                if carries(packet_of(real), name):
                    other = trace(both.real, port, inverted(packet, name, bits))
                    assert actions_of(other) == actions_of(real), \
                        f"{seen}\n{name}: {bits:x}\n{other}"


# -- what comes out

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
                count.update(plug.receive_until_all(LAST, PORT_COUNT - 1))
    return out


def through_real(both, packets):
    files = both.oracle.record()
    for port, same in itertools.groupby(packets, key=lambda each: each[0]):
        both.real.appctl("netdev-dummy/receive", f"p{port}", *(each.hex() for _, each in same))
    for number in range(1, PORT_COUNT + 1):
        both.real.appctl("netdev-dummy/receive", f"p{number}", LAST.hex())

    def out():
        sent = [recorded(file) for file in files]
        return all(each.count(LAST) == PORT_COUNT - 1 for each in sent) and sent

    return [Counter(each for each in frames if each != LAST)
            for frames in wait_until(out, "Open vSwitch has sent all")]


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


def let_learn_stations(both):
    """Where everybody is in every VLAN: then it does not matter who is heard first, nor that to
    switchd's NORMAL an 802.1ad tag is payload and to Open vSwitch's a VLAN's."""
    both.load([FLOODS_LAST, "table=0,priority=1,actions=NORMAL"])
    stations = [(number, frame(source=octets(MACS[number - 1]), tags=tags))
                for number in range(1, PORT_COUNT + 1)
                for tags in (b"", tag(0, 3), *map(tag, VLANS))]
    assert through_ours(both, stations) == through_real(both, stations)


def test_frames_leave_as_they_leave_open_vswitch(lab, seed):
    both = Both(lab)
    let_learn_stations(both)
    for round_number in range(TABLES_TRIED):
        rng = random.Random(f"{seed} {round_number} frames")
        version = rng.choice(VERSIONS)
        rules = random_tables(rng, RULES, version, controller=False) + [FLOODS_LAST]
        both.load(rules, version)
        packets = [random_packet(rng, sums_matter=True) for _ in range(5 * PACKETS)]
        ours, real = through_ours(both, packets), through_real(both, packets)
        assert sum(sum(each.values()) for each in ours) > 0
        for number in range(PORT_COUNT):
            only = [f"only {whose}: {count} of {each.hex()}"
                    for whose, more, less in (("ours", ours, real), ("theirs", real, ours))
                    for each, count in (more[number] - less[number]).items()]
            assert not only, "\n".join([f"SEED={seed}, round {round_number}, version {version},"
                                        f" port {number + 1}",
                                        *rules, *only, both.switchd.ctl("drops").stdout])
