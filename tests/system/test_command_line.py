"""Options, rc files, daemon, pidfile, signals and exit statuses of vde_switch."""

import os
import re
import signal
import socket
import stat

import pytest

from console import Console
from lab import NOBODY, as_user
from plug import last_frame
from process import is_alive
from switch import Switch
from wait import wait_until


def start(lab, *options, **process):
    """A switch that need not come up."""
    return lab.spawn([lab.programs.vde_switch, *options], **process)


def tree(lab, but=("home",)):
    """All that lies in the lab, without what the lab itself writes."""
    return sorted(each for each in os.listdir(lab.directory)
                  if each not in but and not re.match(r"\d{3}-", each))


def is_listening(path):
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except OSError:
            return False
        return True


# -- spellings


@pytest.mark.parametrize("option", ["-s", "-sock", "--sock", "--vdesock", "-vdesock", "--unix",
                                    "-unix", "--vdes", "-so"])
@pytest.mark.parametrize("joined", [False, True])
def test_every_spelling_of_the_directory(lab, option, joined):
    path = lab.path("sw")
    if joined and len(option.lstrip("-")) == 1:
        arguments = [option + path]
    else:
        arguments = [f"{option}={path}"] if joined else [option, path]
    switch = start(lab, *arguments)
    wait_until(lambda: is_listening(path + "/ctl"), f"ctl: {switch}")
    switch.close_stdin()
    assert switch.wait() == 0
    assert tree(lab) == []


@pytest.mark.parametrize("option,command,wanted", [
    (["-x"], "port/showinfo", "HUB=true"), (["-hub"], "port/showinfo", "HUB=true"),
    (["--hub"], "port/showinfo", "HUB=true"), (["-hu"], "port/showinfo", "HUB=true"),
    (["-F"], "fstp/showinfo", "FSTP=true"), (["-fstp"], "fstp/showinfo", "FSTP=true"),
    (["--fst"], "fstp/showinfo", "FSTP=true"), (["-F", "-x"], "fstp/showinfo", "FSTP=false"),
    (["-x", "-F"], "fstp/showinfo", "FSTP=false"), ([], "fstp/showinfo", "FSTP=false"),
    (["-n", "64"], "port/showinfo", "Numports=64"), (["-n64"], "port/showinfo", "Numports=64"),
    (["--numports", "64"], "port/showinfo", "Numports=64"),
    (["-numports=0x10"], "port/showinfo", "Numports=16"),
    (["-n", "65535"], "port/showinfo", "Numports=65535"),
    (["--macaddr", "02:00:00:0a:0b:0c"], "fstp/showinfo", "MAC 02:00:00:0a:0b:0c"),
    (["-macaddr", "2.0.0.a.b.c"], "fstp/showinfo", "MAC 02:00:00:0a:0b:0c"),
    (["--priority", "0x1000"], "fstp/showinfo", "Priority 4096 (0x1000)"),
    (["-priority", "4097"], "fstp/showinfo", "Priority 4097 (0x1001)"),
    (["--hashsize", "256"], "hash/showinfo", "Hash size 256"),
    (["-hashsize", "100"], "hash/showinfo", "Hash size 128"),
    (["-m", "666"], "ds/showinfo", "std mode 0666"),
    (["-mod", "666"], "ds/showinfo", "std mode 0666"),
    (["-mode", "666"], "ds/showinfo", "std mode 0666"),
    (["--mod=0660"], "ds/showinfo", "std mode 0660"),
    (["--mgmtmode", "660"], "showinfo", "perm 0660"),
    (["-D", "3"], "showinfo", "VDE switch"), (["--debugclients", "3"], "showinfo", "VDE switch"),
    (["--nostdin"], "showinfo", "VDE switch"), (["-nostdin"], "showinfo", "VDE switch"),
])
def test_what_options_do(lab, option, command, wanted):
    switch = lab.foreground(*option)
    assert wanted in "\n".join(switch.ok(command))
    assert switch.stop() == 0


@pytest.mark.parametrize("option", ["-M", "--mgmt", "-mgmt"])
def test_spellings_of_the_management_socket(lab, option):
    start(lab, "-s", lab.path("sw"), option, lab.path("mg"))
    wait_until(lambda: is_listening(lab.path("mg")), "the management socket")
    assert lab.closing(Console(lab.path("mg"))).ok("showinfo")


@pytest.mark.parametrize("daemon", ["-d", "-daemon", "--daemon"])
@pytest.mark.parametrize("pidfile", ["-p", "--pidfile", "-pidfile"])
def test_spellings_of_daemon_and_pidfile(lab, daemon, pidfile):
    done = lab.run([lab.programs.vde_switch, "-s", lab.path("sw"), daemon, pidfile,
                    lab.path("pid")])
    assert done.returncode == 0 and done.stdout == done.stderr == ""
    switch = Switch(lab.path("sw"), None, lab.path("pid"))
    switch.await_start()
    switch.stop()
    assert tree(lab) == []


@pytest.mark.parametrize("option", ["-h", "--help", "-help"])
def test_help_goes_to_stdout_with_status_1(lab, option):
    done = lab.run([lab.programs.vde_switch, option])
    assert done.returncode == 1
    assert done.stdout.startswith("Usage: vde_switch ")
    for each in ("--numports", "--hub", "--fstp", "--macaddr", "--priority", "--hashsize", "--sock",
                 "--mode", "--dirmode", "--group", "--daemon", "--pidfile", "--rcfile", "--mgmt",
                 "--mgmtmode", "--mgmtgroup", "--tap"):
        assert each in done.stdout, each


@pytest.mark.parametrize("option", ["-v", "--version", "-version"])
def test_version(lab, option):
    done = lab.run([lab.programs.vde_switch, option])
    assert done.returncode == 0
    assert done.stdout.startswith("VDE 2.3.")


@pytest.mark.parametrize("option", ["--bogus", "-bogus", "-Z", "--bogus=1"])
def test_an_unknown_option_is_reported_and_ignored(lab, option):
    switch = lab.foreground(option)
    assert "option" in switch.process.errors()
    assert switch.stop() == 0


def test_a_stray_argument_is_an_error(lab):
    done = lab.run([lab.programs.vde_switch, "-s", lab.path("sw"), "stray"])
    assert done.returncode == 1
    assert "Usage" in done.stdout + done.stderr or "stray" in done.stderr
    assert tree(lab) == []


@pytest.mark.parametrize("options,status", [
    (["-n", "0"], 1), (["-n", "-5"], 1), (["--macaddr", "xyz"], 1), (["--macaddr", "1:2:3"], 1),
    (["-g", "nosuchgroup"], 1), (["--mgmtgroup", "nosuchgroup"], 1),
])
def test_bad_values(lab, options, status):
    done = lab.run([lab.programs.vde_switch, "-s", lab.path("sw"), *options])
    assert done.returncode == status, done
    assert done.stderr or done.stdout
    assert tree(lab) == []


@pytest.mark.ours_only("the real one keeps 32 without a word")
def test_a_number_of_ports_that_is_none_is_an_error(lab):
    done = lab.run([lab.programs.vde_switch, "-s", lab.path("sw"), "-n", "many"])
    assert done.returncode == 1
    assert "many" in done.stderr
    assert tree(lab) == []


def test_the_rounded_hash_size_is_told(lab):
    switch = lab.foreground("--hashsize", "100")
    assert "Hash size must be a power of 2. 100 rounded to 128" in switch.process.errors()


# -- rc files

RC = "# comment\n\n  port/create 3\nnonsense\nvlan/create 9\nport/setvlan 3 9\r\nshutdown\nlogout\n"


def rc_was_read(switch):
    return "Port 0003 untagged_vlan=0009 INACTIVE" in "\n".join(switch.ok("port/allprint"))


@pytest.mark.parametrize("option", ["-f", "--rcfile", "-rcfile"])
def test_the_rc_file_that_is_named(lab, option):
    switch = lab.foreground(option, lab.write("rc", RC))
    wait_until(lambda: rc_was_read(switch), "the rc file's commands")
    assert switch.is_running()


def test_the_rc_file_of_the_user(lab):
    os.mkdir(os.path.join(lab.home, ".vde2"))
    lab.write("home/.vde2/vde_switch.rc", RC)
    switch = lab.foreground()
    wait_until(lambda: rc_was_read(switch), "the rc file's commands")


def test_a_named_rc_file_replaces_the_user_s(lab):
    os.mkdir(os.path.join(lab.home, ".vde2"))
    lab.write("home/.vde2/vde_switch.rc", RC)
    switch = lab.foreground("-f", lab.write("rc", "port/create 4\n"))
    wait_until(lambda: switch.console.command("port/allprint 4").code == 1000, "port 4")
    assert switch.console.command("port/allprint 3").code == 1006


def test_the_rc_file_works_for_a_daemon(lab):
    switch = lab.daemon("-f", lab.write("rc", RC))
    wait_until(lambda: rc_was_read(switch), "the rc file's commands")


def test_an_rc_file_that_cannot_be_read_does_not_stop_the_start(lab):
    assert lab.foreground("-f", "/nonexistent/rc").stop() == 0


def test_an_rc_file_without_a_last_newline_and_with_long_lines(lab):
    switch = lab.foreground("-f", lab.write("rc", "#" + "x" * 100 + "\nport/create 3\nvlan/create 9"
                                                  "\nport/setvlan 3 9"))
    wait_until(lambda: rc_was_read(switch), "the last line")


@pytest.mark.ours_only("the real one is silent about its rc file")
@pytest.mark.parametrize("option", [[], ["-d"]])
def test_wrong_lines_of_the_rc_file_are_told_with_their_numbers(lab, option):
    """Of a daemon, before its parent returns."""
    rc = lab.write("rc", "port/create 3\nport/create 3\n# fine\nno/such/command\n")
    done = lab.run([lab.programs.vde_switch, "-s", lab.path("sw"), *option, "-f", rc])
    assert done.returncode == 0
    told = [line for line in done.stderr.splitlines() if rc in line]
    assert len(told) == 2
    assert f"{rc}:2: 'port/create 3'" in told[0] and "1017" in told[0]
    assert f"{rc}:4: 'no/such/command'" in told[1] and "1038" in told[1]


# -- daemon and pidfile


def test_ctl_can_be_connected_when_the_daemon_s_parent_returns(lab):
    for number in range(10):
        path = lab.path(f"s{number}")
        done = lab.run([lab.programs.vde_switch, "-s", path, "-d"])
        assert done.returncode == 0 and is_listening(path + "/ctl")


@pytest.mark.ours_only("in the real one they follow some milliseconds later")
def test_all_is_there_when_the_daemon_s_parent_returns(lab):
    for number in range(10):
        path = lab.path(f"s{number}")
        rc = lab.write("rc", "port/create 5\n")
        done = lab.run([lab.programs.vde_switch, "-s", path, "-d", "-p", path + ".pid", "-M",
                        path + ".mg", "-f", rc])
        assert done.returncode == 0
        with open(path + ".pid", encoding="ascii") as file:
            content = file.read()
        assert re.fullmatch(r"\d+\n", content) and is_alive(int(content))
        console = Console(path + ".mg")
        assert console.command("port/allprint 5").code == 1000
        console.close()


def test_the_daemon_is_detached(lab):
    switch = lab.daemon()
    pid = switch.pid
    assert {os.readlink(f"/proc/{pid}/fd/{each}") for each in (0, 1, 2)} == {"/dev/null"}
    assert os.getsid(pid) != os.getsid(0)
    assert stat.S_IMODE(os.stat(switch.pidfile).st_mode) == 0o644


def test_relative_names_belong_to_the_directory_of_the_start(lab):
    os.mkdir(lab.path("cwd"))
    done = lab.run([lab.programs.vde_switch, "-s", "sw", "-d", "-p", "pid"], cwd=lab.path("cwd"))
    assert done.returncode == 0
    switch = Switch(lab.path("cwd", "sw"), None, lab.path("cwd", "pid"))
    switch.await_start()
    lab.plug(switch)
    switch.stop()


@pytest.mark.ours_only("the real one makes it in /")
def test_a_relative_management_socket_belongs_there_too(lab):
    os.mkdir(lab.path("cwd"))
    done = lab.run([lab.programs.vde_switch, "-s", "sw", "-d", "-p", "pid", "-M", "mg"],
                   cwd=lab.path("cwd"))
    assert done.returncode == 0
    wait_until(lambda: is_listening(lab.path("cwd", "mg")), "the management socket")


def test_a_pidfile_of_a_living_process_is_an_error(lab):
    pidfile = lab.write("pid", f"{os.getpid()}\n")
    done = lab.run([lab.programs.vde_switch, "-s", lab.path("sw"), "-p", pidfile])
    assert done.returncode == 1
    assert "File exists" in done.stderr or "pid" in done.stderr
    assert not os.path.exists(lab.path("sw"))


@pytest.mark.ours_only("the real one's child dies after its parent said 0, and removes the file")
def test_a_pidfile_of_a_living_process_is_an_error_for_a_daemon_too(lab):
    pidfile = lab.write("pid", f"{os.getpid()}\n")
    done = lab.run([lab.programs.vde_switch, "-s", lab.path("sw"), "-p", pidfile, "-d"])
    assert done.returncode == 1
    assert done.stderr
    assert os.path.exists(pidfile) and not os.path.exists(lab.path("sw"))


@pytest.mark.ours_only("the real one does not look whether the process lives")
@pytest.mark.parametrize("daemon", [False, True])
def test_the_pidfile_of_a_dead_process_is_replaced(lab, daemon):
    pidfile = lab.write("sw.pid", "4194304999\n" if daemon else "")
    dead = lab.run(["sh", "-c", "echo $$"]).stdout
    lab.write("sw.pid", dead)
    switch = lab.daemon() if daemon else lab.foreground("-p", pidfile)
    with open(pidfile, encoding="ascii") as file:
        assert int(file.read()) == switch.pid
    switch.stop()
    assert not os.path.exists(pidfile)


def test_a_pidfile_that_cannot_be_written(lab):
    done = lab.run([lab.programs.vde_switch, "-s", lab.path("sw"), "-p", "/nonexistent/pid"])
    assert done.returncode == 1
    assert done.stderr
    assert tree(lab) == []


# -- a second instance and stale files


def test_a_second_instance_fails_with_255_and_harms_nothing(lab):
    first = lab.foreground()
    plug = lab.plug(first)
    before = sorted(os.listdir(first.directory))
    second = lab.run([lab.programs.vde_switch, "-s", first.directory, "-M", lab.path("mg2")])
    assert second.returncode == 255
    assert "Address already in use" in second.stderr
    assert sorted(os.listdir(first.directory)) == before
    assert not os.path.exists(lab.path("mg2"))
    lab.vde_plug(first).send(last_frame())
    assert plug.receive() == last_frame()
    assert first.stop() == 0


@pytest.mark.ours_only("the real one's second instance deletes the first one's pidfile")
def test_a_second_instance_leaves_the_first_one_s_pidfile(lab):
    first = lab.daemon()
    second = lab.run([lab.programs.vde_switch, "-s", first.directory, "-M", first.management, "-d",
                      "-p", first.pidfile])
    assert second.returncode != 0
    assert os.path.exists(first.pidfile) and first.is_running()
    assert lab.closing(Console(first.management)).ok("showinfo")


def test_what_a_killed_switch_left_is_replaced(lab):
    first = lab.foreground()
    lab.plug(first)
    first.stop(signal.SIGKILL)
    assert os.path.exists(first.ctl) and os.path.exists(first.management)
    second = lab.foreground()
    plugs = [lab.plug(second, name=lab.path(f"p{number}")) for number in range(2)]
    plugs[0].send(last_frame())
    assert plugs[1].receive() == last_frame()
    second.close_console()


@pytest.mark.ours_only("the real one runs without a management socket and says nothing")
def test_a_management_socket_in_use_is_an_error(lab):
    first = lab.foreground()
    second = lab.run([lab.programs.vde_switch, "-s", lab.path("other"), "-M", first.management])
    assert second.returncode not in (0, None)
    assert first.management in second.stderr
    assert not os.path.exists(lab.path("other"))
    assert lab.closing(Console(first.management)).ok("showinfo")


# -- directories


@pytest.mark.ours_only("the real one changes any directory's mode")
def test_a_foreign_directory_keeps_its_mode(lab):
    os.mkdir(lab.path("theirs"), 0o755)
    lab.write("theirs/letter", "do not touch")
    before = os.stat(lab.path("theirs"))
    done = lab.run([lab.programs.vde_switch, "-s", lab.path("theirs")])
    assert os.stat(lab.path("theirs")).st_mode == before.st_mode
    assert os.listdir(lab.path("theirs")) == ["letter"]
    assert done.returncode != 0 and lab.path("theirs") in done.stderr


def test_an_empty_directory_that_exists_is_used(lab):
    os.mkdir(lab.path("sw"))
    switch = lab.foreground()
    assert switch.stop() == 0


def test_a_directory_without_a_parent(lab):
    done = lab.run([lab.programs.vde_switch, "-s", "/nonexistent/sw"])
    assert done.returncode == 255
    assert "/nonexistent" in done.stderr


def test_a_directory_where_one_may_not_write(lab):
    os.mkdir(lab.path("closed"), 0o755)
    done = lab.run(as_user(NOBODY, lab.programs.vde_switch, "-s", lab.path("closed", "sw")))
    assert done.returncode == 255
    assert lab.path("closed") in done.stderr
    assert os.listdir(lab.path("closed")) == []


def test_a_name_that_is_a_file(lab):
    path = lab.write("sw", "a file")
    done = lab.run([lab.programs.vde_switch, "-s", path])
    assert done.returncode == 255
    with open(path, encoding="ascii") as file:
        assert file.read() == "a file"


@pytest.mark.ours_only("the real one cuts the name of a socket without a word")
@pytest.mark.parametrize("option", ["-s", "-M"])
def test_a_name_too_long_for_a_socket(lab, option):
    long = lab.path("x" * 100)
    options = ["-s", long] if option == "-s" else ["-s", lab.path("sw"), "-M", long]
    done = lab.run([lab.programs.vde_switch, *options])
    assert done.returncode != 0
    assert "x" * 100 in done.stderr
    assert tree(lab) == []


def test_a_symbolic_link_to_the_directory_serves_as_well(lab):
    switch = lab.foreground()
    os.symlink(switch.directory, lab.path("link"))
    other = Switch(lab.path("link"), switch.management)
    plug, through_link = lab.plug(switch), lab.plug(other)
    through_link.send(last_frame())
    assert plug.receive() == last_frame()
    assert through_link.switch_path.startswith(switch.directory)


# -- the end


@pytest.mark.parametrize("number,status", [
    (signal.SIGTERM, 0), (signal.SIGINT, -signal.SIGINT)])
@pytest.mark.parametrize("plugged", [False, True])
def test_signals_that_end(lab, number, status, plugged):
    switch = lab.foreground()
    if plugged:
        lab.plug(switch, name=lab.path("p"))
        lab.vde_plug(switch)
    assert switch.stop(number) == status
    assert [each for each in tree(lab) if each != "p"] == []


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGPIPE, signal.SIGUSR1, signal.SIGUSR2,
                                    signal.SIGVTALRM, signal.SIGPROF, signal.SIGPWR])
def test_signals_that_do_not_end(lab, number):
    switch = lab.foreground()
    os.kill(switch.pid, number)
    assert switch.ok("showinfo")
    assert switch.stop() == 0


def test_the_end_of_stdin_ends_the_switch(lab):
    switch = lab.foreground()
    switch.close_console()
    switch.process.close_stdin()
    assert switch.process.wait() == 0
    assert "EOF on stdin" in switch.process.errors()
    assert tree(lab) == []


def test_dev_null_as_stdin_is_the_end_at_once(lab):
    done = lab.run([lab.programs.vde_switch, "-s", lab.path("sw")])
    assert done.returncode == 0
    assert tree(lab) == []


@pytest.mark.ours_only("only newer versions of the real one know it")
def test_nostdin_does_not_read_stdin(lab):
    switch = lab.foreground("--nostdin")
    switch.process.write(b"shutdown\n")
    switch.process.close_stdin()
    plug = lab.plug(switch)
    lab.vde_plug(switch).send(last_frame())
    assert plug.receive() == last_frame()
    assert switch.process.errors() == "" and switch.stop() == 0


def test_a_daemon_does_not_need_stdin(lab):
    switch = lab.daemon()
    assert switch.ok("showinfo")
    switch.stop()
    assert tree(lab) == []


def test_a_signal_right_after_the_start(lab):
    """Nothing of a half-started switch stays."""
    for _ in range(20):
        process = start(lab, "-s", lab.path("sw"), "-M", lab.path("mg"))
        wait_until(lambda: os.path.exists(lab.path("sw", "ctl")), "ctl")
        assert process.stop() in (0, -signal.SIGTERM)
        if lab.programs.is_reference:  # it may not have its handlers yet
            break
        assert tree(lab) == []


# -- tap


def test_a_tap_port(lab):
    host = lab.namespace()
    switch = lab.spawn(host.prefix(lab.programs.vde_switch, "-s", lab.path("sw"), "-M",
                                   lab.path("mg"), "-t", "swtap0", "-tap", "swtap1"))
    here = Switch(lab.path("sw"), lab.path("mg"), process=switch)
    here.await_start()
    wait_until(lambda: here.descriptions() == [(1, "swtap0"), (2, "swtap1")], here.descriptions)
    assert "module tuntap      : swtap0" in here.ok("port/print 1")[4]
    plug = lab.plug(here)
    host.configure("swtap0", "10.78.0.1/24")
    host.ip("neigh", "add", "10.78.0.2", "lladdr", "02:00:00:00:00:02", "dev", "swtap0")
    lab.run(host.prefix("ping", "-c", "1", "-W", "1", "10.78.0.2"))
    wait_until(lambda: any(each[12:14] == b"\x08\x00" for each in plug.pending()), "the ping")
    here.stop()
    wait_until(lambda: not host.has_link("swtap0"), "the tap to go")


def test_a_tap_that_cannot_be_made_is_reported_and_not_fatal(lab):
    place = lab.shared("place")
    switch = lab.foreground("-t", "swtapx", name="place/sw", user=NOBODY)
    assert "swtapx" in switch.process.errors() or "tun" in switch.process.errors()
    assert os.listdir(place) and switch.stop() == 0


@pytest.mark.parametrize("user,directory", [(0, "/var/run/vde.ctl"), (NOBODY, "/tmp/vde.ctl")])
def test_the_default_directory(lab, user, directory):
    if os.path.exists(directory):
        pytest.fail(f"{directory} exists: another vde_switch uses the default name here")
    argv = [lab.programs.vde_switch]
    switch = lab.spawn(argv if user == 0 else as_user(user, *argv))
    wait_until(lambda: is_listening(directory + "/ctl"), directory)
    assert switch.stop() == 0
    assert not os.path.exists(directory)
