"""The management console against the real vde_switch: the same steps, the same answers."""

import os
import pty
import re
import tty

import pytest

from console import GOODBYE, PROMPT, Console
from frame import frame, mac, numbered
from plug import last_frame
from transcript import (VOLATILE, Transcript, compare, events_until, plug, prompts, send, unplug,
                        watch)
from wait import wait_until

# Where ours differs on purpose: what is asked, what ours says, and why.
NO_NUMBER = "an argument that is no number is an error, not 0"
DIFFERENCES = {
    "hash/find 02:00:00:00:00:01": (
        r"to port: 001 ", "the real one adds one to the port"),
    "hash/find 02.00.00.00.00.01": (
        r"to port: 001 ", "the real one adds one to the port"),
    "hash/find 02:00:00:00:00:01 0": (
        r"to port: 001 ", "the real one adds one to the port"),
    "hash/find 2:0:0:0:0:1": (
        r"to port: 001 ", "the real one adds one to the port"),
    "vlan/allprint 0": (
        r"^0000 .*\nVLAN 0000\n", "the real one refuses VLAN 0 here, though vlan/print shows it"),
    "vlan/create 4094": (
        r"^1000 ", "4094 is a legal VLAN; the real one stops at 4093"),
    "vlan/remove 4094": (
        r"^1000 ", "4094 is a legal VLAN; the real one stops at 4093"),
    "port/create 32": (
        r"^1000 ", "-n 32 gives 32 usable ports; the real one counts port 0, which is nobody's"),
    "port/create": (r"^1022 ", NO_NUMBER),
    "port/create 0x5": (r"^1022 ", NO_NUMBER),
    "port/remove abc": (r"^1022 ", NO_NUMBER),
    "port/resetcounter abc": (r"^1022 ", NO_NUMBER),
    "port/print abc": (r"\n1022 ", NO_NUMBER),
    "port/allprint abc": (r"\n1022 ", NO_NUMBER),
    "vlan/print abc": (r"\n1022 ", NO_NUMBER),
    "fstp/print abc": (r"\n1022 ", NO_NUMBER),
}
# The real one forgets all addresses of a VLAN when one port leaves it or changes; ours only those
# of that port.
FORGETS = {"hash/print": (r"^0000 (.*\n)*1000 ", "the real one forgets the others' addresses too")}
HUB = {each: (r"^0000 (.*\n)*VLAN 0000\n -- Port 0001 ", "in hub mode the real one omits the ports")
       for each in ("vlan/print", "vlan/print 0")}

LOOK = ("showinfo", "ds/showinfo", "port/showinfo", "port/allprint", "port/print", "vlan/allprint",
        "vlan/print", "hash/showinfo", "hash/print", "fstp/showinfo", "fstp/print", "debug/list")
COUNTING = ("port/print", "port/allprint")  # BPDUs leave when they like
PREPARED = (
    plug("alpha", 1), plug("beta", 2), plug("gamma", 2), plug("delta", 9, owner=65534),
    send("alpha", numbered(1, source=mac(1)), "beta"),
    send("beta", numbered(2, source=mac(2)), "alpha"),
    "port/create 5", "port/create 6", "vlan/create 7", "port/setvlan 5 7", "vlan/addport 7 6",
)
ARGUMENTS = (
    "", "0", "1", "2", "5", "6", "7", "9", "12", "-1", "-2147483648", "2147483647", "99999",
    "99999999999999999999", "0x5", "05", "5 ", "1 0", "1 1", "5 0", "5 1", "5 7", "7 5", "7 6",
    "7 1", "6 4095", "6 4096", "6 0", "9 99", "12 1", "1 -1", "-1 1", "1 1 1", "0 1 1", "7 6 1",
    "0 1 0", "7 6 0", "0 1 1000", "7 99 1", "1,1", "1 x", "5 root", "5 nobody", "5 nosuchname",
    "5 NONE", "5 ANY", "5 daemon", "%s%n%x", "'", '"', "../../etc/passwd", "\t5", "5\t7",
)
HUGE = ("2147483647", "99999", "99999999999999999999")
GARBAGE = ("0x5", "1,1", "%s%n%x", "'", '"', "../../etc/passwd")
THREE_WORDS = tuple(each for each in ARGUMENTS if len(each.split()) == 3)
# What is not asked: of the real one what ends it for want of memory, and what the tables above and
# the tests below tell once, because it would change all that follows.
NOT_ASKED = {
    "port/setnumports": (*HUGE, *GARBAGE, "9", "9 99"), "hash/setsize": (*HUGE, *GARBAGE),
    "port/create": ("", *GARBAGE), "port/remove": ("", *GARBAGE), "port/resetcounter": GARBAGE,
    "port/print": GARBAGE, "port/allprint": GARBAGE, "vlan/create": GARBAGE,
    "vlan/remove": ("", *GARBAGE),
    "vlan/print": GARBAGE,
    "vlan/allprint": (*GARBAGE, *(each for each in ARGUMENTS if each.startswith("0 "))),
    "fstp/print": GARBAGE,
    "port/setuser": (*THREE_WORDS, "5\t7"), "port/setgroup": (*THREE_WORDS, "5\t7"),
    "port/createauto": ARGUMENTS[20:],  # up to the last port, where the two disagree by one
}
SWEPT_DIFFERENCES = {
    "port/setvlan": FORGETS, "port/epclose": FORGETS, "port/sethub": HUB,
    "vlan/addport": {"fstp/print": (r"tagged=1 portcost=20000000 role=Designated",
                                    "the real one knows no role for a port that joined twice")},
    "port/setuser": {each: (r"Current User: root Access Control: \(User: daemon ",
                            "the real one prints the current user in both places")
                     for each in COUNTING},
}
SWEPT = (
    "port/setnumports", "port/sethub", "port/setvlan", "port/createauto", "port/create",
    "port/remove", "port/allocatable", "port/setuser", "port/setgroup", "port/epclose",
    "port/resetcounter", "port/print", "port/allprint", "port/showinfo", "vlan/create",
    "vlan/remove", "vlan/addport", "vlan/delport", "vlan/print", "vlan/allprint", "hash/showinfo",
    "hash/setsize", "hash/setgcint", "hash/setexpire", "hash/setminper", "hash/print", "hash/find",
    "fstp/showinfo", "fstp/setfstp", "fstp/setedge", "fstp/bonus", "fstp/print", "debug/list",
    "debug/add", "debug/del", "ds/showinfo", "showinfo", "load", "plugin/del",
)


def both(lab, steps, *options, differences=DIFFERENCES, hub=False):
    """Runs the steps on the real switch and on ours, and complains about what differs."""
    ran = []
    for program in (lab.programs.reference, lab.programs.vde_switch):
        transcript = Transcript(lab, program, *options, hub=hub)
        lab.closing(transcript)
        ran.append(transcript.run(steps))
    complaints = compare(*ran, differences)
    assert not complaints, "\n\n".join(["differs from the real one:", *complaints])


@pytest.mark.parametrize("command", SWEPT)
def test_every_argument(lab, command):
    arguments = [each for each in ARGUMENTS
                 if each not in NOT_ASKED.get(command, ())
                 and f"{command} {each}" not in DIFFERENCES]
    look = [each for each in LOOK if not (command == "fstp/setfstp" and each in COUNTING)]
    both(lab, [*PREPARED, *(f"{command} {each}".rstrip(" ") for each in arguments), *look],
         differences=DIFFERENCES | SWEPT_DIFFERENCES.get(command, {}))


@pytest.mark.ours_only(NO_NUMBER)
@pytest.mark.parametrize("command", [
    "port/setnumports", "port/create", "port/remove", "port/resetcounter", "port/print",
    "port/allprint", "vlan/create", "vlan/remove", "vlan/print", "vlan/allprint", "hash/setsize",
    "fstp/print"])
def test_an_argument_that_is_no_number_is_an_error(lab, command):
    switch = lab.foreground()
    before = switch.ok("port/allprint"), switch.ok("vlan/allprint"), switch.ok("hash/showinfo")
    for argument in GARBAGE:
        assert switch.console.command(f"{command} {argument}").code == 1022, argument
    assert before == (switch.ok("port/allprint"), switch.ok("vlan/allprint"),
                      switch.ok("hash/showinfo"))


@pytest.mark.ours_only("the real one removes VLAN 0 once no port is in it")
def test_vlan_0_stays(lab):
    switch = lab.foreground()
    assert switch.console.command("vlan/remove 0").code in (1022, 1098)
    one, two = lab.plug(switch), lab.plug(switch)
    one.send(last_frame())
    assert two.receive() == last_frame()


def test_a_fresh_switch(lab):
    both(lab, LOOK)


def test_documented_differences_are_as_documented(lab):
    steps = (*PREPARED, *DIFFERENCES)
    ran = Transcript(lab, lab.programs.vde_switch)
    lab.closing(ran)
    for label, said in ran.run(steps):
        if label in DIFFERENCES and not lab.programs.is_reference:
            assert re.search(DIFFERENCES[label][0], said), f"{label}: {said}"
        if label in DIFFERENCES and lab.programs.is_reference:
            assert not re.search(DIFFERENCES[label][0], said), f"no difference any more: {label}"


def test_the_states_of_ports_and_addresses(lab):
    both(lab, (
        *PREPARED, *LOOK, "port/print 2", "port/print 9", "port/print 5", "port/allprint 5",
        "hash/find 02:00:00:00:00:09", "hash/find 02:00:00:00:00:01 7", "hash/find garbage",
        unplug("gamma"), "port/print", unplug("beta"), "port/print", "port/allprint",
        "hash/print", "port/remove 2", "port/allprint", "port/remove 1", unplug("alpha"),
        "port/remove 1", *LOOK), differences=DIFFERENCES | FORGETS)


def test_counters(lab):
    both(lab, (
        plug("alpha", 1), plug("beta", 2), plug("gamma", 3),
        send("alpha", frame(source=mac(1), size=100), "beta"),
        send("alpha", frame(source=mac(1), size=1514), "beta"),
        send("beta", frame(destination=mac(1), source=mac(2), size=77), "alpha"),
        "port/print", "port/resetcounter 1", "port/print 1", "port/print 2", "port/resetcounter",
        "port/print", "port/resetcounter 20", "port/resetcounter 99"))


def test_closing_an_endpoint_by_its_id(lab):
    answers = []
    for program in (lab.programs.reference, lab.programs.vde_switch):
        transcript = Transcript(lab, program)
        lab.closing(transcript)
        transcript.run([plug("alpha", 1), plug("beta", 2)])
        console = transcript.console
        number = int(re.search(r"endpoint ID (\d+)", str(console.command("port/print 2")))[1])
        answers.append([console.command(f"port/epclose {each}").code for each in (
            f"2 {number + 50}", f"1 {number}", f"2 {number}", f"2 {number}", "2", "")])
        wait_until(transcript.plugs["beta"].is_unplugged, "the plug to see its end")
        transcript.switch.await_endpoints(1)
        answers[-1].append(console.command("port/allprint 2").code)
    assert answers[0] == answers[1]


def test_vlans(lab):
    both(lab, (
        *PREPARED, "vlan/create 1", "vlan/create 4093", "vlan/create 0", "vlan/create 4095",
        "vlan/create 4096", "vlan/create 7", "vlan/addport 1 1", "vlan/addport 1 1",
        "vlan/addport 1 5", "vlan/print", "vlan/allprint", "vlan/print 1", "vlan/allprint 7",
        "vlan/print 0", "port/setvlan 1 1", "vlan/print", "vlan/delport 1 1", "port/setvlan 1 0",
        "vlan/delport 1 1", "vlan/print", "vlan/remove 1", "vlan/remove 7", "vlan/delport 7 6",
        "port/setvlan 5 4095", "vlan/remove 7", "vlan/allprint", "port/allprint"))


@pytest.mark.parametrize("fstp", [False, True])
def test_fstp_and_hub_toggles(lab, fstp):
    look = [each for each in LOOK if each not in COUNTING]
    both(lab, (
        *PREPARED, "fstp/showinfo", "fstp/print", "fstp/print 7", "fstp/print 99",
        "fstp/print 4096", "fstp/setfstp 1", "fstp/showinfo", "fstp/setedge 0 1 1",
        "fstp/bonus 0 2 1000", "fstp/print 0", "fstp/setedge 0 1 0", "fstp/setfstp 0",
        "fstp/print 0", "port/sethub 1", "port/showinfo", "fstp/setfstp 1", "fstp/showinfo",
        "port/sethub 0", "port/showinfo", *look), *(["-F"] if fstp else []))


def test_hub(lab):
    both(lab, (*PREPARED[:4], "port/showinfo", "port/print", "fstp/print", "vlan/allprint",
               "hash/print", "fstp/setfstp 1", "fstp/showinfo"), hub=True,
         differences=DIFFERENCES | HUB)


def test_debug_categories(lab):
    both(lab, (
        "debug/list", "debug/list port", "debug/list x", "debug/add port/+", "debug/add port/+",
        "debug/list", "debug/add x", "debug/add", "debug/add", "debug/list", "debug/del x",
        "debug/del hash", "debug/del hash", "debug/list", "debug/del", "debug/del", "debug/list"))


def test_events_of_a_port(lab):
    both(lab, (
        watch("port"), plug("alpha"), plug("beta", 7), plug("gamma", 7), unplug("beta"),
        unplug("gamma"), events_until("3022 port/- 07"), plug("delta", 7), unplug("alpha"),
        events_until("3022 port/- 01")))


def test_events_of_addresses(lab):
    both(lab, (
        plug("alpha", 1), plug("beta", 2), watch("hash"),
        send("alpha", numbered(1, source=mac(1)), "beta"),
        send("beta", numbered(2, source=mac(2)), "alpha"),
        events_until("3011 hash/+ 02:00:00:00:00:02 VLAN 00:00 Port 2"), unplug("beta"),
        events_until("3012 hash/- 02:00:00:00:00:02 VLAN 00:00 Port 2")))


def test_events_are_per_session(lab):
    both(lab, (watch("port"), "debug/list port", plug("alpha"),
               unplug("alpha"), events_until("3022 port/- 01"), "debug/add port"))


@pytest.mark.parametrize("packet", [
    b"showinfo", b"showinfo\n", b"showinfo\r\n", b"showinfo\r", b"  showinfo\n", b"\tshowinfo\n",
    b"showinfoXYZ\n", b"showinfo extra words\n", b"SHOWINFO\n", b"show\n", b"port\n", b"port/\n",
    b"port/print1\n", b"port/print 1\r\n", b"port/create 3\r\n", b"port/create3\n", b"\n", b" \n",
    b" ", b"#comment\n", b"# showinfo\n", b"   #x\n", b"showinfo\0more\n", b"\0showinfo\n",
    b"\xff\xfe\xfd\n", b"x" * 100 + b"\n", b"help port/c\n", b"help nothing\n", b"version\n",
    b"port/setmacaddr 1\n", b"quit\n", b"help showinfo\n", b"/showinfo\n", b"port /print\n",
    b"debug\n", b"fstp\n", b".\n", b"..\n", b"1000 Success\n", b"vde$ \n"])
def test_odd_packets(lab, packet):
    both(lab, (plug("alpha", 1), packet, "port/allprint"))


CORRECTED_HELP = {  # the real one says what addport does
    "vlan/delport       N PORT          add port to the vlan N (tagged)":
    "vlan/delport       N PORT          delete port from the vlan N (tagged)"}


@pytest.mark.parametrize("topic", ["", " port", " vlan", " hash/", " nothing"])
def test_help_lists_what_the_real_one_lists(lab, topic):
    """Ours may list more; vdeterm takes its completions from these lines."""
    heard = []
    for program in (lab.programs.reference, lab.programs.vde_switch):
        transcript = Transcript(lab, program)
        lab.closing(transcript)
        said = transcript.console.exchange(f"help{topic}\n".encode()).decode()
        heard.append([CORRECTED_HELP.get(line, line) for line in said.split("\n")])
    wanted, ours = heard
    assert [line for line in ours if line in wanted] == wanted
    assert ours[:3] == wanted[:3] and ours[-4:] == wanted[-4:]
    for line in ours[3:-4]:
        assert re.fullmatch(r"[a-z/+-]+ +\S.*", line), line


@pytest.mark.ours_only("the real one takes any number and ends for want of memory")
@pytest.mark.parametrize("command", ["port/setnumports", "hash/setsize"])
@pytest.mark.parametrize("number", HUGE)
def test_a_hostile_size_is_answered(lab, command, number):
    switch = lab.foreground()
    assert switch.console.command(f"{command} {number}").code in (1000, 1012, 1022)
    one, other = lab.plug(switch), lab.plug(switch)
    one.send(last_frame())
    assert other.receive() == last_frame()


def test_load(lab):
    script = lab.write("script", "# a comment\nport/create 3\n  vlan/create 4\nport/create 3\n"
                                 "nonsense\nport/setvlan 3 4")
    both(lab, (f"load {script}", "port/allprint", "vlan/allprint", "load /nonexistent", "load"))


@pytest.mark.ours_only("the real one takes an empty line for an unknown command")
def test_load_passes_over_empty_lines(lab):
    switch = lab.foreground()
    said = str(switch.console.command(f"load {lab.write('script', 'port/create 3' + chr(10) * 3)}"))
    assert said.count("1000 Success") == 2 and "1038" not in said


@pytest.mark.parametrize("goodbye", [b"logout\n", b"logout", b"logout now\n"])
def test_logout(lab, goodbye):
    for program in (lab.programs.reference, lab.programs.vde_switch):
        transcript = Transcript(lab, program)
        lab.closing(transcript)
        transcript.console.send(goodbye)
        assert transcript.console.read_to_end() == GOODBYE
        assert transcript.switch.ok("showinfo")


def test_shutdown(lab):
    for program in (lab.programs.reference, lab.programs.vde_switch):
        transcript = Transcript(lab, program)
        lab.closing(transcript)
        transcript.console.send(b"shutdown\n")
        assert transcript.console.read_to_end() == GOODBYE
        assert transcript.switch.process.wait() == 0
        assert not os.path.exists(transcript.switch.directory)


def test_plugins_are_answered_honestly(lab):
    switch = lab.foreground()
    assert switch.console.command("plugin/add nosuchplugin").code == 1002
    assert switch.console.command("plugin/list").code in (1000, 1002)
    assert switch.console.command("plugin/del nosuchplugin").code == 1002


# -- what is wrong in the real one


@pytest.mark.ours_only("the real one runs the first of several commands in a packet")
def test_several_commands_in_one_packet_are_all_executed(lab):
    console = lab.foreground().console
    console.send(b"port/create 3\nport/create 4\nvlan/create 5\nport/setvlan 3 5\nport/print 3\n")
    said = b"".join(console.read_until(PROMPT) for _ in range(5))
    assert said.count(b"1000 Success") == 4 and b"1006 " in said
    assert len(console.ok("port/allprint")) == 8


@pytest.mark.ours_only("the real one cuts a line every 128 octets and runs each piece")
def test_a_long_line_is_one_command(lab):
    console = lab.foreground().console
    said = console.exchange(b"bogus " + b"x" * 200 + b"\n")
    assert said == b"1038 Function not implemented\n" + PROMPT
    assert console.exchange(b"port/create 3 " + b" " * 200 + b"\n").startswith(b"1000 ")
    assert console.command("showinfo").code == 1000


@pytest.mark.ours_only("a line without an end is not bounded by anything but the reads there")
def test_megabytes_without_a_newline_harm_only_their_session(lab):
    switch = lab.foreground()
    noisy = lab.console(switch)
    noisy.stream.settimeout(5)
    try:
        for _ in range(64):
            noisy.send(b"x" * 65536)
            assert switch.console.command("port/showinfo").code == 1000
    except (BrokenPipeError, ConnectionResetError, TimeoutError):
        pass
    assert switch.console.command("showinfo").code == 1000


@pytest.mark.ours_only("the real one loses what does not fit into the socket's buffer")
def test_a_long_reply_is_complete(lab):
    switch = lab.foreground()
    one, other = lab.plug(switch), lab.plug(switch)
    count = 5000
    for number in range(count):
        one.send(numbered(number, source=mac(number)))
        assert other.receive()
    lines = switch.ok("hash/print")
    assert len(lines) == count
    assert len({line.split()[3] for line in lines}) == count


def test_a_console_that_never_reads_harms_nobody(lab):
    switch = lab.foreground()
    deaf = lab.console(switch)
    deaf.exchange(b"debug/add\n")
    one, other = lab.plug(switch), lab.plug(switch)
    deaf.stream.setblocking(False)
    try:
        for _ in range(20000):
            deaf.send(b"help\n")
    except (BlockingIOError, BrokenPipeError, ConnectionResetError):
        pass
    for number in range(200):
        one.send(numbered(number, source=mac(number)))
        assert other.receive()
    assert switch.ok("showinfo")


def test_many_sessions(lab):
    switch = lab.foreground()
    consoles = [lab.console(switch) for _ in range(50)]
    for console in consoles:
        assert console.ok("port/showinfo")[0] == "Numports=32"


def test_a_session_that_ends_in_the_middle_of_a_reply(lab):
    switch = lab.foreground()
    for _ in range(100):
        console = Console(switch.management, greet=False)
        console.send(b"help\n")
        console.close()
    assert switch.ok("showinfo")


# -- the console on stdin

STDIN_COMMANDS = ("showinfo", "port/create 3", "port/allprint", "bogus", "vlan/create 5",
                  "port/print 99")


def test_the_console_on_a_pipe(lab):
    said = []
    for name, program in enumerate((lab.programs.reference, lab.programs.vde_switch)):
        switch = lab.foreground("--macaddr", "00:ff:11:22:33:44", name=f"sw{name}",
                                program=program, management=False)
        assert switch.process.output() == b"", "nothing unasked on stdout"
        for results, line in enumerate(STDIN_COMMANDS, 1):
            switch.process.write(line.encode() + b"\n")
            wait_until(lambda: len(re.findall(rb"^1\d{3} ", switch.process.output(),
                                              re.MULTILINE)) == results,
                       lambda: f"the answer to {line}: {switch.process}")
        switch.process.close_stdin()
        assert switch.process.wait() == 0
        output = switch.process.output().decode().replace("\nvde$ ", "")
        for pattern, substitute in VOLATILE:
            output = pattern.sub(substitute, output)
        said.append(output)
    assert said[0] == said[1]


def test_the_console_on_a_terminal_shows_the_prompt(lab):
    for name, program in enumerate((lab.programs.reference, lab.programs.vde_switch)):
        master, slave = pty.openpty()
        tty.setraw(slave)
        directory = lab.path(f"sw{name}")
        switch = lab.spawn([program, "-s", directory], stdin=slave, stdout=slave)
        wait_until(lambda: os.path.exists(directory + "/ctl"), "the start")
        os.write(master, b"port/showinfo\n")
        heard = b""
        while not heard.endswith(PROMPT):
            heard += os.read(master, 4096)
        assert heard == (b"0000 DATA END WITH '.'\nNumports=32\nHUB=false\ncounters=true\n.\n"
                         b"1000 Success\n" + PROMPT)
        os.write(master, b"shutdown\n")
        assert switch.wait() == 0
        os.close(slave)
        os.close(master)


def test_one_command_s_reply_is_not_mixed_with_events(lab):
    switch = lab.foreground()
    console = lab.console(switch)
    console.exchange(b"debug/add\n")
    for number in range(20):
        plugged = lab.plug(switch)
        plugged.send(last_frame(number))
        console.send(b"port/allprint\n")
        said = console.read_until(b"\n1000 Success\n" + PROMPT).decode()
        data = said[said.index("0000 DATA"):said.rindex("1000 Success")]
        assert not re.search(r"^3\d{3} ", data, re.MULTILINE)
        plugged.close()
        switch.await_endpoints(0)
    assert prompts(console.transcript) == 22
