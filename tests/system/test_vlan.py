"""How frames are forwarded: learning, ageing, VLANs, hub mode, everything multicast."""

import struct

import pytest

from frame import BROADCAST, C_TAG, S_TAG, frame, mac, numbered, tag, text
from plug import last_frame
from wait import wait_until

PCP_5 = 5
TRANSPARENT = "the real one drops tagged frames unless VLANs or the hub are configured"


def quiet(sender, receiver):
    """Nothing waits at the receiver: a last frame from the sender is the only one."""
    sender.send(last_frame())
    assert receiver.receive_until(last_frame()) == []


def tagged(vlan, priority=0, source=mac(1), dei=0, inner=b"", number=0, size=64):
    return frame(source=source, tags=tag(vlan, priority, dei=dei) + inner,
                 payload=struct.pack(">Q", number), size=size)


def untagged(of_tagged):
    return of_tagged[:12] + of_tagged[16:]


def trunk(lab, *options):
    """Ports 1 and 2 in VLAN 5 untagged, 3 and 4 tagged members, 6 in VLAN 0 only."""
    switch = lab.foreground(*options)
    for port in (1, 2, 3, 4, 6):
        switch.ok(f"port/create {port}")
    for line in ("vlan/create 5", "port/setvlan 1 5", "port/setvlan 2 5", "vlan/addport 5 3",
                 "vlan/addport 5 4"):
        switch.ok(line)
    return {port: lab.plug(switch, port) for port in (1, 2, 3, 4, 6)}


def drain(plugs):
    for each in plugs:
        each.pending()


# -- learning


def test_known_unicast_goes_to_one_port_and_unknown_to_all(lab):
    switch = lab.foreground()
    one, two, three = (lab.plug(switch) for _ in range(3))
    to_unknown = numbered(1, destination=mac(2), source=mac(1))
    one.send(to_unknown)
    assert two.receive() == three.receive() == to_unknown
    back = numbered(2, destination=mac(1), source=mac(2))
    two.send(back)
    assert one.receive() == back
    known = numbered(3, destination=mac(2), source=mac(1))
    one.send(known)
    assert two.receive() == known
    quiet(one, three)


def test_a_frame_for_the_port_it_came_from_is_dropped(lab):
    switch = lab.foreground()
    one, two = lab.plug(switch), lab.plug(switch)
    one.send(numbered(1, source=mac(1)))
    two.receive()
    one.send(numbered(2, destination=mac(1), source=mac(3)))
    quiet(one, two)
    assert one.pending() == []


def test_a_group_address_is_not_learned_as_source(lab):
    switch = lab.foreground()
    one, two = lab.plug(switch), lab.plug(switch)
    odd = numbered(1, source=b"\x03\0\0\0\0\1")
    one.send(odd)
    assert two.receive() == odd
    assert switch.ok("hash/print") == []


def test_an_address_moves_once_it_has_stayed_long_enough(lab):
    switch = lab.foreground()
    switch.ok("hash/setminper 0")
    one, two, three = (lab.plug(switch) for _ in range(3))
    one.send(numbered(1, source=mac(9)))
    two.receive(), three.receive()

    def moved():
        two.send(numbered(2, source=mac(9)))
        one.receive(), three.receive()
        return "to port: 002" in switch.ok("hash/print")[0]

    wait_until(moved, "the address at its new port", step_s=0.2)
    three.send(numbered(3, destination=mac(9), source=mac(3)))
    assert two.receive() == numbered(3, destination=mac(9), source=mac(3))
    quiet(three, one)


def test_an_address_does_not_move_before(lab):
    switch = lab.foreground()
    switch.ok("hash/setminper 100000")
    one, two = lab.plug(switch), lab.plug(switch)
    one.send(numbered(1, source=mac(9)))
    two.receive()
    two.send(numbered(2, source=mac(9)))
    assert one.receive() == numbered(2, source=mac(9)), "the frame passes all the same"
    assert "to port: 001" in switch.ok("hash/print")[0]


def test_an_unused_address_is_forgotten(lab):
    switch = lab.foreground()
    one, two, three = (lab.plug(switch) for _ in range(3))
    one.send(numbered(1, source=mac(9)))
    two.receive(), three.receive()
    assert len(switch.ok("hash/print")) == 1
    switch.ok("hash/setexpire 1")
    switch.ok("hash/setgcint 1")

    def aged():
        two.send(numbered(2, source=mac(2)))  # an idle real one does not collect
        one.receive(), three.receive()
        return not any(text(mac(9)) in line for line in switch.ok("hash/print"))

    wait_until(aged, "the address to age", step_s=0.2)
    two.send(numbered(2, destination=mac(9), source=mac(2)))
    assert one.receive() == three.receive() == numbered(2, destination=mac(9), source=mac(2))
    quiet(two, three)


@pytest.mark.ours_only("an idle real one does not collect")
def test_an_unused_address_is_forgotten_without_traffic(lab):
    switch = lab.foreground("-f", lab.write("rc", "hash/setexpire 1\nhash/setgcint 1\n"))
    one, two = lab.plug(switch), lab.plug(switch)
    one.send(numbered(1, source=mac(9)))
    two.receive()
    wait_until(lambda: switch.ok("hash/print") == [], "the address to age")


def test_an_address_in_use_is_not_forgotten(lab):
    switch = lab.foreground()
    switch.ok("hash/setexpire 2")
    switch.ok("hash/setgcint 1")
    one, two = lab.plug(switch), lab.plug(switch)
    two.send(numbered(0, source=mac(2)))
    one.receive()

    def only_the_one_in_use():
        one.send(numbered(1, source=mac(9)))
        two.receive()
        return [line.split()[3] for line in switch.ok("hash/print")] == ["02:00:00:00:00:09"]

    wait_until(only_the_one_in_use, "the idle address to age and the other to stay", step_s=0.2)


def test_resizing_the_table_forgets_all(lab):
    switch = lab.foreground()
    one, two = lab.plug(switch), lab.plug(switch)
    one.send(numbered(1, source=mac(9)))
    two.receive()
    switch.ok("hash/setsize 64")
    assert switch.ok("hash/print") == []


@pytest.mark.ours_only("the real one's table has no bound")
def test_a_flood_of_addresses_is_bounded_and_others_still_talk(lab):
    switch = lab.foreground()
    one, two, flood = (lab.plug(switch) for _ in range(3))
    one.send(numbered(0, source=mac(1)))
    two.receive(), flood.receive()
    for number in range(20000):
        flood.send(numbered(number, source=mac(0x10000 + number)))
        one.receive(), two.receive()
    one.send(last_frame())
    assert two.receive() == last_frame()
    assert 1 <= len(switch.ok("hash/print")) <= 20002


# -- multicast


@pytest.mark.parametrize("destination", [bytes.fromhex(each) for each in (
    "0180c2000000", "0180c2000001", "0180c2000002", "0180c2000003", "0180c200000e",
    "0180c200000f", "0180c2000010", "0180c2000020", "01005e000001", "3333ff000001",
    "01000ccccccc", "01000ccccccd", "ffffffffffff")])
@pytest.mark.parametrize("hub", [False, True])
def test_all_multicast_is_carried(lab, destination, hub):
    switch = lab.foreground(*(["-x"] if hub else []))
    one, two, three = (lab.plug(switch) for _ in range(3))
    sent = numbered(1, destination=destination, source=mac(1))
    one.send(sent)
    assert two.receive() == three.receive() == sent
    assert one.pending() == []


# -- the hub


def test_the_hub_sends_everything_everywhere(lab):
    switch = lab.foreground("--hub")
    one, two, three = (lab.plug(switch) for _ in range(3))
    for number, sent in enumerate((
            numbered(1, source=mac(1)), numbered(2, destination=mac(1), source=mac(2)),
            tagged(10), tagged(4094, PCP_5), frame(tags=tag(7, tpid=S_TAG) + tag(8), size=80),
            frame(destination=mac(2), source=mac(1)))):
        sender = (one, two)[number % 2]
        sender.send(sent)
        for each in (one, two, three):
            if each is not sender:
                assert each.receive() == sent
    assert switch.ok("hash/print") == []


def test_the_hub_can_be_switched_on_and_off(lab):
    switch = lab.foreground()
    one, two, three = (lab.plug(switch) for _ in range(3))
    to_two = numbered(2, destination=mac(2), source=mac(1))

    def meet():
        two.send(numbered(1, source=mac(2)))
        one.receive(), three.receive()

    meet()
    one.send(to_two)
    quiet(one, three)
    two.receive_until(last_frame())
    switch.ok("port/sethub 1")
    one.send(to_two)
    assert three.receive() == two.receive() == to_two
    switch.ok("port/sethub 0")
    meet()
    one.send(to_two)
    quiet(one, three)


def test_port_0_is_not_sent_to_in_hub_mode(lab):
    switch = lab.foreground("--hub")
    zero, one, two = lab.plug(switch, code=1), lab.plug(switch), lab.plug(switch)
    zero.send(numbered(1))
    assert one.receive() == two.receive() == numbered(1)
    one.send(numbered(2))
    assert two.receive() == numbered(2)
    assert zero.pending() == []


def test_port_0_is_an_ordinary_port_of_a_switch(lab):
    switch = lab.foreground()
    zero, one = lab.plug(switch, code=1), lab.plug(switch)
    zero.send(numbered(1, source=mac(1)))
    assert one.receive() == numbered(1, source=mac(1))
    one.send(numbered(2, destination=mac(1), source=mac(2)))
    assert zero.receive() == numbered(2, destination=mac(1), source=mac(2))


# -- VLANs


def test_a_tag_is_inserted_and_stripped(lab):
    plugs = trunk(lab)
    sent = numbered(1, source=mac(1))
    plugs[1].send(sent)
    assert plugs[2].receive() == sent
    with_tag = sent[:12] + tag(5) + sent[12:]
    assert plugs[3].receive() == plugs[4].receive() == with_tag
    back = tagged(5, source=mac(3))
    plugs[3].send(back)
    assert plugs[1].receive() == plugs[2].receive() == untagged(back)
    assert plugs[4].receive() == back
    plugs[1].send(last_frame())
    in_vlan_0 = numbered(9, source=mac(6))
    assert plugs[6].pending() == []
    plugs[6].send(in_vlan_0)
    # 3 and 4 belong to VLAN 0 as well, untagged; 1 and 2 have left it.
    assert plugs[3].receive_until(in_vlan_0)[0][12:16] == tag(5)
    assert plugs[1].pending() == []


@pytest.mark.parametrize("priority,dei", [(0, 0), (5, 0), (7, 1), (0, 1)])
def test_the_priority_is_kept_from_tag_to_tag(lab, priority, dei):
    plugs = trunk(lab)
    sent = tagged(5, priority, dei=dei)
    plugs[3].send(sent)
    assert plugs[4].receive() == sent


def test_a_full_frame_grows_by_its_tag(lab):
    plugs = trunk(lab)
    sent = numbered(1, size=1514)
    plugs[1].send(sent)
    assert plugs[2].receive() == sent
    assert plugs[3].receive() == sent[:12] + tag(5) + sent[12:]


@pytest.mark.ours_only("the real one cuts 1522 octets to 1518")
def test_a_full_frame_with_its_tag_shrinks_whole(lab):
    plugs = trunk(lab)
    sent = tagged(5, size=1522)
    plugs[3].send(sent)
    assert plugs[1].receive() == untagged(sent)
    assert plugs[4].receive() == sent


def test_a_frame_tagged_with_a_vlan_the_port_is_no_member_of_is_dropped(lab):
    plugs = trunk(lab)
    for port, vlan in ((6, 5), (3, 6), (1, 7)):
        plugs[port].send(tagged(vlan, source=mac(port)))
    plugs[1].send(last_frame())
    assert plugs[2].receive() == last_frame()
    assert plugs[3].receive()[12:16] == tag(5)
    assert plugs[6].pending() == plugs[3].pending() == []


def test_a_frame_tagged_with_the_port_s_own_vlan_is_accepted(lab):
    plugs = trunk(lab)
    sent = tagged(5, PCP_5)
    plugs[1].send(sent)
    assert plugs[2].receive() == untagged(sent)
    assert plugs[3].receive() == sent


def test_a_priority_tag_means_the_port_s_vlan_0(lab):
    switch = lab.foreground("--strict-vlan") if not lab.programs.is_reference else lab.foreground()
    one, two = lab.plug(switch), lab.plug(switch)
    sent = tagged(0, PCP_5)
    one.send(sent)
    assert two.receive() == untagged(sent)


def test_inner_tags_are_payload(lab):
    plugs = trunk(lab)
    double = tagged(5, inner=tag(100, 3))
    plugs[3].send(double)
    assert plugs[1].receive() == untagged(double)
    assert plugs[4].receive() == double
    service = frame(source=mac(1), tags=tag(9, tpid=S_TAG) + tag(8), size=80)
    plugs[1].send(service)
    plugs[2].receive_until(service)
    wanted = service[:12] + tag(5) + service[12:]
    plugs[3].receive_until(wanted)


def test_a_port_without_an_untagged_vlan_drops_untagged_frames(lab):
    switch = lab.foreground()
    switch.ok("port/create 1")
    switch.ok("port/create 2")
    switch.ok("vlan/create 5")
    switch.ok("port/setvlan 1 4095")
    switch.ok("vlan/addport 5 1")
    switch.ok("port/setvlan 2 5")
    one, two = lab.plug(switch, 1), lab.plug(switch, 2)
    one.send(numbered(1))
    sent = tagged(5)
    one.send(sent)
    assert two.receive() == untagged(sent)


def test_addresses_are_learned_per_vlan(lab):
    switch = lab.foreground()
    for line in ("vlan/create 5", "port/create 1", "port/create 2", "vlan/addport 5 1",
                 "vlan/addport 5 2"):
        switch.ok(line)
    one, two = lab.plug(switch, 1), lab.plug(switch, 2)
    one.send(tagged(5, source=mac(9)))
    two.receive()
    two.send(numbered(1, source=mac(9)))
    one.receive()
    learned = {(line.split()[5], line.split()[8]) for line in switch.ok("hash/print")}
    assert learned == {("0005", "001"), ("0000", "002")}


def test_the_vlan_of_a_port_outlives_its_plugs(lab):
    plugs = trunk(lab)
    plugs[1].close()
    again = None

    def plugged_again():
        nonlocal again
        again = lab.plug(lab.switches()[0], 1)
        return True

    wait_until(plugged_again, "port 1 again")
    again.send(numbered(1))
    assert plugs[2].receive() == numbered(1)


# -- tagged frames when nobody has configured VLANs


@pytest.mark.ours_only(TRANSPARENT)
@pytest.mark.parametrize("vlan", [0, 1, 5, 4094, 4095])
def test_tagged_frames_pass_as_long_as_no_vlan_is_configured(lab, vlan):
    switch = lab.foreground()
    one, two = lab.plug(switch), lab.plug(switch)
    sent = tagged(vlan, PCP_5)
    one.send(sent)
    assert two.receive() == sent
    answer = tagged(vlan, source=mac(2))
    two.send(answer)
    assert one.receive() == answer


@pytest.mark.ours_only(TRANSPARENT)
@pytest.mark.parametrize("line", ["port/setvlan 1 5", "vlan/addport 5 1"])
def test_with_the_first_vlan_the_real_one_s_rules_begin(lab, line):
    switch = lab.foreground()
    one, two, three = (lab.plug(switch) for _ in range(3))
    two.send(tagged(7, source=mac(2)))
    assert three.receive() == one.receive() == tagged(7, source=mac(2))
    switch.ok("vlan/create 5")
    switch.ok(line)
    two.send(tagged(7, source=mac(2), number=1))
    quiet(two, three)


@pytest.mark.parametrize("vlan", [1, 5, 4094])
def test_strict_vlan_drops_tagged_frames_from_the_start(lab, vlan):
    switch = lab.foreground() if lab.programs.is_reference else lab.foreground("--strict-vlan")
    one, two = lab.plug(switch), lab.plug(switch)
    one.send(tagged(vlan))
    quiet(one, two)


@pytest.mark.ours_only("the real one refuses VLAN 4094")
def test_vlan_4094_works(lab):
    switch = lab.foreground()
    for line in ("vlan/create 4094", "port/create 1", "port/create 2", "port/setvlan 1 4094",
                 "vlan/addport 4094 2"):
        switch.ok(line)
    one, two = lab.plug(switch, 1), lab.plug(switch, 2)
    one.send(numbered(1))
    assert two.receive() == numbered(1)[:12] + tag(4094) + numbered(1)[12:]


def test_a_change_takes_effect_with_its_answer(lab):
    """From the moment the console answers no frame sees the old VLANs."""
    switch = lab.foreground()
    for line in ("vlan/create 5", "port/create 1", "port/create 2", "port/create 3"):
        switch.ok(line)
    one, two, three = (lab.plug(switch, port) for port in (1, 2, 3))
    for number in range(20):
        switch.ok("port/setvlan 2 5")
        one.send(numbered(number))
        assert three.receive() == numbered(number)
        switch.ok("port/setvlan 2 0")
        one.send(numbered(1000 + number))
        assert two.receive() == three.receive() == numbered(1000 + number)


def test_ethertypes_of_tags_are_told_apart(lab):
    assert (C_TAG, S_TAG) == (0x8100, 0x88A8)
    switch = lab.foreground()
    one, two = lab.plug(switch), lab.plug(switch)
    service = frame(BROADCAST, mac(1), tags=tag(9, tpid=S_TAG), size=64)
    one.send(service)
    assert two.receive() == service, "802.1ad is payload"
