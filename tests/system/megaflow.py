"""What a megaflow looks at, read from its text, and packets that differ from another only there."""

import ipaddress
import re
from collections import defaultdict

PROTOCOLS = ("tcp", "udp", "icmp", "sctp", "tcp6", "udp6", "icmp6", "sctp6")
FRAGMENT_BITS = {"no": 3, "first": 3, "later": 3, "yes": 1, "not_later": 2}
LINK, NETWORK, TRANSPORT = "link", "network", "transport"
# Which header has a field, at which octet (of IPv4's or ARP's, of IPv6's), and how many bits wide.
PLACES = {
    "dl_dst": (LINK, (0, 0), 48), "dl_src": (LINK, (6, 6), 48),
    "vlan_tci": (LINK, (14, 14), 16), "vlan_tci1": (LINK, (18, 18), 16),
    "nw_proto": (NETWORK, (9, 6), 8), "nw_ttl": (NETWORK, (8, 7), 8),
    "nw_src": (NETWORK, (12, None), 32), "nw_dst": (NETWORK, (16, None), 32),
    "ipv6_src": (NETWORK, (None, 8), 128), "ipv6_dst": (NETWORK, (None, 24), 128),
    "arp_op": (NETWORK, (6, None), 16), "arp_spa": (NETWORK, (14, None), 32),
    "arp_tpa": (NETWORK, (24, None), 32),
    "tp_src": (TRANSPORT, (0, 0), 16), "tp_dst": (TRANSPORT, (2, 2), 16),
    "icmp_type": (TRANSPORT, (0, 0), 8), "icmp_code": (TRANSPORT, (1, 1), 8),
    "nd_target": (TRANSPORT, (None, 8), 128),
    "nd_sll": (TRANSPORT, (None, 26), 48), "nd_tll": (TRANSPORT, (None, 26), 48),
}
# Of fields that a packet's text does not name so, what it says if they are there.
TOLD_BY = {"nw_proto": "nw_frag", "vlan_tci": "dl_vlan", "vlan_tci1": "dl_vlan1"}
ALL_ONES = (1 << 128) - 1


def number(text):
    if re.fullmatch("([0-9a-f]{2}:){5}[0-9a-f]{2}", text):
        return int(text.replace(":", ""), 16)
    if "." in text or ":" in text:
        return int(ipaddress.ip_address(text))
    return int(text, 0)


def mask_of(name, value):
    if name == "nw_frag":
        return FRAGMENT_BITS[value]
    _, masked, mask = value.partition("/")
    if not masked:
        return ALL_ONES
    if name in PLACES and re.fullmatch(r"\d+", mask):  # a prefix
        bits = PLACES[name][2]
        return (1 << bits) - (1 << bits - int(mask))
    return number(mask)


def looked_at(megaflow):
    """{field: mask}, where ALL_ONES is the whole of a field however wide."""
    masks = defaultdict(int)
    for part in megaflow.split(","):
        name, valued, value = part.partition("=")
        if valued:
            tag = re.fullmatch("dl_vlan(_pcp)?(1?)", name)
            if tag:  # as the bits of the tag that they are
                masks["vlan_tci" + tag[2]] |= 0xf000 if tag[1] else 0x1fff
            else:
                masks[name] |= mask_of(name, value)
        elif name != "eth":
            masks["dl_type"] = ALL_ONES
            if name in PROTOCOLS:
                masks["nw_proto"] = ALL_ONES
    return masks


def beyond(megaflow, other):
    """{field: bits} that the first looks at and the other does not."""
    seen = looked_at(other)
    return {name: mask & ~seen[name] for name, mask in looked_at(megaflow).items()
            if mask & ~seen[name]}


def carries(packet_text, name):
    return f",{TOLD_BY.get(name, name)}=" in packet_text


def inverted(packet, name, bits):
    """The packet with these bits of the field inverted, as far as they can be."""
    header, octet, width = PLACES[name]
    at = 14
    while packet[at - 2:at] in (b"\x81\x00", b"\x88\xa8"):
        at += 4
    ipv6 = packet[at - 2:at] == b"\x86\xdd"
    extended = ipv6 and packet[at + 6] == 44  # by the header of a fragment, which has the protocol
    if header == LINK:
        at = 0
    elif header == TRANSPORT:
        at += 40 + 8 * extended if ipv6 else 4 * (packet[at] & 15)
    elif extended and name == "nw_proto":
        at += 40 - 6
    if name.startswith("vlan_tci"):
        bits &= ~0x1000  # that there is a tag
    at += octet[ipv6]
    end = at + width // 8
    value = int.from_bytes(packet[at:end], "big") ^ bits & (1 << width) - 1
    return packet[:at] + value.to_bytes(width // 8, "big") + packet[end:]
