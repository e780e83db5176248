"""What ovs-ofctl prints, without what must differ between switchd and Open vSwitch.

Each replacement has its reason; whatever is not named here has to be the same.
"""

import re

# In any command, on either side.
VOLATILE = (
    # The run, the machine and who it is.
    (r" \(xid=0x[0-9a-f]+\)", ""),
    (r"xid=[0-9a-f]{8} time=[0-9.]+ ms", "xid= time="),
    (r"^[0-9-]+T[0-9:.]+Z\|\d+\|", ""),
    (r"duration=[0-9.]+s", "duration="),
    (r"(idle|hard)_age=\d+, ", ""),
    (r"dpid:[0-9a-f]{16}", "dpid:"),
    (r"addr:[0-9a-f:]{17}", "addr:"),
    (r"^(Manufacturer|Hardware|Software|DP Description): .*", r"\1:"),
    # Open vSwitch's bridge is a port of its own, LOCAL, and switchd's is not.
    (r"^ LOCAL\(br0\): .*\n(     .*\n)*", ""),
    (r"^  port LOCAL: .*\n(           .*\n)*", ""),
    (r"reply( \(OF1\..\))?: 3 ports", r"reply\1: 2 ports"),
    # The oracle's dummy ports do not count errors, and have a queue and counters of their own.
    (r"drop=(\d+|\?), errs=(\d+|\?)", "drop=, errs="),
    (r"^           CUSTOM Statistics\n( {22}.*\n)*", ""),
    (r"QUEUE reply( \(OF1\..\))?: \d queues", r"QUEUE reply\1: queues"),
    (r"^  port \w+ queue 0: .*\n", ""),
    (r"^queue 0:\n", ""),
    (r"^port=\w+\n", ""),
    (r"(OFPT_QUEUE_GET_CONFIG_REPLY|OFPST_QUEUE_DESC reply)(.*): port=\w+", r"\1\2:"),
    # What switchd does not have: groups, queues, bundles.
    (r"^(capabilities:.*?)(?: GROUP_STATS| QUEUE_STATS| BUNDLES)+", r"\1"),
    # Its eviction knows importance and lifetime, and nothing "other".
    (r"eviction_flags=OTHER\|", "eviction_flags="),
    # Open vSwitch has eviction, and says in table features that it has not.
    (r"(eviction|vacancy events): (not )?supported", r"\1: "),
    # 1.0: spanning trees are switched per VLAN and on the console, not per port.
    (r"config:     NO_(RECV_)?STP$", "config:     0"),
    # Open vSwitch writes a configuration of 1.1 that is one off, and the tool complains.
    (r"^ofp_table\|WARN\|bad table miss config 3\n", ""),
    # It tells an absent tag in 1.1 in two ways.
    (r"vlan_tci=0x0000/0x1fff", "vlan_tci=0x0000"),
)

# What tables of Open vSwitch have and those of switchd do not: actions, instructions, fields.
LACKING = re.compile(
    r"meter|group|.*mpls.*|dp_hash|recirc_id|packet_type|conj_id|actset_output|pkt_mark|ct_.*"
    r"|tun_(?!id$).*|nsh_.*|nd_(reserved|options_type)")
# And the ingress port under OpenFlow's code, which Open vSwitch lists to be set and refuses to set.
LACKING_TO_SET = re.compile(LACKING.pattern + "|in_port_oxm")


def comparable(text, tables, lacking=False):
    """`tables`: how many there are. `lacking`: without what switchd does not have."""
    for pattern, substitute in VOLATILE:
        text = re.sub(pattern, substitute, text, flags=re.M)
    text = re.sub(rf"n_tables:{tables}\b", "n_tables:ALL", text)
    if "OFPST_TABLE_DESC" in text:  # table by table
        text = re.sub(r"^  table 254:\n(   .*\n)*\n?", "", text, flags=re.M)
    elif re.search(r"^  table \d", text, re.M):
        text = re.sub(rf"\b{tables - 1}\b", "LAST", text)
        text = re.sub(rf"\b{tables - 2}\b", "LAST-1", text)
    lines = [expanded(line, lacking) for line in text.rstrip().splitlines()]
    return in_order(lines)


def in_order(lines):
    """OpenFlow promises no order of flows."""
    flows = sorted(line for line in lines if line.startswith(" cookie="))
    return [flows.pop(0) if line.startswith(" cookie=") else line for line in lines]


LISTS = r"( +(?:supported on Set-Field|arbitrary mask|exact match or wildcard|actions|instructions)): "


def expanded(line, lacking):
    """A line that lists what a table can do, word by word and in the order of words."""
    listed = re.match(LISTS, line)
    if not listed:
        return line
    words = [each for word in line[listed.end():].split() for each in spelled_out(word)]
    if lacking:
        pattern = LACKING_TO_SET if "Set-Field" in line else LACKING
        words = [word for word in words if not pattern.fullmatch(word)]
    return f"{listed[1]}: {' '.join(sorted(words))}"


def spelled_out(word):
    """reg0...reg2 and eth_{src,dst} are short for several words."""
    brace = re.fullmatch(r"([^{]*)\{(.*)\}", word)
    if brace:
        return [brace[1] + each for part in parts(brace[2]) for each in spelled_out(part)]
    series = re.fullmatch(r"(\w*?)(\d+)\.\.\.\1(\d+)", word)
    if series:
        return [series[1] + str(n) for n in range(int(series[2]), int(series[3]) + 1)]
    return [word]


def parts(text):
    """Split at the commas outside braces."""
    found, depth = [""], 0
    for char in text:
        depth += (char == "{") - (char == "}")
        if char == "," and depth == 0:
            found.append("")
        else:
            found[-1] += char
    return found
