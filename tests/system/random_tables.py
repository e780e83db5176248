"""Random flow tables and packets that ovs-ofctl, Open vSwitch and switchd all take."""

import re
import socket
import struct

from frame import C_TAG, S_TAG, tag

MACS = ("02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:01:00:02", "ff:ff:ff:ff:ff:ff")
ADDRESSES = ("10.0.0.1", "10.0.0.2", "10.0.1.2", "10.1.0.1", "192.168.0.1")
ADDRESSES_6 = ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1", "fe80::1")
PORTS = (53, 80, 1000, 1024, 65535)
VLANS = (5, 6, 7)
# Of VLAN and priority. NORMAL of Open vSwitch takes away every tag of which both are zero.
TAGS = ((5, 0), (5, 3), (6, 0), (7, 3), (0, 3))
TTLS = (1, 2, 64)
PORT_COUNT = 3
TABLES = 4
VERSIONS = (10, 11, 12, 13, 14, 15)  # of OpenFlow, as ovs-ofctl has them
PROTOCOLS = {"tcp": 6, "udp": 17, "icmp": 1, "sctp": 132, "tcp6": 6, "udp6": 17, "icmp6": 58,
             "sctp6": 132}


# -- packets

def octets(address):
    return bytes(int(part, 16) for part in address.split(":"))


def ipv4_octets(address):
    return bytes(int(part) for part in address.split("."))


def ipv6_octets(address):
    return socket.inet_pton(socket.AF_INET6, address)


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data)) if len(data) % 2 == 0 else \
        sum(struct.unpack(f">{len(data) // 2 + 1}H", data + b"\0"))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def with_checksum(segment, at, pseudo):
    value = checksum(pseudo + segment)
    return segment[:at] + struct.pack(">H", value) + segment[at + 2:]


def crc32c(data):
    value = 0xFFFFFFFF
    for octet in data:
        value ^= octet
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFFFFFF


def transport(rng, protocol, pseudo_addresses):
    source, destination = rng.choice(PORTS), rng.choice(PORTS)
    body = b"switch"
    if protocol == 6:
        flags = rng.choice((2, 0x12, 0x10, 1))
        segment = struct.pack(">HHIIBBHHH", source, destination, 1, 2, 0x50, flags, 100, 0, 0) + body
        at = 16
    elif protocol == 17:
        segment = struct.pack(">HHHH", source, destination, 8 + len(body), 0) + body
        at = 6
    elif protocol == 132:  # one chunk, DATA
        segment = struct.pack(">HHII", source, destination, 1, 0)
        segment += struct.pack(">BBHIHHI", 0, 3, 24, 1, 0, 0, 0) + b"switches"
        return segment[:8] + struct.pack("<I", crc32c(segment)) + segment[12:]
    elif protocol == 58 and rng.random() < 0.6:  # neighbour solicitation or advertisement
        kind = rng.choice((135, 136))
        segment = struct.pack(">BBHI", kind, 0, 0, 0) + ipv6_octets(rng.choice(ADDRESSES_6))
        segment += bytes((kind - 134, 1)) + octets(rng.choice(MACS[:3]))
        at = 2
    else:
        segment = struct.pack(">BBHHH", rng.choice((8, 0)) if protocol == 1 else 128, 0, 0, 1, 1)
        segment += body
        at = 2
    if protocol == 1:
        return with_checksum(segment, at, b"")
    length = struct.pack(">I", len(segment))
    return with_checksum(segment, at, pseudo_addresses + length + struct.pack(">I", protocol))


def fragment_of(rng, protocol, sums_matter):
    """Offset and whether more follow: mostly whole, else the first of several, or a later one."""
    first, later = ((0, 1),), ((1, 1), (1, 0))
    if sums_matter:
        first, later = () if protocol == PROTOCOLS["sctp"] else first, ()
    return rng.choice(((0, 0),) * 4 + first + later)


def random_packet(rng, sums_matter=False):
    """An ingress port and a frame of the station there, with all its checksums right.

    If sums matter, then none that Open vSwitch spoils: in later fragments it edits data where
    others have a transport header's sum, and of SCTP the sum is not that of the first fragment.
    """
    port = rng.randint(1, PORT_COUNT)
    head = octets(rng.choice(MACS)) + octets(MACS[port - 1])
    kind = rng.choice(("tcp", "udp", "icmp", "sctp", "arp", "tcp6", "udp6", "icmp6", "sctp6",
                       "other"))
    protocol = PROTOCOLS.get(kind)
    for _ in range(rng.choice((0, 0, 0, 0, 1, 1, 2))):
        head += tag(*rng.choice(TAGS), rng.choice((C_TAG, S_TAG)))
    tos, ttl = rng.choice((0, 32)), rng.choice(TTLS)
    if kind in ("tcp", "udp", "icmp", "sctp"):
        source, destination = (ipv4_octets(rng.choice(ADDRESSES)) for _ in range(2))
        segment = transport(rng, protocol, source + destination)
        offset, more = fragment_of(rng, protocol, sums_matter)
        fragment = more << 13 | offset
        ip = struct.pack(">BBHHHBBH", 0x45, tos, 20 + len(segment), 1, fragment, ttl, protocol, 0)
        ip = with_checksum(ip + source + destination, 10, b"")
        data = struct.pack(">H", 0x0800) + ip + segment
    elif kind in ("tcp6", "udp6", "icmp6", "sctp6"):
        source, destination = (ipv6_octets(rng.choice(ADDRESSES_6)) for _ in range(2))
        segment = transport(rng, protocol, source + destination)
        offset, more = fragment_of(rng, protocol, sums_matter)
        if offset or more:
            segment = struct.pack(">BBHI", protocol, 0, offset << 3 | more, 1) + segment
            protocol = 44
        data = struct.pack(">HIHBB", 0x86DD, 6 << 28 | tos << 20, len(segment), protocol, ttl)
        data += source + destination + segment
    elif kind == "arp":
        data = struct.pack(">HHHBBH", 0x0806, 1, 0x0800, 6, 4, rng.choice((1, 2)))
        data += octets(rng.choice(MACS[:3])) + ipv4_octets(rng.choice(ADDRESSES))
        data += bytes(6) + ipv4_octets(rng.choice(ADDRESSES))
    else:
        data = struct.pack(">H", 0x88B5) + rng.randbytes(20)
    return port, (head + data).ljust(60, b"\0")


# -- rules

ANY, TAGGED, UNTAGGED = range(3)  # what a rule knows of its packets' tags


def match_of(rng):
    """The parts of a match, and which packets it names."""
    kind = rng.choice(("", "", "ip", "tcp", "udp", "icmp", "sctp", "arp", "ipv6", "tcp6", "udp6",
                       "sctp6", "icmp6"))
    parts = [kind] if kind else []

    def maybe(chance, make):
        if rng.random() < chance:
            parts.append(make())

    maybe(0.4, lambda: f"in_port={rng.randint(1, PORT_COUNT)}")
    maybe(0.2, lambda: f"dl_src={rng.choice(MACS[:3])}")
    maybe(0.2, lambda: f"dl_dst={rng.choice(MACS)}" + rng.choice(("", "/ff:ff:ff:00:00:00")))
    tag_state = rng.choice((ANY, ANY, ANY, TAGGED, TAGGED, UNTAGGED))
    if tag_state == TAGGED:
        parts.append(rng.choice((f"dl_vlan={rng.choice(VLANS)}", "vlan_tci=0x1000/0x1000",
                                 f"dl_vlan={rng.choice(VLANS)},dl_vlan_pcp={rng.choice((0, 3))}",
                                 "vlan_tci=0x1004/0x1006", f"dl_vlan_pcp={rng.choice((0, 3))}")))
    elif tag_state == UNTAGGED:
        parts.append("vlan_tci=0x0000")
    maybe(0.15, lambda: f"reg0={rng.randint(0, 2)}")
    maybe(0.1, lambda: f"metadata={rng.randint(0, 2)}")
    if kind not in ("", "arp"):
        # Who matches ports of later fragments is refused, as they have none.
        later = ("later",) if kind in ("ip", "icmp", "ipv6") else ()
        maybe(0.1, lambda: f"nw_frag={rng.choice(('no', 'yes', 'first', 'not_later') + later)}")
    if kind in ("ip", "tcp", "udp", "icmp", "sctp"):
        maybe(0.4, lambda: f"nw_src={rng.choice(ADDRESSES)}/{rng.choice((8, 16, 24, 32))}")
        maybe(0.4, lambda: f"nw_dst={rng.choice(ADDRESSES)}/{rng.choice((8, 16, 24, 32))}")
        maybe(0.1, lambda: f"nw_tos={rng.choice((0, 32))}")
        maybe(0.1, lambda: f"nw_ttl={rng.choice(TTLS)}")
    if kind in ("ipv6", "tcp6", "udp6", "sctp6"):
        maybe(0.4, lambda: f"ipv6_dst={rng.choice(ADDRESSES_6)}/{rng.choice((16, 48, 64, 128))}")
    if kind == "icmp6":
        solicits = rng.random() < 0.5
        parts.append(f"icmp_type={135 if solicits else 136},icmp_code=0")
        maybe(0.5, lambda: f"nd_target={rng.choice(ADDRESSES_6)}/{rng.choice((16, 64, 128))}")
        maybe(0.3, lambda: f"{'nd_sll' if solicits else 'nd_tll'}={rng.choice(MACS[:3])}")
    if kind in ("tcp", "udp", "sctp", "tcp6", "udp6", "sctp6"):
        maybe(0.4, lambda: f"tp_dst={rng.choice(PORTS)}")
        maybe(0.2, lambda: f"tp_src={rng.choice(('80', '0x400/0xfc00', '0/0xff00'))}")
    if kind == "arp":
        maybe(0.4, lambda: f"arp_op={rng.choice((1, 2))}")
        maybe(0.4, lambda: f"arp_spa={rng.choice(ADDRESSES)}/{rng.choice((16, 32))}")
    return kind, parts, tag_state


def tag_actions(rng, tag_state):
    """Some that fit the packets' tags, and what these are then."""
    actions = []
    for _ in range(rng.randint(0, 3)):
        if tag_state == UNTAGGED:
            # Two at most: of a third one Open vSwitch makes a frame that has two.
            for _ in range(rng.randint(1, 2)):
                actions += [f"push_vlan:{rng.choice(('0x8100', '0x88a8'))}",
                            f"set_field:{0x1000 | rng.choice(VLANS)}->vlan_vid"]
            tag_state = TAGGED
        elif tag_state == TAGGED:
            actions.append(rng.choice(("strip_vlan", f"mod_vlan_vid:{rng.choice(VLANS)}",
                                       f"mod_vlan_pcp:{rng.randint(1, 7)}")))
            if actions[-1] == "strip_vlan":
                tag_state = ANY
    return actions, tag_state


def action_of(rng, kind, table, controller):
    """One action that fits the packets."""
    choices = [lambda: f"output:{rng.randint(1, PORT_COUNT)}"] * 4
    choices += [
        lambda: rng.choice(("IN_PORT", "ALL", "FLOOD")),
        lambda: f"mod_dl_src:{rng.choice(MACS[:3])}",
        lambda: f"mod_dl_dst:{rng.choice(MACS)}",
        lambda: f"load:{rng.randint(0, 2)}->NXM_NX_REG0[]",
    ]
    if controller:
        choices.append(lambda: f"controller(max_len={rng.choice((0, 64))},id=0)")
    if table + 1 < TABLES:
        choices += [lambda: f"resubmit(,{rng.randint(table + 1, TABLES - 1)})"] * 2
    if kind in ("ip", "tcp", "udp", "icmp", "sctp"):
        choices += [lambda: f"mod_nw_src:{rng.choice(ADDRESSES)}",
                    lambda: f"mod_nw_dst:{rng.choice(ADDRESSES)}"]
    if kind in ("ip", "tcp", "udp", "icmp", "sctp", "ipv6", "tcp6", "udp6", "sctp6"):
        choices += [lambda: f"mod_nw_tos:{rng.choice((0, 64))}", lambda: "dec_ttl",
                    lambda: f"mod_nw_ttl:{rng.choice((1, 9))}"]
    if kind in ("tcp", "udp", "sctp", "tcp6", "udp6", "sctp6"):
        choices += [lambda: f"mod_tp_dst:{rng.choice(PORTS)}",
                    lambda: f"mod_tp_src:{rng.choice(PORTS)}"]
    return rng.choice(choices)()


def random_rule(rng, table, priority, controller):
    kind, parts, tag_state = match_of(rng)
    actions = []
    if rng.random() < 0.9:
        if rng.random() < 0.4:
            actions, tag_state = tag_actions(rng, tag_state)
        # NORMAL sees packets with the address that they came with, so that a station is learned
        # where it is.
        if table == 0 and rng.random() < 0.3:
            actions.append("NORMAL")
        for _ in range(rng.randint(1, 5)):
            actions.append(action_of(rng, kind, table, controller))
        if tag_state == UNTAGGED and any(each.startswith("resubmit") for each in actions):
            tag_state = ANY
        if rng.random() < 0.3:
            actions += [*tag_actions(rng, tag_state)[0], f"output:{rng.randint(1, PORT_COUNT)}"]
        if rng.random() < 0.15:
            actions.append(f"write_actions(mod_dl_src:{rng.choice(MACS[:3])},"
                           f"output:{rng.randint(1, PORT_COUNT)})")
        if rng.random() < 0.15:
            actions.append(f"write_metadata:{rng.randint(0, 2)}")
        if table + 1 < TABLES and rng.random() < 0.4:
            actions.append(f"goto_table:{rng.randint(table + 1, TABLES - 1)}")
    text = ",".join([f"table={table}", f"priority={priority}", *parts])
    return f"{text},actions={','.join(actions) or 'drop'}"


# What the first versions of OpenFlow have no way to say, with Nicira's extensions or without.
UNSAID = {10: re.compile("push_vlan|write_actions|write_metadata:.,goto_table"),
          11: re.compile("ipv6|tcp6|udp6|sctp6|icmp6|reg0=|nw_frag|nw_ttl=|vlan_tci=0x1|tp_src=0")}


def random_tables(rng, rules, version, controller=True):
    """Lines for add-flows. No two rules of a table have one priority: which wins is then open."""
    lines = []
    for priority in rng.sample(range(1, 1000), rules):
        line = None
        while line is None or (version in UNSAID and UNSAID[version].search(line)):
            line = random_rule(rng, rng.randrange(TABLES), priority, controller)
        lines.append(line)
    return lines
