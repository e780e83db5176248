"""Random tables and packets through switchd and through a real Open vSwitch, side by side."""

import os
import random
from collections import Counter

import pytest

from frame import frame, tag
from megaflow import beyond, carries, inverted
from random_tables import (MACS, PORT_COUNT, VERSIONS, VLANS, octets, random_packet,
                           random_tables)
from side_by_side import (FLOODS_LAST, Both, actions_of, agree, packet_of, part, through_ours,
                          through_real, trace)

pytestmark = pytest.mark.ours_only("switchd is ours alone")

TABLES_TRIED = int(os.environ.get("DIFFERENTIAL_TABLES", "4"))
RULES = 40
PACKETS = 40


@pytest.fixture
def seed():
    chosen = int(os.environ.get("SEED", random.randrange(1 << 32)))
    print(f"SEED={chosen}")
    return chosen


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


def has_two_tags(packet):
    return all(packet[at:at + 2] in (b"\x81\x00", b"\x88\xa8") for at in (12, 16))


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
    total = 0
    for round_number in range(TABLES_TRIED):
        rng = random.Random(f"{seed} {round_number} frames")
        version = rng.choice(VERSIONS)
        rules = random_tables(rng, RULES, version, controller=False) + [FLOODS_LAST]
        both.load(rules, version)
        packets = [random_packet(rng, sums_matter=True) for _ in range(5 * PACKETS)]
        # Of a frame that lost its only tag, Open vSwitch's megaflow does not say that there was no
        # second one, and answers for frames with two, unlike its tables.
        real = through_real(both, [each for each in packets if not has_two_tags(each[1])])
        both.purge()
        rest = through_real(both, [each for each in packets if has_two_tags(each[1])])
        ours, real = through_ours(both, packets), [sum(each, Counter()) for each in zip(real, rest)]
        total += sum(sum(each.values()) for each in ours)
        for number in range(PORT_COUNT):
            only = [f"only {whose}: {count} of {each.hex()}"
                    for whose, more, less in (("ours", ours, real), ("theirs", real, ours))
                    for each, count in (more[number] - less[number]).items()]
            assert not only, "\n".join([f"SEED={seed}, round {round_number}, version {version},"
                                        f" port {number + 1}",
                                        *rules, *only, both.switchd.ctl("drops").stdout])
    assert total > 0  # one random table alone may drop all
