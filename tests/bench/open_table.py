#!/usr/bin/python3
"""What the open table costs: flow mods beside a real Open vSwitch, and forwarding with many rules.

In turn, medians of several runs; each run has switches of its own. Prints the table in Markdown and
writes it as open_table.json and open_table.md. The exit status is 1 if a measurement failed; a goal
that was missed stands in the table.
"""

import argparse
import contextlib
import json
import os
import re
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.dirname(os.path.abspath(__file__)), os.path.join(ROOT, "tests/system")]

from frame import mac  # noqa: E402
from plug import Plug, last_frame  # noqa: E402
from run import Failed, end_process, note  # noqa: E402

START_S = 20.0
MISSES = 5000
SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"


def wait_for(condition, what):
    end = time.monotonic() + START_S
    while not condition():
        if time.monotonic() > end:
            raise Failed(f"{what} did not come")
        time.sleep(0.02)


def run(*argv, env=None):
    done = subprocess.run(argv, capture_output=True, text=True, env=env, check=False)
    if done.returncode != 0:
        raise Failed(f"{' '.join(argv[:3])}: {done.stderr.strip()[-200:]}")
    return done.stdout


class Ours:
    """A running switchd."""

    def __init__(self, options):
        self.binary = os.path.join(options.programs, "switchd")
        self.home = tempfile.TemporaryDirectory(prefix="swb", dir="/tmp")
        self.run_dir = os.path.join(self.home.name, "r")
        self.vde = os.path.join(self.run_dir, "br0")
        self.env = dict(os.environ, OVS_RUNDIR=os.path.join(self.run_dir, "ovs"))

    def __enter__(self):
        self.process = subprocess.Popen([self.binary, "--run-dir", self.run_dir],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        self.pid = self.process.pid
        wait_for(lambda: os.path.exists(os.path.join(self.run_dir, "ovs/br0.mgmt")), "switchd")
        return self

    def __exit__(self, *_):
        end_process(self.process)
        self.home.cleanup()

    def ofctl(self, *words):
        return run("ovs-ofctl", *words, env=self.env)

    @property
    def resident_bytes(self):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s+(\d+) kB", file.read())[1]) * 1024


class OpenVSwitch(Ours):
    """A real ovs-vswitchd with its userspace datapath and dummy ports."""

    def __enter__(self):
        directory = os.path.join(self.run_dir, "ovs")
        os.makedirs(directory)
        self.env.update(OVS_DBDIR=directory, OVS_LOGDIR=directory)
        database, remote = os.path.join(directory, "conf.db"), f"unix:{directory}/db.sock"
        run("ovsdb-tool", "create", database, SCHEMA, env=self.env)
        silent = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL,
                  "stderr": subprocess.DEVNULL, "env": self.env}
        self.processes = [
            subprocess.Popen(["ovsdb-server", database, "--remote=p" + remote], **silent),
            subprocess.Popen(["ovs-vswitchd", remote, "--enable-dummy", "--pidfile"], **silent)]
        self.pid = self.processes[1].pid
        run("ovs-vsctl", "--db=" + remote, "--retry", "--timeout=20", "add-br", "br0", "--", "set",
            "bridge", "br0", "datapath_type=dummy", env=self.env)
        wait_for(lambda: os.path.exists(os.path.join(directory, "br0.mgmt")), "ovs-vswitchd")
        return self

    def __exit__(self, *_):
        for process in self.processes[::-1]:
            end_process(process)
        self.home.cleanup()


def tenants(count):
    """Access lists of many tenants, and routes."""
    for i in range(count):
        tenant, which = i % 1000, i // 1000
        network = f"{tenant >> 8}.{tenant & 255}"
        if which < 60:
            yield (f"priority=100,tcp,nw_src=10.{network}.{which},nw_dst=11.{network}.0/24,"
                   f"tp_dst={1000 + which},actions=output:1")
        else:
            yield f"priority=50,ip,nw_dst=172.{network}.{which},actions=output:2"


@contextlib.contextmanager
def flow_file(lines):
    with tempfile.NamedTemporaryFile("w", prefix="swb", suffix=".flows") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        yield file.name


def flow_mods(options, kind):
    """100,000 rules, one flow mod and barrier each."""
    with kind(options) as switch, flow_file(tenants(options.rules)) as file:
        switch.ofctl("del-flows", "br0")
        before, start = switch.resident_bytes, time.monotonic()
        switch.ofctl("add-flows", "br0", file)
        took = time.monotonic() - start
        return {"seconds": took, "bytes": (switch.resident_bytes - before) / options.rules}


@contextlib.contextmanager
def one_processor():
    """Of this and what is started meanwhile: waking a processor that sleeps costs a virtual machine
    more than a flow mod, and whether it sleeps is the scheduler's whim."""
    everywhere = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(everywhere)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, everywhere)


def throughput(options, switch):
    said = run(os.path.join(options.programs, "bench/throughput"), switch.vde, "60", "32",
               str(options.seconds), "0", "0")
    return json.loads(said)["kpps"]


def chain():
    """10,000 rules in 10 tables, through all of which every packet goes."""
    for table in range(10):
        jump = f"goto_table:{table + 1}" if table < 9 else "NORMAL"
        yield f"table={table},priority=1,actions={jump}"
        for i in range(999):
            yield (f"table={table},priority={10 + i % 7},tcp,nw_dst=10.{table}.{i >> 8}.{i & 255},"
                   f"tp_dst={i},actions=drop")


def forwarding(options):
    with Ours(options) as switch:
        empty = throughput(options, switch)
    with Ours(options) as switch, flow_file(chain()) as file:
        switch.ofctl("-O", "OpenFlow13", "del-flows", "br0")
        switch.ofctl("-O", "OpenFlow13", "add-flows", "br0", file)
        return {"kpps": throughput(options, switch), "share": throughput(options, switch) / empty}


def tenant_packets(count):
    """Packets of the tenants, each of which needs a decision of its own."""
    for i in range(count):
        tenant, which = i % 1000, i // 1000
        source = bytes((10, tenant >> 8, tenant & 255, which))
        destination = bytes((11, tenant >> 8, tenant & 255, 1))
        tcp = struct.pack(">HHIIHHHH", 1, 1000 + which, 0, 0, 0x5000, 0, 0, 0)
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0)
        yield (mac(8) + mac(9) + b"\x08\0" + ip + source + destination + tcp).ljust(60, b"\0")


def busy_us(pid):
    """What the process's first thread has spent on a CPU: both switches decide there."""
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0]) / 1000


class OursWithPlugs(Ours):
    """Two plugs, the first of which sends."""

    def __enter__(self):
        super().__enter__()
        self.plugs = [Plug(self.vde, number) for number in (1, 2)]
        return self

    def inject(self, packets):
        last = last_frame()
        for packet in packets:
            self.plugs[0].send(packet)
        self.plugs[0].send(last)
        self.plugs[1].receive_until(last)

    def __exit__(self, *more):
        for plug in self.plugs:
            plug.close()
        super().__exit__(*more)


class OpenVSwitchWithPorts(OpenVSwitch):
    """Two dummy ports, the first of which receives."""

    def __enter__(self):
        super().__enter__()
        remote = f"unix:{self.run_dir}/ovs/db.sock"
        run("ovs-vsctl", "--db=" + remote, "--timeout=20", *" -- ".join(
            f"add-port br0 p{n} -- set interface p{n} type=dummy ofport_request={n}"
            for n in (1, 2)).split(), env=self.env)
        return self

    def inject(self, packets):
        packets = [packet.hex() for packet in packets]
        for start in range(0, len(packets), 100):  # the port's queue holds no more
            run("ovs-appctl", "netdev-dummy/receive", "p1", *packets[start:start + 100],
                env=self.env)


def misses(options, kind):
    """CPU time that a packet costs whose decision is not cached, more than one whose is."""
    packets = list(tenant_packets(MISSES))
    with kind(options) as switch, flow_file(tenants(options.rules)) as file:
        switch.ofctl("del-flows", "br0")
        switch.ofctl("add-flows", "br0", file)
        switch.ofctl("add-flow", "br0", "priority=200,dl_type=0x88b5,actions=output:2")
        switch.inject(packets[:1])  # what is set up once
        spent = []
        for _ in range(2):
            before = busy_us(switch.pid)
            switch.inject(packets)
            spent.append(busy_us(switch.pid) - before)
        return {"us": (spent[0] - spent[1]) / MISSES}


class Attack:
    """Packets that each differ from three rules' values in one bit of three fields."""

    RULES = ("priority=100,ip,nw_src=10.0.0.1,actions=NORMAL",
             "priority=90,tcp,tp_dst=80,actions=NORMAL",
             "priority=80,tcp,tp_src=12345,actions=NORMAL",
             "priority=0,actions=drop")

    @staticmethod
    def packets(count):
        address, = struct.unpack(">I", socket.inet_aton("10.0.0.1"))
        for i in range(count):
            source = address ^ 1 << i % 32
            tp_dst, tp_src = 80 ^ 1 << i // 32 % 16, 12345 ^ 1 << i // 512 % 16
            tcp = struct.pack(">HHIIHHHH", tp_src, tp_dst, 0, 0, 0x5000, 0, 0, 0)
            ip = struct.pack(">BBHHHBBHII", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, source, 1)
            yield (b"\x02\0\0\0\0\x09" + b"\x02\0\0\0\0\x08" + b"\x08\0" + ip + tcp).ljust(60, b"\0")


def attack(options):
    with Ours(options) as switch:
        with flow_file(Attack.RULES[:3] + ("priority=1,dl_type=0x88b5,actions=NORMAL",
                                           Attack.RULES[3])) as file:
            switch.ofctl("del-flows", "br0")
            switch.ofctl("add-flows", "br0", file)

        def beside(different):
            """With a neighbour that sends all it can: so many different packets, again and again."""
            with subprocess.Popen([sys.executable, __file__, "--attack", switch.vde,
                                   "--different", str(different)]) as neighbour:
                rate = throughput(options, switch)
                neighbour.send_signal(signal.SIGKILL)
            return rate

        alone, harmless = throughput(options, switch), beside(1)
        plug = Plug(switch.vde)
        for packet in Attack.packets(5000):
            plug.send(packet)
        during = beside(5000)
        plug.close()
        counters = json.loads(run(os.path.join(options.programs, "switchctl"), "--run-dir",
                                  switch.run_dir, "--json", "counters"))
        # Those of the load's own two ports are in it.
        return {"masks": counters["cache"]["masks"], "share": during / alone,
                "fair": during / harmless}


def go_on_attacking(directory, different):
    plug = Plug(directory)
    packets = list(Attack.packets(different)) * (5000 // different)
    end = time.monotonic() + 60
    while time.monotonic() < end:
        for packet in packets:
            plug.send(packet)


def medians(name, options, work):
    results = []
    for number in range(options.runs):
        results.append(work())
        note(f"{name} {number + 1}/{options.runs}: "
             + " ".join(f"{key}={value:.4g}" for key, value in results[-1].items()))
    return {key: statistics.median(each[key] for each in results) for key in results[0]}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", default=os.path.join(ROOT, "build/release"))
    parser.add_argument("--out", default=os.path.join(ROOT, "build/bench"))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--rules", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--attack", metavar="DIR", help=argparse.SUPPRESS)
    parser.add_argument("--different", type=int, default=5000, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.attack:
        go_on_attacking(options.attack, options.different)
        return 0
    os.makedirs(options.out, exist_ok=True)
    ours = medians("flow mods, ours", options, lambda: flow_mods(options, Ours))
    peer = medians("flow mods, Open vSwitch", options, lambda: flow_mods(options, OpenVSwitch))
    with one_processor():
        ours_alone = medians("on one processor, ours", options, lambda: flow_mods(options, Ours))
        peer_alone = medians("on one processor, Open vSwitch", options,
                             lambda: flow_mods(options, OpenVSwitch))
    our_miss = medians("miss, ours", options, lambda: misses(options, OursWithPlugs))
    peer_miss = medians("miss, Open vSwitch", options,
                        lambda: misses(options, OpenVSwitchWithPorts))
    rules = medians("10,000 rules", options, lambda: forwarding(options))
    attacked = medians("attack", options, lambda: attack(options))
    rows = [
        (f"{options.rules:,} rules by ovs-ofctl add-flows", f"{peer['seconds']:.2f} s",
         f"{ours['seconds']:.2f} s", f"{ours['seconds'] / peer['seconds']:.2f}x", "1x",
         ours["seconds"] <= peer["seconds"]),
        ("the same on one processor", f"{peer_alone['seconds']:.2f} s",
         f"{ours_alone['seconds']:.2f} s",
         f"{ours_alone['seconds'] / peer_alone['seconds']:.2f}x", "1x",
         ours_alone["seconds"] <= peer_alone["seconds"]),
        ("memory of a rule", f"{peer['bytes']:.0f} bytes", f"{ours['bytes']:.0f} bytes",
         f"{ours['bytes'] / peer['bytes']:.2f}x", "1x", ours["bytes"] <= peer["bytes"]),
        (f"a miss in {options.rules:,} rules, to the cached decision", f"{peer_miss['us']:.1f} us",
         f"{our_miss['us']:.1f} us", f"{our_miss['us'] / peer_miss['us']:.2f}x", "1x",
         our_miss["us"] <= peer_miss["us"]),
        ("60-byte frames through 10,000 rules in 10 tables", "", f"{rules['kpps']:.0f} kpps",
         f"{rules['share']:.2f} of an empty switch", "0.9", rules["share"] >= 0.9),
        ("masks that 5,000 crafted packets make", "3,119 masks", f"{attacked['masks']:.0f} masks",
         "", "64", attacked["masks"] <= 64),
        ("another port meanwhile", "", f"{attacked['share']:.2f} of its rate alone", "", "0.8",
         attacked["share"] >= 0.8),
        ("another port, beside one that sends one packet as often", "",
         f"{attacked['fair']:.2f} of its rate", "", "0.8", attacked["fair"] >= 0.8),
    ]
    head = ("case", "Open vSwitch", "switchd", "ratio", "must", "reached")
    body = [(*row[:5], "yes" if row[5] else "**no**") for row in rows]
    widths = [max(len(each[i]) for each in [head, *body]) for i in range(len(head))]
    line = lambda cells: "| " + " | ".join(  # noqa: E731
        cell.ljust(width) for cell, width in zip(cells, widths)) + " |\n"
    table = line(head) + "|" + "|".join("-" * (w + 2) for w in widths) + "|\n"
    table += "".join(map(line, body))
    print(table)
    with open(os.path.join(options.out, "open_table.md"), "w", encoding="utf-8") as file:
        file.write(table)
    with open(os.path.join(options.out, "open_table.json"), "w", encoding="utf-8") as file:
        json.dump({"ours": ours, "peer": peer, "ours_alone": ours_alone, "peer_alone": peer_alone,
                   "our_miss": our_miss, "peer_miss": peer_miss,
                   "rules": rules, "attack": attacked}, file, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
