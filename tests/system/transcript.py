"""What a switch's console says to a series of steps, made comparable with another switch's."""

import difflib
import re

from console import PROMPT, Console
from plug import Plug

MAC = "00:ff:11:22:33:44"

# What differs from run to run, in the order of replacement.
VOLATILE = (
    # Who speaks, in the banner and in showinfo: the version, and a line for people.
    (re.compile(r"^(VDE switch V\.)\d+\.\d+\.\d+\n\S.*$", re.MULTILINE), r"\1VERSION\nWHOSE"),
    (re.compile(r"\bpid \d+ MAC"), "pid PID MAC"),
    (re.compile(r"\buptime \d+"), "uptime UP"),
    (re.compile(r"\bpid=\d+"), "pid=PID"),
    (re.compile(r"\bage +\d+"), "age AGE"),
    (re.compile(r"^Hash: \d+ ", re.MULTILINE), "Hash: BUCKET "),
)
ENDPOINT = re.compile(r"(endpoint ID |FD +)(\d+)")


class Transcript:
    """Runs steps against one switch. A step is a command line (text), a packet (bytes) or a
    function of the transcript that plugs, sends or listens and may return text."""

    def __init__(self, lab, program, *options, hub=False):
        self.lab = lab
        name = f"t{len(lab.switches())}"
        self.switch = lab.foreground("--macaddr", MAC, *options, *(["-x"] if hub else []),
                                     name=name, program=program)
        self.console = Console(self.switch.management)
        self.events = None
        self.plugs = {}
        self._endpoints = {}
        self.steps = [("greeting", self._comparable(self.console.banner.decode()))]

    def run(self, steps):
        for step in steps:
            if callable(step):
                said = step(self) or ""
                label = getattr(step, "label", step.__name__)
            else:
                packet = step if isinstance(step, bytes) else step.encode() + b"\n"
                said = self.console.exchange(packet).decode(errors="backslashreplace")
                label = step if isinstance(step, str) else repr(step)
            self.steps.append((label, self._comparable(said)))
        return self.steps

    def _comparable(self, said):
        said = said.replace(self.switch.directory, "DIR").replace(self.lab.directory, "LAB")
        for pattern, substitute in VOLATILE:
            said = pattern.sub(substitute, said)

        def renumber(match):
            number = self._endpoints.setdefault(match[2], len(self._endpoints) + 1)
            return f"{match[1].rstrip()} #{number}"

        said = ENDPOINT.sub(renumber, said)
        lines = said.split("\n")
        at = [number for number, line in enumerate(lines) if line.startswith("Hash: ")]
        for number, line in zip(at, sorted(lines[each] for each in at)):
            lines[number] = line  # the order of buckets says nothing
        return "\n".join(lines)

    def close(self):
        self.console.close()
        if self.events:
            self.events.close()
        for each in self.plugs.values():
            each.close()


def plug(name, port=0, owner=0):
    def step(transcript):
        transcript.plugs[name] = Plug(
            transcript.switch.directory, port, description=name.encode(), owner=owner, mode=0o777,
            name=transcript.lab.path(f"{name}{id(transcript):x}"))

    step.label = f"(plug {name})"
    return step


def unplug(name):
    def step(transcript):
        there = len(transcript.switch.descriptions())
        transcript.plugs.pop(name).close()
        transcript.switch.await_endpoints(there - 1)

    step.label = f"(unplug {name})"
    return step


def send(sender, frame, receiver):
    """Sends a frame and waits until it has passed the switch."""

    def step(transcript):
        transcript.plugs[sender].send(frame)
        transcript.plugs[receiver].receive_until(frame)  # a BPDU may come before it

    step.label = f"({sender} sends)"
    return step


def watch(prefix=""):
    def step(transcript):
        transcript.events = Console(transcript.switch.management)
        return transcript.events.exchange(f"debug/add {prefix}\n".encode()).decode()

    step.label = f"(watch {prefix})"
    return step


def events_until(last):
    def step(transcript):
        return transcript.events.read_until(last.encode() + b"\n").decode()

    step.label = f"(events until {last})"
    return step


def compare(reference, ours, differences):
    """The steps in which ours says something else than the real one, without those that
    `differences` explains: {label: (pattern of what ours says, reason)}."""
    complaints = []
    for (label, wanted), (_, said) in zip(reference, ours, strict=True):
        if said == wanted:
            continue
        explained = differences.get(label)
        if explained and re.search(explained[0], said):
            continue
        complaints.append(f"{label}\n" + "\n".join(list(difflib.unified_diff(
            wanted.splitlines(), said.splitlines(), "real", "ours", n=0, lineterm=""))[2:]))
    return complaints


def prompts(data):
    return data.count(PROMPT)
