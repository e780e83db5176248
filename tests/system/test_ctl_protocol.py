"""The ctl socket and the data sockets, seen by clients that obey no library."""

import grp
import os
import random
import resource
import signal
import socket
import stat
import struct
import sys

import pytest

from frame import frame, mac, numbered
from lab import NOBODY, as_user
from plug import (ADDRESS_SIZE, REQUEST_SIZE, Knock, Plug, Refused, address, last_frame, path_of,
                  request)
from process import is_alive, open_descriptors
from wait import wait_until

MAX_FRAME = 9234  # what vde_plug and vdens can receive
HANGS = "the real one neither answers nor closes a plug that it refuses"


def carries(one, other):
    """Frames pass both ways between two plugs."""
    for number, (sender, receiver) in enumerate(((one, other), (other, one))):
        wanted = last_frame(random.randrange(1 << 8) + (number << 8))
        sender.send(wanted)
        receiver.receive_until(wanted)


def mode_of(path):
    return stat.S_IMODE(os.stat(path).st_mode)


# -- requests


@pytest.mark.parametrize("version", [1, 3])
@pytest.mark.parametrize("code", [0, 1])
@pytest.mark.parametrize("abstract", [False, True])
def test_every_request_gets_one_reply_and_then_silence(lab, version, code, abstract):
    switch = lab.foreground()
    plug = lab.plug(switch, version=version, code=code, abstract=abstract, connect=not abstract)
    assert len(plug.answer) == ADDRESS_SIZE
    assert plug.answer[:2] == struct.pack("<H", socket.AF_UNIX)
    name = os.path.basename(plug.switch_path)
    assert os.path.dirname(plug.switch_path) == switch.directory
    assert not name.isdigit(), "lib4 would take a numeric name for a port group"
    assert plug.answer[2 + len(plug.switch_path):].strip(b"\0") == b"", "padded with NUL"
    port = 0 if code == 1 else 1
    switch.await_endpoint("raw plug", port)
    carries(plug, lab.plug(switch))
    assert plug.knock.is_silent()


@pytest.mark.parametrize("data", [
    pytest.param(struct.pack("<III", 0xFEEDFACF, 3, 0), id="magic"),
    pytest.param(struct.pack("<III", 0xFEEDFACE, 2, 0), id="version 2"),
    pytest.param(struct.pack("<III", 0xFEEDFACE, 4, 0), id="version 4"),
    pytest.param(struct.pack("<III", 0xFEEDFACE, 0x80000000, 0), id="version negative"),
    pytest.param(struct.pack("<III", 0xFEEDFACE, 3, 2), id="code 2"),
    pytest.param(struct.pack("<III", 0xFEEDFACE, 3, 255), id="code 255"),
])
def test_a_request_that_is_none_is_closed_without_a_reply(lab, data):
    switch = lab.foreground()
    one, other = lab.plug(switch), lab.plug(switch)
    knock = lab.closing(Knock(switch.directory))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as mine:
        mine.bind(lab.path("mine"))
        knock.send(data + address(lab.path("mine")) + b"x")
        assert knock.reply() == b""
    carries(one, other)
    switch.await_endpoints(2)


@pytest.mark.ours_only("the real one reads once, and fills a request up with what its stack held")
def test_every_truncation_of_a_request_waits_for_the_rest_and_hurts_nobody(lab):
    switch = lab.foreground("-n", "300")
    one, other = lab.plug(switch), lab.plug(switch)
    idle = open_descriptors(switch.pid)
    name = lab.path("mine")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as mine:
        mine.bind(name)
        whole = request(name, description=b"")
        knocks = []
        for length in range(REQUEST_SIZE):
            knock = lab.closing(Knock(switch.directory))
            knock.send(whole[:length])
            knocks.append(knock)
        carries(one, other)
        for length, knock in enumerate(knocks):
            assert knock.is_silent(), f"{length} octets were answered"
        for length in (0, 1, 4, 8, 12, 13, 121):  # the rest may come later
            knocks[length].send(whole[length:])
            assert len(knocks[length].reply()) == ADDRESS_SIZE
        for knock in knocks:
            knock.close()
    switch.await_endpoints(2)
    wait_until(lambda: open_descriptors(switch.pid) == idle, "the descriptors to be closed")
    carries(one, other)


@pytest.mark.parametrize("length", range(0, 12))
def test_a_request_cut_within_its_header_hurts_nobody(lab, length):
    switch = lab.foreground()
    one, other = lab.plug(switch), lab.plug(switch)
    knock = Knock(switch.directory)
    knock.send(request(lab.path("nobody"))[:length])
    knock.close()
    carries(one, other)
    switch.await_endpoints(2)


def test_the_client_s_socket_may_be_anywhere(lab):
    switch = lab.foreground()
    carries(lab.plug(switch, name=lab.path("elsewhere")), lab.plug(switch))


@pytest.mark.parametrize("client", ["missing", "file", "stream", "empty", "unterminated"])
def test_a_client_whose_socket_cannot_be_reached_is_closed(lab, client):
    switch = lab.foreground()
    one, other = lab.plug(switch), lab.plug(switch)
    path = lab.path("client")
    if client == "file":
        lab.write("client", "")
    if client == "stream":
        lab.closing(socket.socket(socket.AF_UNIX)).bind(path)
    if client == "empty":
        path = b""
    if client == "unterminated":
        path = b"/" + b"x" * 107
    knock = lab.closing(Knock(switch.directory))
    knock.send(request(path))
    reply = knock.reply()
    if reply:  # an answer that leads nowhere, so that the client can say why
        assert len(reply) == ADDRESS_SIZE
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe:
            with pytest.raises(OSError):
                probe.connect(path_of(reply))
        assert knock.reply() == b""
    carries(one, other)
    switch.await_endpoints(2)


@pytest.mark.ours_only("the real one closes the descriptor and keeps a ghost")
def test_junk_after_the_registration_is_ignored_or_unplugs_whole(lab):
    switch = lab.foreground()
    one, other, noisy = (lab.plug(switch) for _ in range(3))
    noisy.knock.stream.setblocking(False)
    try:
        for _ in range(100):
            noisy.knock.send(b"junk" * 1000)
    except BlockingIOError:
        carries(noisy, one)  # nobody reads it, which harms only the one who writes
    except (BrokenPipeError, ConnectionResetError):
        switch.await_endpoints(2)
    else:
        carries(noisy, one)
    carries(one, other)
    noisy.close()
    switch.await_endpoints(2)
    carries(one, other)


@pytest.mark.ours_only("the real one makes a ghost of a request above 256 octets")
def test_a_request_that_is_too_long_is_cut_to_its_description(lab):
    switch = lab.foreground()
    plug = lab.plug(switch, description=b"D" * 4000)
    carries(plug, lab.plug(switch))
    switch.await_endpoint("D" * 100)
    plug.close()
    switch.await_endpoints(1)


@pytest.mark.ours_only("in the real one a description can end the data of a reply")
@pytest.mark.parametrize("description", [
    b"two\nlines", b"\n.\n1000 Success\n", b".\n", b"\0\0\0", b"\xff\xfe\x1b[2J", b"a\rb", b"",
    "\u009b2J\u2028\u0085".encode()])
def test_a_hostile_description_does_not_break_the_console(lab, description):
    switch = lab.foreground()
    lab.plug(switch, description=description)
    switch.await_endpoints(1)
    reply = switch.console.command("port/print")
    assert reply.code == 1000
    assert len(reply.data) == 5
    assert reply.data[4].startswith("  -- endpoint ID ")
    assert all(each.isprintable() for each in reply.data)


# -- ports


def test_ports_chosen_by_the_switch_are_the_lowest_free(lab):
    switch = lab.foreground()
    plugs = [lab.plug(switch, description=b"plug %d," % number) for number in range(4)]
    for number in range(4):
        assert switch.await_endpoint(f"plug {number},") == number + 1
    plugs[1].close()
    switch.await_endpoints(3)
    lab.plug(switch, description=b"again")
    assert switch.await_endpoint("again") == 2


@pytest.mark.parametrize("port", [1, 7, 31, 300])
def test_a_port_can_be_asked_for(lab, port):
    switch = lab.foreground("-n", "400")
    lab.plug(switch, port, description=b"asked")
    assert switch.await_endpoint("asked") == port


def test_port_0_is_asked_for_by_code_1_and_by_a_negative_number(lab):
    switch = lab.foreground()
    lab.plug(switch, code=1, description=b"code")
    lab.plug(switch, port=-1, description=b"negative")
    assert switch.await_endpoint("code") == 0
    assert switch.await_endpoint("negative") == 0


def test_port_0_is_not_given_to_those_who_do_not_ask(lab):
    switch = lab.foreground()
    lab.plug(switch)
    assert [port for port, _ in switch.descriptions()] == [1]


def test_several_plugs_on_one_port(lab):
    switch = lab.foreground()
    first, second, other = lab.plug(switch, 5), lab.plug(switch, 5), lab.plug(switch, 6)
    to_all = numbered(1, source=mac(6))
    other.send(to_all)
    assert first.receive() == second.receive() == to_all
    second.send(numbered(2, source=mac(5)))  # the port learns, whichever plug it was
    assert other.receive() == numbered(2, source=mac(5))
    to_port = numbered(3, destination=mac(5), source=mac(6))
    other.send(to_port)
    assert first.receive() == second.receive() == to_port, "not back to the same port before"
    lines = switch.ok("port/print 5")
    assert "pkts          1 " in lines[2] and "pkts          2 " in lines[3], lines
    first.close()
    switch.await_endpoints(2)
    carries(second, other)


@pytest.mark.ours_only("its 32 ports count port 0, which nobody is given")
def test_n_plugs_fit_and_the_next_is_refused(lab):
    switch = lab.foreground("-n", "4")
    plugs = [lab.plug(switch) for _ in range(4)]
    with pytest.raises(Refused):
        lab.plug(switch)
    carries(plugs[0], plugs[3])
    plugs[1].close()
    switch.await_endpoints(3)
    carries(lab.plug(switch), plugs[3])


@pytest.mark.ours_only("its 32 ports count port 0, which nobody is given")
def test_the_default_is_room_for_32_plugs(lab):
    switch = lab.foreground()
    for _ in range(32):
        lab.plug(switch)
    with pytest.raises(Refused):
        lab.plug(switch)


def test_with_32_ports_31_plugs_are_served(lab):
    switch = lab.foreground()
    plugs = [lab.plug(switch) for _ in range(31)]
    carries(plugs[0], plugs[30])


@pytest.mark.ours_only(HANGS)
@pytest.mark.parametrize("port", [33, 200, 0x7FFFFF])
def test_a_port_out_of_range_is_refused_with_a_reply_that_leads_nowhere(lab, port):
    switch = lab.foreground()
    idle = open_descriptors(switch.pid)
    with pytest.raises(Refused) as refused:
        lab.plug(switch, port)
    assert "reply of" not in str(refused.value), "a reply, so that the client has a reason"
    assert not Plug(switch.directory).close()
    wait_until(lambda: open_descriptors(switch.pid) <= idle, "no leak")
    wait_until(lambda: switch.data_sockets() == [],
               lambda: f"no leftover in the directory: {switch.data_sockets()}")


@pytest.mark.ours_only(HANGS)
def test_qemu_says_why_it_was_refused(lab):
    switch = lab.foreground()
    qemu = lab.run(["qemu-system-x86_64", "-M", "none", "-nodefaults", "-display", "none",
                    "-netdev", f"vde,id=n0,sock={switch.directory},port=200"])
    assert qemu.returncode == 1
    assert "Could not open vde: " in qemu.stderr
    reason = qemu.stderr.strip().rsplit(": ", 1)[1]
    assert reason not in ("Invalid argument", "Success", ""), "what a bare close would give"


@pytest.mark.ours_only(HANGS)
@pytest.mark.parametrize("tool", [
    ["vde_plug", "{}[200]"], ["vde_plug2tap", "-s", "{}", "-p", "200", "swtestr"],
    ["slirpvde", "-s", "{}", "--port", "200"], ["wirefilter", "-v", "{}[200]:{}"],
    ["vdens", "{}[200]", "true"]])
def test_every_tool_reports_its_refusal(lab, tool):
    switch = lab.foreground()
    refused = lab.run([each.replace("{}", switch.directory) for each in tool])
    assert refused.returncode not in (0, None), refused
    assert refused.stderr, refused
    switch.await_endpoints(0)


def leave_descriptors(pid, free):
    """So many more may be opened, until the limits that this returns are set again."""
    taken = {int(each) for each in os.listdir(f"/proc/{pid}/fd")}
    limit = [each for each in range(len(taken) + free + 1) if each not in taken][free]
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (limit, before[1]))
    return before


@pytest.mark.ours_only("the real one leaves a client without an answer")
@pytest.mark.parametrize("free", [0, 1, 2])
def test_a_client_for_which_no_descriptor_is_left_is_told_the_truth(lab, free):
    """Of the three that a client takes, the first two stay."""
    switch = lab.foreground()
    one, other = lab.plug(switch), lab.plug(switch)
    before = leave_descriptors(switch.pid, free)
    for _ in range(5):
        refused = lab.run(["vde_plug", switch.directory])
        assert refused.returncode == 1
        assert refused.stderr == f"vde_open {switch.directory}: Connection refused\n"
    carries(one, other)
    assert switch.process.errors().count("clients are refused: Too many open files") == 1
    resource.prlimit(switch.pid, resource.RLIMIT_NOFILE, before)
    lab.vde_plug(switch).send(last_frame())
    assert other.receive() == last_frame()
    switch.await_endpoints(3)


# -- users and groups


def test_plugs_of_two_users_do_not_share_a_port(lab):
    switch = lab.foreground("-m", "666")
    first = lab.plug(switch, 3, owner=NOBODY, mode=0o777)
    if lab.programs.is_reference:
        return
    with pytest.raises(Refused):
        lab.plug(switch, 3)  # root is not exempt
    lab.plug(switch, 3, owner=NOBODY, mode=0o777)
    assert [each[0] for each in switch.descriptions()] == [3, 3]
    first.close()


def test_the_users_of_a_port_are_shown(lab):
    switch = lab.foreground()
    lab.plug(switch, 3, owner=NOBODY, mode=0o777)
    lab.plug(switch, 4)
    lab.plug(switch, 5, abstract=True, connect=False)
    for port, user in ((3, "nobody"), (4, "root"), (5, "NONE")):
        assert switch.ok(f"port/print {port}")[1].startswith(f" Current User: {user} ")


@pytest.mark.ours_only("the real one aborts")
def test_a_user_without_a_name_is_shown_as_a_number(lab):
    switch = lab.foreground()
    lab.plug(switch, 3, owner=1234567, mode=0o777)
    switch.ok("port/create 9")
    switch.ok("port/setuser 9 7654321")
    switch.ok("port/setgroup 9 7654322")
    assert " Current User: 1234567 " in switch.ok("port/print 3")[1]
    assert "(User: 7654321 - Group: 7654322)" in switch.ok("port/allprint 9")[1]


@pytest.mark.parametrize("setting,allowed", [
    ("port/setuser 5 nobody", {NOBODY: True, 1: False, 0: True}),
    ("port/setgroup 5 daemon", {NOBODY: False, 1: True, 0: None}),
    ("port/setuser 5 NONE", {NOBODY: True, 1: True, 0: True}),
])
def test_port_access_control(lab, setting, allowed):
    switch = lab.foreground("-m", "666")
    switch.ok("port/create 5")
    switch.ok(setting)
    for user, welcome in allowed.items():
        if welcome is None or (not welcome and lab.programs.is_reference):
            continue
        if welcome:
            lab.plug(switch, 5, owner=user, mode=0o777).close()
            switch.await_endpoints(0)
        else:
            with pytest.raises(Refused):
                lab.plug(switch, 5, owner=user, mode=0o777)


# -- modes and ownership


@pytest.mark.parametrize("options,directory_mode,ctl_mode", [
    ([], 0o2700, 0o600),
    (["-m", "666"], 0o2777, 0o666),
    (["-m", "660"], 0o2770, 0o660),
    (["-m", "060"], 0o2070, 0o060),
    (["--mode", "0700"], 0o2700, 0o700),
    (["--dirmode", "02775"], 0o2775, 0o664),
    (["--dirmode", "0700"], 0o700, 0o600),
    (["-m", "600", "--dirmode", "0755"], 0o755, 0o600),
])
def test_modes_of_the_directory_and_of_ctl(lab, options, directory_mode, ctl_mode):
    switch = lab.foreground(*options)
    assert oct(mode_of(switch.directory)) == oct(directory_mode)
    assert oct(mode_of(switch.ctl)) == oct(ctl_mode)
    assert mode_of(switch.management) == 0o600


def test_group_and_management_modes(lab):
    group = grp.getgrnam("daemon").gr_gid
    switch = lab.foreground("-m", "660", "-g", "daemon", "--mgmtmode", "660", "--mgmtgroup",
                            "daemon")
    for path in (switch.directory, switch.ctl, switch.management):
        assert os.stat(path).st_gid == group, path
    assert mode_of(switch.management) == 0o660
    plug = lab.plug(switch)
    made = os.stat(plug.switch_path)
    assert (made.st_uid, made.st_gid, stat.S_IMODE(made.st_mode)) == (0, group, 0o600)


def test_data_socket_of_a_switch_that_root_runs(lab):
    switch = lab.foreground("-m", "666")
    for owner in (0, NOBODY):
        made = os.stat(lab.plug(switch, owner=owner, mode=0o777).switch_path)
        assert (made.st_uid, stat.S_IMODE(made.st_mode)) == (owner, 0o600)
    abstract = lab.plug(switch, abstract=True, connect=False)
    assert mode_of(abstract.switch_path) == 0o666


def test_port_0_s_data_socket_has_the_management_s_mode(lab):
    switch = lab.foreground("-m", "666", "--mgmtmode", "640")
    for client in ({}, {"abstract": True, "connect": False}):
        plug = lab.plug(switch, code=1, **client)
        wait_until(lambda: mode_of(plug.switch_path) == 0o640,  # the real one: after its reply
                   lambda: f"0o640 for {client}, it is {oct(mode_of(plug.switch_path))}")
        plug.close()
        switch.await_endpoints(0)  # the next one is of another user


def test_data_socket_of_a_switch_that_an_ordinary_user_runs(lab):
    place = lab.shared("place")
    switch = lab.foreground("-m", "666", name="place/sw", user=NOBODY)
    made = os.stat(lab.plug(switch, mode=0o777).switch_path)
    assert (made.st_uid, stat.S_IMODE(made.st_mode)) == (NOBODY, 0o666)
    assert os.listdir(place)
    with pytest.raises(Refused):  # root's socket, closed to the switch's user
        lab.plug(switch, mode=0o700)


def test_an_ordinary_user_s_switch_serves_the_real_tools(lab):
    lab.shared("place")
    switch = lab.foreground("-m", "666", name="place/sw", user=NOBODY)
    one, other = lab.vde_plug(switch, user=NOBODY), lab.vde_plug(switch)
    one.send(numbered(1))
    assert other.await_frames(1) == [numbered(1)]


def test_a_stranger_cannot_plug_into_a_closed_switch(lab):
    switch = lab.foreground()
    stranger = lab.run(as_user(NOBODY, "vde_plug", switch.directory))
    assert stranger.returncode == 1
    assert "Permission denied" in stranger.stderr


# -- the end of a plug


def test_a_plug_that_leaves_takes_its_socket_along(lab):
    switch = lab.foreground()
    plug = lab.plug(switch)
    path = plug.switch_path
    assert os.path.exists(path)
    plug.close()
    wait_until(lambda: not os.path.exists(path), f"the removal of {path}")
    assert switch.descriptions() == []
    assert switch.ok("port/allprint")[0].startswith("Port 0001 untagged_vlan=0000 INACTIVE")


def test_a_killed_plug_is_gone(lab):
    switch = lab.foreground()
    stays = lab.plug(switch)
    killed = lab.vde_plug(switch)
    killed.process.send_signal(signal.SIGKILL)
    switch.await_endpoints(1)
    carries(stays, lab.plug(switch))


def test_the_addresses_of_a_port_leave_with_its_last_plug(lab):
    switch = lab.foreground()
    one, other = lab.plug(switch), lab.plug(switch)
    one.send(numbered(1, source=mac(1)))
    other.receive()
    assert len(switch.ok("hash/print")) == 1
    one.close()
    wait_until(lambda: switch.ok("hash/print") == [], "the address to be forgotten")


def test_the_end_of_the_switch_is_seen_by_every_plug(lab):
    switch = lab.foreground()
    plug, tool = lab.plug(switch), lab.vde_plug(switch)
    plug.close()
    plug = lab.plug(switch, name=lab.path("mine"))
    assert switch.stop() == 0
    wait_until(plug.is_unplugged, "the end of the ctl stream")
    tool.process.wait()
    assert not os.path.exists(switch.directory)


@pytest.mark.ours_only("client sockets that nobody holds keep the real one's directory alive")
def test_the_sockets_of_dead_clients_do_not_keep_the_directory(lab):
    switch = lab.foreground()
    ended = lab.run(["true"])
    assert ended.returncode == 0
    dead = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    dead.bind(os.path.join(switch.directory, ".99999-00001"))
    dead.close()
    assert switch.stop() == 0
    assert not os.path.exists(switch.directory)


@pytest.mark.ours_only("the real one loses its ports after some 44 plugs in quick succession")
def test_a_thousand_connections_in_a_row_leave_nothing(lab):
    switch = lab.foreground()
    one, other = lab.plug(switch, name=lab.path("a")), lab.plug(switch, name=lab.path("b"))
    carries(one, other)
    idle, names = open_descriptors(switch.pid), sorted(os.listdir(switch.directory))
    for number in range(1000):
        plug = Plug(switch.directory, name=lab.path("c"), abstract=number % 2 == 1,
                    connect=number % 2 == 0)
        plug.send(numbered(number))
        plug.close()
    wait_until(lambda: open_descriptors(switch.pid) == idle,
               lambda: f"{idle} descriptors, there are {open_descriptors(switch.pid)}")
    wait_until(lambda: sorted(os.listdir(switch.directory)) == names,
               lambda: f"{names}, there are {os.listdir(switch.directory)}")
    switch.await_endpoints(2)
    carries(one, other)


@pytest.mark.ours_only("the real one loses its ports after some 44 plugs in quick succession")
def test_a_storm_of_clients_that_come_and_go_costs_the_others_nothing(lab):
    ports, rounds = 100, 100
    switch = lab.foreground("-n", str(ports))
    # What the storm sends goes to a third, who does not read.
    stay = [lab.plug(switch, name=lab.path(f"p{number}")) for number in range(3)]
    one, other, sink = stay
    for number, plug in enumerate(stay):
        plug.send(numbered(0, source=mac(number)))
    wait_until(lambda: len(switch.ok("hash/print")) == 3, "three stations")
    assert len(one.receive_many(2) + other.receive_many(2)) == 4
    idle, names = open_descriptors(switch.pid), sorted(os.listdir(switch.directory))

    script = os.path.join(os.path.dirname(__file__), "storm.py")
    place = lab.shared("place")
    storm = [lab.spawn([sys.executable, "-B", script, switch.directory, place, str(rounds), "2"])
             for _ in range(4)]
    carried = 0
    while any(each.popen.poll() is None for each in storm):
        for sender, receiver in ((0, 1), (1, 0)):
            sent = [numbered(carried + each, destination=mac(receiver), source=mac(sender))
                    for each in range(20)]
            for each in sent:
                stay[sender].send(each)
            assert stay[receiver].receive_many(20) == sent
            carried += 20
    for each in storm:
        assert each.wait() == 0
        assert each.output().decode() == f"{rounds} plugged in, refused: []\n"
    assert carried > 0 and one.pending() == other.pending() == []

    wait_until(lambda: open_descriptors(switch.pid) == idle,
               lambda: f"{idle} descriptors, there are {open_descriptors(switch.pid)}")
    wait_until(lambda: sorted(os.listdir(switch.directory)) == names,
               lambda: f"{names}, there are {os.listdir(switch.directory)}")
    switch.await_endpoints(3)
    assert len(switch.ok("hash/print")) == 3
    for number in range(ports - 3):
        lab.plug(switch, name=lab.path(f"q{number}"))
    with pytest.raises(Refused):
        lab.plug(switch, name=lab.path("q"))
    carries(one, other)


def test_a_thousand_plugs_at_once(lab):
    switch = lab.foreground("-n", "1100")
    plugs = [lab.plug(switch, name=lab.path(f"p{number}")) for number in range(1000)]
    assert len(switch.data_sockets()) == 1000
    if not lab.programs.is_reference:  # whose reply is cut at the socket's buffer
        switch.await_endpoints(1000)
    for number in (0, 499, 999):
        wanted = numbered(number, source=mac(number))
        plugs[number].send(wanted)
        for each, plug in enumerate(plugs):
            if each != number:
                assert plug.receive() == wanted
    for plug in plugs:
        plug.close()
    wait_until(lambda: switch.data_sockets() == [], "no socket to be left")
    switch.await_endpoints(0)
    assert is_alive(switch.pid)


# -- frames


@pytest.mark.parametrize("size", [14, 59, 60, 64, 1514, 1518])
def test_frames_arrive_as_they_were_sent(lab, size):
    switch = lab.foreground()
    one, other = lab.plug(switch), lab.plug(switch)
    sent = random.Random(size).randbytes(size)
    sent = frame(source=mac(1), size=14) + sent[14:]
    one.send(sent)
    arrived = other.receive()
    assert arrived[:size] == sent
    assert arrived[size:].strip(b"\0") == b"" and len(arrived) <= max(size, 60)


@pytest.mark.ours_only("the real one cuts frames above 1518 octets")
@pytest.mark.parametrize("size", [1519, 1522, 2048, 4096, 9000, 9014, 9018, 9216, MAX_FRAME])
def test_jumbo_frames_arrive_whole(lab, size):
    switch = lab.foreground()
    one, other = lab.plug(switch), lab.plug(switch)
    for number in range(3):
        sent = frame(source=mac(1), size=14) + random.Random(size + number).randbytes(size - 14)
        one.send(sent)
        assert other.receive() == sent


@pytest.mark.ours_only("the real one cuts frames above 1518 octets")
def test_a_jumbo_frame_passes_unmodified_tools(lab):
    switch = lab.foreground()
    one, other = lab.vde_plug(switch), lab.vde_plug(switch)
    sent = frame(size=9014, payload=random.Random(1).randbytes(9000))
    one.send(sent)
    assert other.await_frames(1) == [sent]


@pytest.mark.ours_only("the real one cuts frames above 1518 octets")
def test_a_frame_above_the_maximum_is_dropped_and_not_cut(lab):
    switch = lab.foreground()
    one, other = lab.plug(switch), lab.plug(switch)
    one.data.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    one.send(frame(size=60000))
    one.send(last_frame())
    arrived = other.receive_until(last_frame())
    assert arrived in ([], [frame(size=60000)])


@pytest.mark.parametrize("size", range(0, 14))
def test_a_runt_is_dropped(lab, size):
    switch = lab.foreground()
    one, other = lab.plug(switch), lab.plug(switch)
    one.send(frame()[:size])
    one.send(last_frame())
    assert other.receive_until(last_frame()) == []
    assert "pkts          1 " in switch.ok("port/print 1")[2], "a runt is not counted as received"
    carries(other, one)


def test_order_is_kept(lab):
    switch = lab.foreground()
    one, other = lab.plug(switch), lab.plug(switch)
    for start in range(0, 2000, 50):
        sent = [numbered(start + each, size=60 + each) for each in range(50)]
        for each in sent:
            one.send(each)
        assert other.receive_many(50) == sent


@pytest.mark.parametrize("abstract", [False, True])
def test_a_reader_that_never_reads_disturbs_nobody(lab, abstract):
    switch = lab.foreground()
    lab.plug(switch, abstract=abstract, connect=not abstract)
    sender, reader = lab.plug(switch), lab.plug(switch)
    for start in range(0, 5000, 50):
        sent = [numbered(start + each) for each in range(50)]
        for each in sent:
            sender.send(each)
        assert reader.receive_many(50) == sent
    carries(sender, reader)
    assert switch.ok("port/showinfo")


def test_a_peer_that_is_gone_without_closing_ctl_disturbs_nobody(lab):
    switch = lab.foreground()
    gone, sender, reader = lab.plug(switch), lab.plug(switch), lab.plug(switch)
    gone.data.close()
    os.unlink(gone.path)
    for number in range(100):
        sender.send(numbered(number))
        assert reader.receive() == numbered(number)
    switch.await_endpoints(3)


@pytest.mark.parametrize("flood", ["nothing", "a byte", "a request without an end"])
def test_many_silent_knocks_harm_nobody(lab, flood):
    switch = lab.foreground()
    one, other = lab.plug(switch), lab.plug(switch)
    data = {"nothing": b"", "a byte": b"\xce",
            "a request without an end": request(lab.path("x"))[:8]}[flood]
    knocks = []
    for _ in range(14 if lab.programs.is_reference else 200):
        knock = lab.closing(Knock(switch.directory))
        if data:
            knock.send(data)
        knocks.append(knock)
    carries(one, other)
    for knock in knocks:
        knock.close()
    carries(lab.plug(switch), other)
