"""What switches get wrong about OpenFlow's actions: switchd beside a real Open vSwitch.

The numbers are those of tests/flows/pitfalls_test.cpp.
"""

import re
import socket
import struct

import pytest

from frame import frame, mac, tag
from random_tables import checksum, ipv4_octets, ipv6_octets, with_checksum
from side_by_side import Both, actions_of, agree, part, recorded, trace
from wait import wait_until

pytestmark = pytest.mark.ours_only("switchd is ours alone")


@pytest.fixture(scope="module")
def both(shared_lab):
    switches = Both(shared_lab)
    switches.monitor()
    return switches


# -- packets

SOURCE, DESTINATION = "10.0.0.1", "10.0.0.2"
SOURCE_6, DESTINATION_6 = "2001:db8::1", "2001:db8::2"


def ip(protocol, segment, source=SOURCE, destination=DESTINATION, ttl=64, fragment=0, tags=b""):
    """A frame with a packet whose sum of the header is right."""
    if ":" in source:
        head = struct.pack(">IHBB", 6 << 28, len(segment), protocol, ttl)
        return frame(mac(2), mac(1), tags=tags, ethertype=0x86DD, payload=head + ipv6_octets(source)
                     + ipv6_octets(destination) + segment)
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(segment), 7, fragment, ttl, protocol, 0)
    head = with_checksum(head + ipv4_octets(source) + ipv4_octets(destination), 10, b"")
    return frame(mac(2), mac(1), tags=tags, ethertype=0x0800, payload=head + segment)


def pseudo_header(protocol, source, destination, length):
    octets = ipv6_octets if ":" in source else ipv4_octets
    return octets(source) + octets(destination) + struct.pack(">II", length, protocol)


def tcp(source=SOURCE, destination=DESTINATION, ports=(1000, 80), **more):
    segment = struct.pack(">HHIIBBHHH", *ports, 1, 2, 0x50, 0x12, 100, 0, 0) + b"hello"
    pseudo = pseudo_header(6, source, destination, len(segment))
    return ip(6, with_checksum(segment, 16, pseudo), source, destination, **more)


def udp(source=SOURCE, destination=DESTINATION, ports=(1000, 53), summed=True, **more):
    segment = struct.pack(">HHHH", *ports, 8 + 5, 0) + b"hello"
    if summed:
        pseudo = pseudo_header(17, source, destination, len(segment))
        segment = with_checksum(segment, 6, pseudo)
    return ip(17, segment, source, destination, **more)


def icmp(kind=8, **more):
    return ip(1, with_checksum(struct.pack(">BBHHH", kind, 0, 0, 1, 1) + b"hello", 2, b""), **more)


def icmp6(source=SOURCE_6, destination=DESTINATION_6, **more):
    segment = struct.pack(">BBHHH", 128, 0, 0, 1, 1) + b"hello"
    pseudo = pseudo_header(58, source, destination, len(segment))
    return ip(58, with_checksum(segment, 2, pseudo), source, destination, **more)


def crc32c(data):
    """Of SCTP (RFC 9260, appendix A)."""
    crc = 0xFFFFFFFF
    for octet in data:
        crc ^= octet
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def sctp(source=SOURCE, destination=DESTINATION, ports=(1000, 9), **more):
    head, chunk = struct.pack(">HHI", *ports, 0x1234), struct.pack(">BBHI", 10, 0, 8, 0)
    sum_of_all = struct.pack("<I", crc32c(head + bytes(4) + chunk))
    return ip(132, head + sum_of_all + chunk, source, destination, **more)


ARP = frame(mac(2), mac(1), ethertype=0x0806, payload=struct.pack(">HHBBH", 1, 0x0800, 6, 4, 1)
            + mac(1) + ipv4_octets(SOURCE) + bytes(6) + ipv4_octets(DESTINATION))
FIRST, LATER = 0x2000, 0x0003  # in the field of fragments


# -- what a trace comes to

def same(both, rules, packets, version=13):
    both.load(rules, version)
    for packet in packets:
        ours, real = (trace(tool, 1, packet) for tool in (both.ours, both.real))
        assert agree(actions_of(ours), actions_of(real)), "\n".join([*rules, ours, real])


# Number, what it is about, rules, packets.
CASES = (
    (1, "explicit outputs", ["actions=1,2,IN_PORT"], [udp()]),
    (1, "ALL", ["actions=ALL"], [udp()]),
    (1, "FLOOD", ["actions=FLOOD"], [udp()]),
    (1, "another in_port and ALL", ["actions=load:2->NXM_OF_IN_PORT[],ALL"], [udp()]),
    (1, "another in_port and FLOOD", ["actions=load:2->NXM_OF_IN_PORT[],FLOOD"], [udp()]),
    (1, "another in_port and IN_PORT", ["actions=load:2->NXM_OF_IN_PORT[],2,IN_PORT,1"], [udp()]),
    (1, "another in_port and NORMAL", ["actions=load:2->NXM_OF_IN_PORT[],NORMAL"], [udp()]),
    (1, "no in_port", ["actions=load:0xffff->NXM_OF_IN_PORT[],1,ALL,IN_PORT"], [udp()]),
    (1, "no in_port and NORMAL", ["actions=load:9->NXM_OF_IN_PORT[],NORMAL"], [udp()]),
    (1, "a moved in_port", ["actions=load:2->reg0,move:reg0[0..3]->in_port[0..3],1,2,IN_PORT"],
     [udp()]),
    (1, "a resubmit's port",
     ["actions=resubmit(2,1)", "table=1,in_port=2,actions=1,2,IN_PORT"], [udp()]),
    (2, "a port that is not there", ["actions=9,2"], [udp()]),
    (4, "the order of the set",
     ["ip,actions=write_actions(output:2,push_vlan:0x8100,set_field:4101->vlan_vid,dec_ttl,"
      "pop_vlan,mod_dl_src:02:00:00:00:00:08)"], [udp(), udp(tags=tag(7))]),
    (4, "sets and moves in their order",
     ["actions=write_actions(mod_dl_src:02:00:00:00:00:08,move:eth_src[]->eth_dst[],"
      "mod_dl_src:02:00:00:00:00:09,output:2)"], [udp()]),
    (4, "the last of each kind",
     ["actions=write_actions(output:2,mod_dl_dst:02:00:00:00:00:08),goto_table:1",
      "table=1,actions=write_actions(output:3,mod_dl_dst:02:00:00:00:00:09)"], [udp()]),
    (4, "cleared, then written",
     ["actions=write_actions(mod_dl_dst:02:00:00:00:00:09,output:2),goto_table:1",
      "table=1,actions=clear_actions,write_actions(output:3)"], [udp()]),
    (4, "an output before a resubmit",
     ["actions=write_actions(resubmit(,1),output:2)", "table=1,actions=3"], [udp()]),
    (4, "a resubmit at the end", ["actions=write_actions(resubmit(,1))", "table=1,actions=3"],
     [udp()]),
    (4, "nothing that lets out", ["actions=write_actions(mod_dl_dst:02:00:00:00:00:09)"], [udp()]),
    (5, "applied and written",
     ["actions=mod_dl_src:02:00:00:00:00:05,write_actions(mod_dl_dst:02:00:00:00:00:06,output:3),"
      "goto_table:1", "table=1,dl_src=02:00:00:00:00:05,actions=2"], [udp()]),
    (5, "a resubmit is a call",
     ["actions=resubmit(,2),mod_dl_src:02:00:00:00:00:05,output:3",
      "table=2,actions=load:1->reg0,write_actions(output:2),goto_table:3",
      "table=3,reg0=1,actions=mod_dl_dst:02:00:00:00:00:06"], [udp()]),
    (7, "a called table ends", ["ip,actions=2,resubmit(,1),3", "table=1,ip,actions=dec_ttl,2"],
     [udp(ttl=0), udp(ttl=1), udp(ttl=2), ]),
    (7, "the set is done all the same",
     ["ip,actions=write_actions(output:3),goto_table:1",
      "table=1,ip,actions=dec_ttl,output:2,goto_table:2", "table=2,actions=2"],
     [udp(ttl=1), udp(ttl=2)]),
    (7, "other packets have none", ["actions=resubmit(,1),2", "table=1,ip,actions=dec_ttl"],
     [ARP, udp(SOURCE_6, DESTINATION_6, ttl=1)]),
    (13, "registers and metadata",
     ["actions=load:7->reg3,write_metadata:0xab/0xff,goto_table:1",
      "table=1,reg3=7,reg4=0,metadata=0xab,actions=2"], [udp()]),
    (14, "64 resubmits within each other",
     ["actions=load:1->xxreg0[0],2,resubmit(,1)",
      "table=1,priority=1,actions=move:xxreg0[0..126]->xxreg0[1..127],resubmit(,1)",
      "table=1,priority=2,xxreg0=0x10000000000000000/0x10000000000000000,actions=3"], [udp()]),
    (14, "65 resubmits within each other",
     ["actions=load:1->xxreg0[0],2,resubmit(,1)",
      "table=1,priority=1,actions=move:xxreg0[0..126]->xxreg0[1..127],resubmit(,1)",
      "table=1,priority=2,xxreg0=0x20000000000000000/0x20000000000000000,actions=3"], [udp()]),
    (14, "too many resubmits",
     ["actions=2," + ",".join(["resubmit(,1)"] * 70),
      "table=1,actions=" + ",".join(["resubmit(,2)"] * 70), "table=2,actions=3"], [udp()]),
    (14, "resubmits that only go up",
     ["actions=resubmit(,1)"]
     + [f"table={number},actions=resubmit(,{number + 1})" for number in range(1, 200)]
     + ["table=200,actions=2"], [udp()]),
    (17, "a field that is as it shall be", ["actions=mod_dl_dst:02:00:00:00:00:02,2"], [udp()]),
)


@pytest.mark.parametrize("rules, packets", [case[2:] for case in CASES],
                         ids=[f"{number}: {about}" for number, about, *_ in CASES])
def test_actions_come_to_what_open_vswitch_comes_to(both, rules, packets):
    same(both, rules, packets)


@pytest.mark.parametrize("rule", ["actions=mod_nw_src:1.2.3.4,mod_tp_dst:7,2",
                                  "actions=mod_vlan_vid:5,2", "actions=mod_vlan_pcp:5,2",
                                  "actions=strip_vlan,2"])
def test_in_1_0_fields_are_set_where_there_are_any_and_tags_are_pushed(both, rule):
    """3: what later versions refuse is no error there."""
    same(both, [rule], [ARP, udp(), udp(tags=tag(7, 3))], version=10)


MOVES = (
    ("actions=move:eth_src[0..7]->eth_dst[40..47],2", [udp()]),
    ("actions=move:eth_src[0..7]->reg0[0..7],resubmit(,1)", [udp()]),
    ("ip,actions=mod_nw_ecn:1,mod_nw_tos:32,move:nw_tos[]->nw_ttl[],2", [udp()]),
    ("ip,actions=load:0xff->reg0,move:reg0[0..7]->nw_tos[],2", [udp()]),
    ("udp,actions=move:udp_dst[]->udp_src[],2",
     [udp(), udp(fragment=FIRST), udp(fragment=LATER)]),
    ("tcp,actions=move:tcp_flags[]->reg1[0..11],resubmit(,1)",
     [tcp(), tcp(fragment=FIRST), tcp(fragment=LATER)]),
    ("arp,actions=move:arp_spa[]->arp_tpa[],move:arp_op[]->reg0[0..15],resubmit(,1)", [ARP]),
    ("ipv6,actions=move:ipv6_src[3..100]->ipv6_dst[0..97],2", [udp(SOURCE_6, DESTINATION_6)]),
    ("actions=load:0x6005->reg0,move:reg0[0..15]->vlan_tci[],2", [udp(), udp(tags=tag(7, 3))]),
    ("actions=load:0x7005->reg0,move:reg0[0..15]->vlan_tci[],2", [udp(), udp(tags=tag(7, 3))]),
    ("actions=load:5->reg0,move:reg0[0..11]->vlan_vid[],2", [udp(), udp(tags=tag(7, 3))]),
    ("actions=move:vlan_vid[]->reg0[0..11],resubmit(,1)", [udp(), udp(tags=tag(1))]),
    ("actions=load:0xfffb->reg0,move:reg0[0..15]->in_port[],move:OXM_OF_IN_PORT[]->reg1[],"
     "resubmit(,1)", [udp()]),
    ("actions=load:0x12345->reg0,move:reg0[]->OXM_OF_IN_PORT[],move:OXM_OF_IN_PORT[]->reg1[],"
     "resubmit(,1)", [udp()]),
)


@pytest.mark.parametrize("rule, packets", MOVES, ids=[rule for rule, _ in MOVES])
def test_moves_come_to_what_open_vswitch_comes_to(both, rule, packets):
    same(both, [rule, "table=1,priority=2,reg0=1,actions=2",
                "table=1,priority=2,reg1=0x12,actions=3,2",
                "table=1,priority=2,reg1=0xfffffffb,actions=3,1,2",
                "table=1,priority=2,reg1=0xffffffff,actions=2,3", "table=1,priority=1,actions=3"],
         packets)


@pytest.mark.parametrize("version", (10, 11, 12, 13, 14, 15))
def test_moves_are_shown_as_open_vswitch_shows_them(both, version):
    both.load([])
    for number, (rule, _) in enumerate(MOVES):
        for tool in (both.ours, both.real):
            tool.flows("add-flow", "br0", f"priority={number},{rule}", version=version)
    ours, real = (re.findall(r"priority=.*", tool.flows("dump-flows", "br0", version=version))
                  for tool in (both.ours, both.real))
    assert sorted(ours) == sorted(real) and len(ours) == len(MOVES)


@pytest.mark.parametrize("wrong, words", [
    ("udp,actions=move:tcp_src[]->tcp_dst[]", "OFPBAC_MATCH_INCONSISTENT"),
    ("actions=move:ip_src[]->reg0[]", "OFPBAC_MATCH_INCONSISTENT"),
    ("actions=write_actions(move:ip_src[]->reg0[])", "OFPBAC_MATCH_INCONSISTENT"),
])
def test_a_move_of_what_packets_may_not_have_is_refused(both, wrong, words):
    """ovs-ofctl itself refuses it; switchctl has its own words."""
    assert words in both.ours.ofctl("-O", "OpenFlow13", "add-flow", "br0", wrong).stderr
    done = both.switchd.ctl("add-flow", wrong)
    assert done.returncode != 0 and "does not name packets" in done.stderr, done


# -- 10

@pytest.mark.parametrize("in_port", ("1", "2", "CONTROLLER", "NONE"))
@pytest.mark.parametrize("actions", ("1", "2", "IN_PORT", "ALL", "FLOOD", "TABLE",
                                     "mod_dl_src:02:00:00:00:00:09,TABLE,3"))
def test_a_packet_out_goes_where_open_vswitch_sends_it(both, in_port, actions):
    """10: from a port or none, also to the tables, and not back unless it is said."""
    both.load(["priority=2,dl_src=02:00:00:00:00:09,actions=3,IN_PORT", "priority=1,actions=1,2"])
    packet, last = frame(payload=actions.encode()), frame(payload=b"last")
    files = both.oracle.record()
    for tool in (both.ours, both.real):
        tool.flows("packet-out", "br0", f"in_port={in_port} packet={packet.hex()} actions={actions}")
        tool.flows("packet-out", "br0",
                   f"in_port=CONTROLLER packet={last.hex()} actions=output:1,output:2,output:3")

    def real():
        sent = [recorded(file) for file in files]
        return all(last in each for each in sent) and sent

    ours = [plug.receive_until(last) for plug in both.plugs]
    assert ours == [each[:each.index(last)] for each in wait_until(real, "the last frame")]


# -- 11

@pytest.mark.parametrize("to", ("2", "ALL", "FLOOD", "NORMAL"))
@pytest.mark.parametrize("config", ("no-forward", "no-flood", "no-receive"))
def test_a_port_s_configuration_means_what_it_means_to_open_vswitch(both, config, to):
    """11: NO_FWD for all outputs, NO_FLOOD for FLOOD and NORMAL.

    That a port is down is the device's matter to Open vSwitch, so its traces do not show it.
    """
    undo = {"no-forward": "forward", "no-flood": "flood", "no-receive": "receive"}
    for tool in (both.ours, both.real):
        tool.flows("mod-port", "br0", "2", config)
    try:
        same(both, [f"actions={to}"], [udp()])
    finally:
        for tool in (both.ours, both.real):
            tool.flows("mod-port", "br0", "2", undo[config])


# -- 12

@pytest.mark.parametrize("last", (0x00, 0x02, 0x03, 0x0E, 0x0F))
def test_bridge_group_addresses_are_carried_unlike_by_open_vswitch(both, last):
    """12: on purpose; a VDE network is a cable for STP, LACP, 802.1X and LLDP."""
    both.load(["actions=NORMAL"])
    packet = frame(destination=bytes.fromhex(f"0180c20000{last:02x}"))
    ours, real = (trace(tool, 1, packet) for tool in (both.ours, both.real))
    assert part(ours, "Datapath actions") == "2,3" and part(real, "Datapath actions") == "drop"


# -- 19

SEEN = ["priority=5,udp,tp_dst=53,actions=2", "priority=5,tcp,tcp_flags=+syn+ack,actions=2",
        "priority=5,tcp,tp_dst=81,actions=1", "priority=5,icmp,icmp_type=8,actions=2",
        "priority=0,actions=3"]
FRAGMENTS = [make(fragment=fragment) for make in (udp, tcp, icmp)
             for fragment in (0, FIRST, LATER)]


@pytest.mark.parametrize("mode", ("normal", "drop", "nx-match"))
def test_rules_see_of_fragments_what_they_see_in_open_vswitch(both, mode):
    """19: ports and ICMP types of first fragments in nx-match only, TCP flags also in normal."""
    for tool in (both.ours, both.real):
        tool.flows("set-frags", "br0", mode)
    try:
        same(both, SEEN, FRAGMENTS)
        same(both, ["udp,actions=mod_tp_dst:99,2", "tcp,actions=mod_tp_dst:99,2",
                    "icmp,actions=2"], FRAGMENTS)
    finally:
        for tool in (both.ours, both.real):
            tool.flows("set-frags", "br0", "nx-match")


def test_reassembly_is_not_to_be_had_as_in_open_vswitch(both):
    """19: who asks for it finds the mode that was."""
    for tool in (both.ours, both.real):
        assert "probably doesn't support mode" in tool.ofctl("set-frags", "br0", "reassemble").stderr
        assert tool.flows("get-frags", "br0") == "nx-match\n"


# -- 20

@pytest.mark.parametrize("rule, packet, expected", [
    ("tcp,actions=mod_nw_src:192.0.2.9,mod_tp_dst:4242,dec_ttl", tcp(),
     tcp("192.0.2.9", ports=(1000, 4242), ttl=63)),
    ("tcp6,actions=set_field:2001:db8::9->ipv6_src,mod_tp_src:7", tcp(SOURCE_6, DESTINATION_6),
     tcp("2001:db8::9", DESTINATION_6, ports=(7, 80))),
    ("udp,actions=mod_nw_dst:192.0.2.9,mod_tp_src:7", udp(),
     udp(destination="192.0.2.9", ports=(7, 53))),
    ("udp,actions=mod_nw_dst:192.0.2.9,mod_tp_src:7", udp(summed=False),
     udp(destination="192.0.2.9", ports=(7, 53), summed=False)),
    ("udp6,actions=set_field:2001:db8::9->ipv6_dst,mod_tp_src:7", udp(SOURCE_6, DESTINATION_6),
     udp(SOURCE_6, "2001:db8::9", ports=(7, 53))),
    ("icmp,actions=set_field:0->icmp_type,mod_nw_ttl:9", icmp(), icmp(0, ttl=9)),
    ("icmp6,actions=set_field:2001:db8::9->ipv6_src,dec_ttl", icmp6(), icmp6("2001:db8::9", ttl=63)),
    ("sctp,actions=mod_nw_src:192.0.2.9,mod_tp_src:7", sctp(), sctp("192.0.2.9", ports=(7, 9))),
    ("sctp6,actions=set_field:2001:db8::9->ipv6_src,mod_tp_dst:7", sctp(SOURCE_6, DESTINATION_6),
     sctp("2001:db8::9", DESTINATION_6, ports=(1000, 7))),
], ids=["TCP", "TCP over IPv6", "UDP", "UDP without a sum", "UDP over IPv6", "ICMP", "ICMPv6",
        "SCTP", "SCTP over IPv6"])
def test_what_leaves_has_the_sums_that_it_would_have_been_made_with(both, rule, packet, expected):
    """20: computed anew here, brought up to date in the switch."""
    both.ours.flows("del-flows", "br0")
    both.ours.flows("add-flow", "br0", f"{rule},output:2", version=13)
    both.plugs[0].send(packet)
    assert both.plugs[1].receive() == expected


# -- 8 and 9

def packet_ins(both, tool, version):
    """What a monitor prints of four packets: two by rules, one by the set, one of a packet-out."""
    monitor = both.lab.spawn(["ovs-ofctl", "-O", f"OpenFlow{version}", "monitor", "br0", "65534"],
                             env=tool.environment)
    seen = []

    def told():
        return re.findall(r"PACKET_IN.*\n", monitor.output().decode() + monitor.errors())

    def until_told(count, send):
        def heard():
            if not told()[len(seen):]:
                send()
            return told()[len(seen):]
        seen.extend(wait_until(heard, lambda: f"packet-in {count}: {monitor}", step_s=0.2)[:1])

    for count, ethertype in enumerate((0x88B5, 0x0806, 0x88B6)):
        packet = frame(ethertype=ethertype, size=100)
        if tool is both.ours:
            until_told(count, lambda each=packet: both.plugs[0].send(each))
        else:
            until_told(count, lambda each=packet:
                       tool.appctl("netdev-dummy/receive", "p1", each.hex()))
    until_told(3, lambda: tool.flows(
        "packet-out", "br0", f"in_port=1 packet={frame(size=100).hex()} actions=CONTROLLER",
        version=version))
    monitor.stop()
    return [re.sub(r" \(xid=0x[0-9a-f]+\)", "", each) for each in seen]


@pytest.mark.parametrize("version", (10, 13, 14, 15))
def test_packet_ins_have_open_vswitch_s_reasons_and_all_of_the_packet(both, version):
    """8: a miss, an action, the action set, a packet-out. 9: whatever length the rule names."""
    both.load(["priority=0,actions=CONTROLLER:20", "priority=1,arp,actions=CONTROLLER:20",
               "priority=1,dl_type=0x88b6,actions=write_actions(CONTROLLER:20)"])
    ours, real = (packet_ins(both, tool, version) for tool in (both.ours, both.real))
    assert ours == real and all("data_len=100 (unbuffered)" in each for each in ours)
