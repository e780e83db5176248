#!/usr/bin/python3
"""Measures a VDE switch beside the real vde_switch: in one run, in turn, medians of several runs.

Where two plugs are enough, a bare relay is measured as a third: two sockets and nothing between
them, which is as far as a switch can come on this machine.

Every measurement starts a switch of its own in a directory of its own. Sender, switch and receiver
share the machine's cores and nobody is pinned to one, neither with one switch nor with the other.
Before each pair of measurements the machine has to be idle; what was measured on a busy one is
marked.

Prints the table in Markdown and writes it as vde.json, vde.md and vde.svg. The exit status is 1 if
a measurement failed; a goal that was missed stands in the table.
"""

import argparse
import contextlib
import datetime
import json
import os
import platform
import re
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.dirname(os.path.abspath(__file__)), os.path.join(ROOT, "tests/system")]

import chart  # noqa: E402
import guest  # noqa: E402

START_S = 10.0
BUSY_SHARE_MAX = 0.04  # of all cores, by whoever else is on the machine
IDLE_WAIT_S = 60.0  # before one pair of measurements
IDLE_WAIT_ALL_S = 300.0  # in one run of this program
PACED_KPPS = 20  # a fifth of what the real switch carries, so that everybody keeps up on average
GUEST_LIMIT_S = 120


class Failed(Exception):
    """A measurement that gave no figure, and why."""


class Machine:
    """Who else is working here."""

    def __init__(self, patience_s):
        self.patience_s = patience_s  # left for waiting, of the whole run

    @staticmethod
    def _times():
        with open("/proc/stat", encoding="ascii") as file:
            ticks = [int(each) for each in file.readline().split()[1:9]]
        return sum(ticks), sum(ticks) - ticks[3] - ticks[4]

    def busy_share(self, seconds=0.5):
        total, busy = self._times()
        time.sleep(seconds)
        total_now, busy_now = self._times()
        return (busy_now - busy) / max(total_now - total, 1)

    def become_idle(self):
        """Whether it is idle, having waited for it while patience lasts."""
        start = time.monotonic()
        end = start + min(self.patience_s, IDLE_WAIT_S)
        while (share := self.busy_share()) > BUSY_SHARE_MAX and time.monotonic() < end:
            continue
        idle = share <= BUSY_SHARE_MAX
        if not idle and self.patience_s > 0:
            note(f"the machine stays busy ({share:.0%}): measuring all the same")
        self.patience_s = max(self.patience_s - (time.monotonic() - start), 0)
        return idle


class Switch:
    """One running switch in a directory of its own; gone without a trace after the with block."""

    def __init__(self, binary, *options):
        self.home = tempfile.TemporaryDirectory(prefix="swb", dir="/tmp")
        self.directory = os.path.join(self.home.name, "s")
        self.log = os.path.join(self.home.name, "log")
        self.binary = binary
        self.options = options
        self.process = None

    def command(self):
        return [self.binary, "-s", self.directory, *self.options]

    def __enter__(self):
        with open(self.log, "wb") as log:
            # The real one ends with its standard input, so that stays open.
            self.process = subprocess.Popen(self.command(), stdin=subprocess.PIPE, stdout=log,
                                            stderr=log)
        end = time.monotonic() + START_S
        while not listens(os.path.join(self.directory, "ctl")):
            if self.process.poll() is not None or time.monotonic() > end:
                self.__exit__()
                raise Failed(f"{self.binary} did not start: {self.said()}")
            time.sleep(0.005)
        return self

    def said(self):
        try:
            with open(self.log, encoding="utf-8", errors="replace") as file:
                return file.read().strip()[-300:] or "it said nothing"
        except OSError:
            return "it said nothing"

    def __exit__(self, *_):
        end_process(self.process)
        self.process.stdin.close()
        if self.process.returncode not in (0, -signal.SIGTERM, -signal.SIGKILL):
            note(f"{self.binary} ended with status {self.process.returncode}: {self.said()}")
        self.home.cleanup()

    @property
    def cpu_seconds(self):
        """What all its threads have used, to the nanosecond."""
        total = 0
        tasks = f"/proc/{self.process.pid}/task"
        for task in os.listdir(tasks):
            with open(f"{tasks}/{task}/schedstat", encoding="ascii") as file:
                total += int(file.read().split()[0])
        return total / 1e9

    @property
    def resident_mib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s+(\d+) kB", file.read())[1]) / 1024


def listens(path):
    """Somebody accepts connections there; found out without making one."""
    with open("/proc/net/unix", encoding="utf-8", errors="replace") as file:
        return any(line.rstrip("\n").endswith(" " + path) and line.split()[3] == "00010000"
                   for line in file)


def end_process(process, patience_s=5):
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def note(text):
    print(f"  {text}", file=sys.stderr, flush=True)


class Bench:
    """How to measure: the programs, the options and the machine."""

    def __init__(self, options):
        self.options = options
        self.seconds = options.seconds
        self.machine = Machine(IDLE_WAIT_ALL_S if options.wait else 0)

    def program(self, name):
        return os.path.join(self.options.programs, name)

    def load(self, name, *arguments):
        """What a load program says."""
        command = [self.program(name), *map(str, arguments)]
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  timeout=self.seconds * 3 + 40, check=False)
        except subprocess.TimeoutExpired:
            raise Failed(f"{name}: no result") from None
        if done.returncode != 0:
            reason = done.stderr.strip() or f"ended with status {done.returncode}"
            raise Failed(f"{name}: {reason}")
        return json.loads(done.stdout)

    @contextlib.contextmanager
    def plugs(self, switch, count):
        """So many plugs that do nothing."""
        command = [self.program("attach"), switch.directory, str(count)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as process:
            try:
                if not process.stdout.readline():
                    raise Failed(process.stderr.read().strip() or "no plugs")
                yield
                process.stdin.close()
                if process.wait(10) != 0:
                    raise Failed(process.stderr.read().strip())
            finally:
                end_process(process)

    # Each of these takes a switch's binary and gives {figure: value}.

    def throughput(self, binary, octets, batch):
        with Switch(binary) as switch:
            said = self.load("throughput", switch.directory, octets, batch, self.seconds, 0, 0)
        return {"kpps": said["kpps"], "loss": said["loss"] * 100}

    def with_idle_plugs(self, binary):
        """The rate with 64 more plugs, as a share of the rate of the same switch without."""
        with Switch(binary, "-n", "128") as switch:
            alone = self.load("throughput", switch.directory, 60, 32, self.seconds, 0, 0)
            crowded = self.load("throughput", switch.directory, 60, 32, self.seconds, 64, 0)
        return {"kpps": crowded["kpps"], "share": crowded["kpps"] / alone["kpps"] * 100,
                "loss": crowded["loss"] * 100}

    def hub(self, binary):
        with Switch(binary, "-x") as switch:
            said = self.load("throughput", switch.directory, 60, 32, self.seconds, 0, 16)
        return {"kpps": said["kpps"], "deliveries": said["kpps"] * 16, "loss": said["loss"] * 100}

    def bursts(self, binary, octets):
        with Switch(binary) as switch:
            said = self.load("bursts", switch.directory, octets, 256, PACED_KPPS, self.seconds, 1,
                             0)
        return {"lost": said["lost"], "loss": said["loss"] * 100, "kpps": said["kpps"]}

    def stopped_reader(self, binary):
        with Switch(binary) as switch:
            said = self.load("bursts", switch.directory, 60, 32, PACED_KPPS, self.seconds, 16, 1)
        return {"lost": said["lost"], "loss": said["loss"] * 100, "kpps": said["kpps"]}

    def round_trip(self, binary):
        with Switch(binary) as switch:
            said = self.load("round_trip", switch.directory, 60, self.seconds)
        return {"median": said["median_us"], "p99": said["p99_us"]}

    def idle(self, binary):
        with Switch(binary, "-n", "128") as switch, self.plugs(switch, 100):
            before = switch.cpu_seconds
            time.sleep(self.options.idle_seconds)
            return {"cpu": (switch.cpu_seconds - before) * 1e3}

    def memory(self, binary):
        figures = {}
        for count in (2, 1000):
            with Switch(binary, "-n", "1100") as switch, self.plugs(switch, count):
                figures[f"mib{count}"] = switch.resident_mib
        return figures

    def start_up(self, binary):
        with tempfile.TemporaryDirectory(prefix="swb", dir="/tmp") as home:
            directory = os.path.join(home, "s")
            return {"ms": self.load("start_up", directory, binary, "-s", directory)["ms"]}

    def guests(self, binary):
        """TCP from one virtual machine to another."""
        seconds = max(round(self.seconds), 3)
        server = "iperf3 -s -1"
        client = (f"n=0; until iperf3 -c 10.9.0.1 -f m -t {seconds} || [ $n -ge 20 ]; "
                  "do n=$((n+1)); sleep 0.5; done")
        with Switch(binary) as switch:
            serial = [os.path.join(switch.home.name, name) for name in ("a", "b")]
            machines = []
            try:
                for number, (log, script) in enumerate(zip(serial, (server, client)), start=1):
                    command = guest.command_line(self.options.guest, log,
                                                 f"vde,sock={switch.directory}",
                                                 f"52:54:00:00:09:{number:02x}", script,
                                                 ip=f"10.9.0.{number}/24")
                    machines.append(subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                                     stdout=subprocess.DEVNULL,
                                                     stderr=subprocess.DEVNULL))
                machines[1].wait(GUEST_LIMIT_S + seconds)
            except subprocess.TimeoutExpired:
                pass
            finally:
                for machine in machines:
                    end_process(machine)
            with open(serial[1], encoding="utf-8", errors="replace") as file:
                said = file.read()
        rate = re.search(r"([\d.]+) Mbits/sec\s+receiver", said)
        if not rate:
            raise Failed("iperf3 gave no rate: " + " / ".join(said.split("\n")[-5:]).strip())
        retransmitted = re.search(r"Mbits/sec\s+(\d+)\s+sender", said)
        return {"mbit": float(rate[1]), "again": int(retransmitted[1]) if retransmitted else 0}


class Row:
    """One line of the table: a figure of a case, and its goal.

    `goal` takes (peer, ours, relay) and gives whether it is reached, relay being None where it is
    not measured; `must` says it in words. `more` names further figures of the same measurement that
    belong into the line, as (key, format)."""

    def __init__(self, text, key, unit, goal, must, aim="", more=(), larger_is_better=True,
                 form="{:.0f}"):
        self.text = text
        self.key = key
        self.unit = unit
        self.goal = goal
        self.must = must
        self.aim = aim
        self.more = more
        self.larger_is_better = larger_is_better
        self.form = form

    def figure(self, medians):
        if medians is None:
            return "failed"
        words = [self.form.format(medians[self.key]) + f" {self.unit}".rstrip()]
        words += [form.format(medians[key]) for key, form in self.more]
        return ", ".join(words)


def times(factor):
    return (lambda peer, ours, _: ours >= factor * peer), f"{factor:g}x"


def times_or_relay(factor):
    """So many times the real one's, or nearly what the kernel's sockets give without a switch."""
    share = 0.9
    return ((lambda peer, ours, relay: ours >= min(factor * peer, share * relay)),
            f"{factor:g}x, or {share:.0%} of the relay")


def at_most(limit, unit):
    return (lambda _, ours, __: ours <= limit), (f"{limit:g} {unit}".rstrip() if limit else "0")


LOSS = (("loss", "{:.1f} % lost"),)
NOT_ABOVE = (lambda peer, ours, _: ours <= peer), "the real one's"


def cases(bench):
    """name -> (how to measure, its rows, runs: None for as many as asked). What is in
    RELAYED is measured with the bare relay, too."""
    return {
        "small": (lambda b: bench.throughput(b, 60, 32), [
            Row("60-byte frames, batching", "kpps", "kpps", *times_or_relay(4), "6x", LOSS),
        ], None),
        "single": (lambda b: bench.throughput(b, 60, 1), [
            Row("60-byte frames, a system call each", "kpps", "kpps", *times_or_relay(1.5), "2x",
                LOSS),
        ], None),
        "large": (lambda b: bench.throughput(b, 1514, 32), [
            Row("1514-byte frames, batching", "kpps", "kpps", *times_or_relay(4), "5x", LOSS),
        ], None),
        "idle-plugs": (bench.with_idle_plugs, [
            Row("60-byte frames with 64 idle plugs", "share", "% of without",
                lambda _, ours, __: ours >= 95, "95 %", "100 %", (("kpps", "{:.0f} kpps"),)),
        ], None),
        "hub": (bench.hub, [
            Row("hub, 16 plugs reading", "kpps", "kpps", *times(4), "",
                (("deliveries", "{:.0f} k deliveries/s"), *LOSS), form="{:.1f}")], None),
        "bursts": (lambda b: bench.bursts(b, 60), [
            Row("lost in bursts of 256, 60 bytes", "lost", "frames", *at_most(0, ""), "0",
                (("loss", "{:.2f} %"),), False)], None),
        "bursts-large": (lambda b: bench.bursts(b, 1514), [
            Row("lost in bursts of 256, 1514 bytes", "lost", "frames", *at_most(0, ""), "0",
                (("loss", "{:.2f} %"),), False)], None),
        "stopped": (bench.stopped_reader, [
            Row("16 receivers, 1 stopped: lost by the 15", "lost", "frames", *at_most(0, ""), "0",
                (("loss", "{:.2f} %"),), False)], None),
        "round-trip": (bench.round_trip, [
            Row("round trip, median", "median", "us", *NOT_ABOVE, "half", (), False, "{:.1f}"),
            Row("round trip, 99th percentile", "p99", "us", *NOT_ABOVE, "half", (), False,
                "{:.1f}"),
        ], None),
        "cpu": (bench.idle, [
            Row(f"CPU in {bench.options.idle_seconds:g} s without traffic, 100 plugs", "cpu", "ms",
                lambda _, ours, __: ours < bench.options.idle_seconds, "0 %", "", (), False,
                "{:.2f}"),
        ], 1),
        "memory": (bench.memory, [
            Row("resident memory, 2 plugs", "mib2", "MiB", *at_most(16, "MiB"), "", (), False,
                "{:.1f}"),
            Row("resident memory, 1,000 plugs", "mib1000", "MiB", *at_most(64, "MiB"), "", (),
                False, "{:.1f}"),
        ], 1),
        "start": (bench.start_up, [
            Row("start to first reply", "ms", "ms", *at_most(50, "ms"), "", (), False, "{:.1f}"),
        ], None),
        "guests": (bench.guests, [
            Row("TCP between two TCG guests", "mbit", "Mbit/s", *times(1), "1.3x",
                (("again", "{:.0f} retransmitted"),))], None),
    }


RELAYED = ("small", "single", "large", "round-trip")


def median(figures):
    if not figures:
        return None
    return {key: statistics.median(each[key] for each in figures) for key in figures[0]}


def measure(bench, name, work, runs):
    """The switches in turn, the order changing from run to run."""
    binaries = {"peer": bench.options.peer, "ours": bench.options.ours}
    if name in RELAYED:
        binaries["relay"] = bench.program("relay")
    result = {"failures": [], "runs_on_busy_machine": 0, **{side: [] for side in binaries}}
    for run in range(runs):
        order = list(binaries) if run % 2 == 0 else list(binaries)[::-1]
        result["runs_on_busy_machine"] += not bench.machine.become_idle()
        for side in order:
            try:
                result[side].append(work(binaries[side]))
            except Failed as failure:
                result["failures"].append(f"{side}: {failure}")
                note(f"{name}, {side}: {failure}")
        note(f"{name} {run + 1}/{runs}: " + "; ".join(
            f"{side} " + " ".join(f"{key}={value:.4g}" for key, value in result[side][-1].items())
            for side in binaries if result[side]))
    result["medians"] = {side: median(result[side]) for side in binaries}
    return result


def tabulate(rows, results):
    """One dictionary a line of the table: figures, their words, ratio to the real one, verdict."""
    lines = []
    for name, row in rows:
        medians = results[name]["medians"]
        peer, ours, relay = (medians.get(side) for side in ("peer", "ours", "relay"))
        ratio = verdict = None
        if peer and ours:
            verdict = bool(row.goal(peer[row.key], ours[row.key], relay and relay[row.key]))
            if peer[row.key]:
                ratio = ours[row.key] / peer[row.key]
        lines.append({
            "case": name, "what": row.text, "unit": row.unit, "peer": peer and peer[row.key],
            "ours": ours and ours[row.key], "ratio": ratio, "must": row.must, "aim": row.aim,
            "reached": verdict, "peer_text": row.figure(peer), "ours_text": row.figure(ours),
            "relay": relay and relay[row.key], "relay_text": row.figure(relay) if relay else "",
            "larger_is_better": row.larger_is_better,
            "busy": results[name]["runs_on_busy_machine"] > 0})
    return lines


def markdown(lines, about):
    head = ("case", "real vde_switch", "bare relay", "switchd", "ratio", "must", "aim", "reached")
    body = [(line["what"] + (" \\*" if line["busy"] else ""), line["peer_text"],
             line["relay_text"], line["ours_text"],
             "" if line["ratio"] is None else f"{line['ratio']:.2f}x", line["must"], line["aim"],
             {True: "yes", False: "**no**", None: "-"}[line["reached"]]) for line in lines]
    widths = [max(len(each[i]) for each in [head, *body]) for i in range(len(head))]

    def text(cells):
        return "| " + " | ".join(cell.ljust(w) for cell, w in zip(cells, widths)) + " |\n"

    table = text(head) + "|" + "|".join("-" * (w + 2) for w in widths) + "|\n"
    table += "".join(map(text, body))
    table += (f"\n{about['date']}, {about['cpu']}, {about['cores']} cores, "
              f"Linux {about['kernel']}; medians, runs: {about['runs']}, each of "
              f"{about['seconds']:g} s, in turn with {about['peer_version']}.\n")
    if any(line["busy"] for line in lines):
        table += "\\* at least one run while other programs kept the machine busy.\n"
    return table


def about_this_run(options):
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        cpu = re.search(r"model name\s*: (.*)", file.read())
    version = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version}", "vde-switch"],
                             capture_output=True, text=True, check=False).stdout
    return {"date": datetime.date.today().isoformat(), "cpu": cpu[1] if cpu else platform.machine(),
            "cores": len(os.sched_getaffinity(0)), "kernel": platform.release(),
            "peer": options.peer, "ours": options.ours, "peer_version": version or options.peer,
            "runs": options.runs, "seconds": options.seconds, "waited_for_idle": options.wait}


def parse():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    build = os.path.join(ROOT, "build/release")
    parser.add_argument("--ours", default=os.path.join(build, "vde_switch"),
                        help="the switch under test")
    parser.add_argument("--peer", default="/usr/bin/vde_switch", help="the real one")
    parser.add_argument("--programs", default=os.path.join(build, "bench"),
                        help="directory of the load programs")
    parser.add_argument("--guest", default=os.path.join(ROOT, "build/guest"),
                        help="directory of the guests' kernel and initramfs")
    parser.add_argument("--out", default=os.path.join(ROOT, "build/bench"),
                        help="directory of the results")
    parser.add_argument("--cases", default="", help="only these, separated by commas, of: small, "
                        "single, large, idle-plugs, hub, bursts, bursts-large, stopped, "
                        "round-trip, cpu, memory, start, guests")
    parser.add_argument("--runs", type=int, help="of each measurement (default 5)")
    parser.add_argument("--seconds", type=float, help="of load in each measurement (default 2)")
    parser.add_argument("--quick", action="store_true",
                        help="one run of half a second if not said otherwise, no waiting")
    parser.add_argument("--no-wait", dest="wait", action="store_false",
                        help="do not wait for an idle machine")
    options = parser.parse_args()
    runs, seconds, options.idle_seconds = (1, 0.5, 2.0) if options.quick else (5, 2.0, 10.0)
    options.runs = runs if options.runs is None else options.runs
    options.seconds = seconds if options.seconds is None else options.seconds
    options.wait = options.wait and not options.quick
    if options.runs < 1 or options.seconds <= 0:
        parser.error("--runs and --seconds are above zero")
    for path, remedy in ((options.peer, "apt install vde-switch"), (options.ours, "make"),
                         (os.path.join(options.programs, "throughput"), "make bench-programs")):
        if not os.access(path, os.X_OK):
            parser.error(f"{path} is not there ({remedy})")
    return options


def main():
    options = parse()
    bench = Bench(options)
    known = cases(bench)
    wanted = [each for each in options.cases.split(",") if each] or list(known)
    unknown = [each for each in wanted if each not in known]
    if unknown:
        raise SystemExit(f"run.py: no case {', '.join(unknown)}; there are: {', '.join(known)}")
    try:
        os.makedirs(options.out, exist_ok=True)
    except OSError as error:
        raise SystemExit(f"run.py: cannot make {options.out}: {error.strerror} "
                         "(see --out)") from None
    if "guests" in wanted:
        guest.build(options.guest)
    # 1,000 plugs are 2,000 descriptors of the switch and as many of the load program.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 4096:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard if hard < 4096 else 4096, hard))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that with blocks are left

    results, rows = {}, []
    interrupted = False
    try:
        for name in wanted:
            work, lines, runs = known[name]
            results[name] = measure(bench, name, work, min(runs or options.runs, options.runs))
            rows += [(name, row) for row in lines]
    except (KeyboardInterrupt, SystemExit):  # what was measured so far is worth keeping
        note("interrupted: the cases that are complete follow")
        interrupted = True

    about = about_this_run(options)
    lines = tabulate(rows, results)
    table = markdown(lines, about)
    everything = json.dumps({"about": about, "table": lines, "cases": results}, indent=1)
    for name, text in (("vde.json", everything), ("vde.md", table),
                       ("vde.svg", chart.svg(lines, about))):
        with open(os.path.join(options.out, name), "w", encoding="utf-8") as file:
            file.write(text)
    print(table)
    print(f"written: {options.out}/vde.json, vde.md, vde.svg")
    failed = any(each["failures"] for each in results.values())
    return 1 if failed or interrupted else 0


if __name__ == "__main__":
    sys.exit(main())
