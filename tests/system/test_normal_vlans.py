"""NORMAL between access, trunk and hybrid ports, beside a real Open vSwitch with the same VLANs."""

import itertools
from collections import Counter

import pytest

from frame import BROADCAST, S_TAG, frame, mac, tag
from side_by_side import FLOODS_LAST, Both, through_ours, through_real

pytestmark = pytest.mark.ours_only("switchd is ours alone")

# The port's untagged VLAN and its tagged ones. In Open vSwitch's words: access, access, trunk (of
# VLAN 0, too), trunk with the native VLAN 6, access.
MEMBERSHIPS = {1: (5, ()), 2: (5, ()), 3: (0, (5, 6)), 4: (6, (5,)), 5: (0, ())}
VLANS = sorted({vlan for untagged, tagged in MEMBERSHIPS.values() for vlan in (untagged, *tagged)})


def console_lines():
    yield from (f"vlan/create {vlan}" for vlan in VLANS if vlan)
    for port, (untagged, tagged) in MEMBERSHIPS.items():
        yield f"port/create {port}"
        if untagged:
            yield f"port/setvlan {port} {untagged}"
        yield from (f"vlan/addport {vlan} {port}" for vlan in tagged)


def database_words():
    for port, (untagged, tagged) in MEMBERSHIPS.items():
        words = ["vlan_mode=access", f"tag={untagged}"]
        if tagged and untagged:
            words = ["vlan_mode=native-untagged", f"tag={untagged}"]
        elif tagged:
            words, tagged = ["vlan_mode=trunk"], (0, *tagged)
        trunks = [f"trunks={','.join(map(str, tagged))}"] if tagged else []
        yield from ("--", "set", "port", f"p{port}", *words, *trunks)


@pytest.fixture
def both(lab):
    rcfile = lab.write("rc", "\n".join(console_lines()) + "\n")
    both = Both(lab, "--strict-vlan", "--rcfile", rcfile, ports=len(MEMBERSHIPS))
    done = lab.run(["ovs-vsctl", "--db=" + both.oracle.remote, "--timeout=20",
                    *list(database_words())[1:]], env=both.real.environment)
    assert done.returncode == 0, done
    both.load([FLOODS_LAST, "table=0,priority=1,actions=NORMAL"])
    return both


# Not with the VLAN ID 0, which for VDE is the VLAN 0 and for Open vSwitch no VLAN at all.
OUTER = [b"", *(tag(vlan, priority) for vlan in (5, 6, 7) for priority in (0, 5))]
INNER = [b"", tag(6), tag(5, 2, S_TAG), tag(0, 1)]


def from_all_ports(destination):
    """With every combination of tags. But a VDE port's own VLAN may come with a tag also where the
    port has no other VLAN: Open vSwitch drops that."""
    for port, outer, inner in itertools.product(MEMBERSHIPS, OUTER, INNER):
        untagged, tagged = MEMBERSHIPS[port]
        own = not tagged and outer[3:] == bytes([untagged])
        if (outer or not inner) and not own:
            yield port, frame(destination, mac(port), tags=outer + inner, size=64)


def same_outside(both, packets):
    ours, real = through_ours(both, packets), through_real(both, packets)
    wrong = [f"port {port}: only {whose}: {each.hex()}"
             for port, (mine, theirs) in enumerate(zip(ours, real), start=1)
             for whose, more in (("ours", mine - theirs), ("theirs", theirs - mine))
             for each in more]
    assert not wrong, "\n".join(wrong)
    return ours


def test_a_flooded_frame_leaves_where_and_as_it_leaves_open_vswitch(both):
    left = same_outside(both, list(from_all_ports(BROADCAST)))
    # What came in untagged on the first access port left the second so, and the trunk with a tag.
    plain = frame(source=mac(1), size=64)
    tagged = plain[:12] + tag(5) + plain[12:]
    assert left[1][plain] == 1 and left[2][tagged] == 1 and left[4][plain] == 0


def test_a_station_is_known_in_its_own_vlan_only(both):
    for vlan in (5, 6):
        same_outside(both, [(3, frame(source=mac(99), tags=tag(vlan), size=64))])
    left = same_outside(both, list(from_all_ports(mac(99))))
    assert sum(left[2].values()) > 0 and left[0] == Counter()
