"""VDE's own fast spanning tree: a ring of two of ours and one real vde_switch."""

import signal

import pytest

from cable import Cable
from frame import BROADCAST, frame, mac, numbered
from plug import last_frame
from wait import wait_until

BPDU = bytes.fromhex("0180c2000000")
# Which switch is the root decides which port blocks, so every position gets its turn.
ROOTS = (0, 1, 2)


class Ring:
    """Three switches, a cable from each to the next, and a plug on each."""

    def __init__(self, lab, programs, root):
        self.switches = []
        for number, program in enumerate(programs):
            priority = "0x1000" if number == root else "0x8000"
            self.switches.append(lab.foreground(
                "-F", "--priority", priority, "--macaddr", f"00:ff:00:00:00:0{number + 1}",
                name=f"sw{number}", program=program))
        self.plugs = [lab.plug(each, 9) for each in self.switches]
        self.cables = []
        for number, switch in enumerate(self.switches):
            self.cables.append(Cable(lab, switch, self.switches[(number + 1) % 3]))
            self.await_tree(root)
        self._number = 0

    def await_tree(self, root):
        """Until all that are connected so far agree on the root."""
        wanted = f" ++ root {'10' if root in self.connected() else '80'}:00:"
        for each in self.connected():
            wait_until(lambda: any(line.startswith(wanted)
                                   for line in self.switches[each].ok("fstp/print")),
                       lambda: f"agreement: {self.switches[each].ok('fstp/print')}")

    def connected(self):
        return range(min(len(self.cables) + 1, 3))

    def copies(self, sender):
        """How often a broadcast arrives at the two others. A second one, sent after the first has
        arrived, ends the counting; a storm would bring more of either."""
        self._number += 1
        sent = frame(source=mac(0x100 + sender), payload=b"%08d" % self._number)
        end = numbered(self._number, source=mac(0x200 + sender))
        for each in self.plugs:
            each.pending()
        self.plugs[sender].send(sent)
        self.plugs[sender].send(end)
        counts = []
        for number, plug in enumerate(self.plugs):
            if number != sender:
                counts.append(plug.pending_until(end).count(sent))
        return counts

    def await_connected(self):
        """Until a broadcast of each reaches both others, exactly once."""
        for sender in range(3):
            wait_until(lambda: self.copies(sender) == [1, 1], lambda: f"{self.copies(sender)}",
                       timeout_s=60, step_s=0.2)

    def blocked(self):
        """The ports of the ring that do not forward."""
        return [f"{number}: {line}" for number, switch in enumerate(self.switches)
                for line in switch.ok("vlan/print 0") if "status=Discarding" in line]


@pytest.mark.parametrize("root", ROOTS)
def test_a_ring_with_a_real_one_carries_traffic_and_heals(lab, root):
    ours, real = lab.programs.vde_switch, lab.programs.reference
    ring = Ring(lab, (ours, real, ours), root)
    ring.await_connected()
    # The real one's ports discard at both ends of the cable that is not needed.
    assert 1 <= len(ring.blocked()) <= 2
    for _ in range(20):
        for sender in range(3):
            assert ring.copies(sender) == [1, 1]
    ring.cables[root].cut()
    ring.await_connected()
    for sender in range(3):
        assert ring.copies(sender) == [1, 1]


def test_a_ring_heals_when_a_cable_dies_without_a_word(lab):
    """Nobody sees an end; only the hellos stop coming."""
    ours, real = lab.programs.vde_switch, lab.programs.reference
    ring = Ring(lab, (ours, real, ours), 0)
    ring.await_connected()
    ring.cables[0].process.send_signal(signal.SIGSTOP)
    ring.await_connected()
    for sender in range(3):
        assert ring.copies(sender) == [1, 1]


def test_two_parallel_cables_do_not_storm(lab):
    ours, real = lab.programs.vde_switch, lab.programs.reference
    one = lab.foreground("-F", name="one", program=ours)
    other = lab.foreground("-F", name="other", program=real)
    cables = [Cable(lab, one, other)]
    plugs = [lab.plug(one, 9), lab.plug(other, 9)]
    cables.append(Cable(lab, one, other))

    def carried_once():
        for each in plugs:
            each.pending()
        plugs[0].send(numbered(1, source=mac(1)))
        plugs[0].send(last_frame())
        got = [each for each in plugs[1].pending_until(last_frame()) if each[:6] != BPDU]
        return got == [numbered(1, source=mac(1)), last_frame()]

    wait_until(carried_once, "one copy")
    for _ in range(50):
        assert carried_once()
    cables[0].cut()
    wait_until(carried_once, "one copy over the other cable", timeout_s=60)


def test_a_neighbour_that_stops_speaking_is_an_ordinary_one_again(lab):
    one = lab.foreground("-F", name="one")
    other = lab.foreground("-F", name="other", program=lab.programs.reference)
    near, far = lab.plug(one, 9), lab.plug(other, 9)
    Cable(lab, one, other)
    await_passage(near, far)
    other.ok("fstp/setfstp 0")
    near.pending(), far.pending()
    await_passage(near, far)
    await_passage(far, near)


def test_a_lonely_switch_with_fstp_forwards_at_once(lab):
    switch = lab.foreground("-F")
    one, two = lab.plug(switch), lab.plug(switch)
    one.send(numbered(1))
    assert two.receive_until(numbered(1)) is not None


def await_passage(sender, receiver):
    """Until a frame passes, which it may not while the port finds its role; all that arrived."""
    arrived = []

    def passes():
        sender.send(last_frame())
        arrived.extend(receiver.pending_until(last_frame()))
        return last_frame() in arrived

    wait_until(passes, "a frame to pass")
    return arrived


def test_hellos_are_sent_and_not_forwarded(lab):
    switch = lab.foreground("-F", "--macaddr", "00:ff:00:00:00:01")
    one, two, three = (lab.plug(switch) for _ in range(3))
    events = lab.console(switch)
    events.exchange(b"debug/add fstp/+\n")
    hello = one.receive()
    while hello[:6] != BPDU:
        hello = one.receive()
    assert hello[6:12] == bytes.fromhex("00ff00000001")
    assert hello[12:21] == bytes.fromhex("002742420300000202")
    assert hello[22:30] == bytes.fromhex("800000ff00000001"), "it believes itself to be the root"
    assert len(hello) >= 53
    foreign = BPDU + mac(5) + hello[12:22] + b"\xff\xff" + mac(5) + hello[30:34] + (
        b"\xff\xff" + mac(5)) + hello[42:]
    one.send(foreign)
    events.read_until(b"3041 fstp/+ Port 0001 VLAN 00:00\n")
    assert foreign not in await_passage(three, two)


@pytest.mark.parametrize("length", [17, 20, 30, 50])
def test_a_cut_hello_harms_nobody(lab, length):
    switch = lab.foreground("-F")
    one, two = lab.plug(switch), lab.plug(switch)
    hello = one.receive()
    for version in (0, 2, 3, 255):
        bad = hello[:19] + bytes([version]) + hello[20:]
        one.send(bad[:length])
    await_passage(one, two)
    assert "ROOTSWITCH" in switch.ok("fstp/print")[0]


def test_without_fstp_bpdus_are_ordinary_frames(lab):
    switch = lab.foreground()
    one, two = lab.plug(switch), lab.plug(switch)
    sent = frame(destination=BPDU, source=mac(1))
    one.send(sent)
    assert two.receive() == sent
    assert BROADCAST != BPDU
