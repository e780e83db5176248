"""Those who run vde_switch today: their command lines, and what they parse."""

import ctypes
import grp
import os
import pty
import re
import signal
import socket
import subprocess

import pytest

from console import GOODBYE, PROMPT, Console
from frame import frame, mac, numbered
from host import lease, ping_from_vdens, vdens_up
from lab import NOBODY, as_user
from plug import Plug, bind_whole, last_frame, path_of, request
from process import is_alive
from switch import Switch
from wait import wait_until

QEMU = ["qemu-system-x86_64", "-nodefaults", "-display", "none", "-accel", "tcg", "-S"]


def there(lab, *names):
    return [each for each in names if os.path.exists(lab.path(each))]


def nobody_uses(directory):
    if os.path.exists(directory):
        pytest.fail(f"{directory} exists: another vde_switch uses the default name here")


def carries(lab, switch):
    """A frame between two unmodified plugs."""
    one = lab.closing(Plug(switch.directory, name=lab.path("p1")))
    other = lab.closing(Plug(switch.directory, name=lab.path("p2")))
    one.send(last_frame())
    assert last_frame() in other.pending_until(last_frame(), 30)
    one.close()
    other.close()


# -- 1 to 6: NixOS


def test_01_nixos_test_driver(lab):
    directory = lab.path("vde1.ctl")
    switch = lab.spawn([lab.programs.vde_switch, "--sock", directory, "--dirmode", "0700", "--hub"],
                       stdout=subprocess.PIPE)
    switch.write(b"showinfo\n")
    heard = []
    while not heard or b"1000 Success" not in heard[-1]:
        heard.append(switch.popen.stdout.readline())
        assert heard[-1], f"the end of stdout after {heard}"
    assert os.path.exists(os.path.join(directory, "ctl"))
    hosts = [lab.namespace(), lab.namespace()]
    for number, host in enumerate(hosts, 1):
        lab.spawn(host.prefix("vde_plug2tap", "-s", directory, f"vde{number}"))
        wait_until(lambda: host.has_link(f"vde{number}"), "the tap")
        host.configure(f"vde{number}", f"192.168.1.{number}/24")
    ping = lab.run(hosts[0].prefix("ping", "-c", "2", "-i", ".2", "192.168.1.2"))
    assert " 2 received" in ping.stdout, ping
    switch.close_stdin()
    if switch.popen.poll() is None:
        switch.send_signal(signal.SIGTERM)
    assert switch.wait() == 0
    assert not os.path.exists(directory)


def test_02_nixos_vm(lab):
    switch = lab.foreground("--dirmode", "0700", "--hub")
    lab.spawn([*QEMU, "-machine", "pc", "-netdev",
               f'vde,id=vlan1,sock={switch.directory}', "-device",
               "virtio-net-pci,netdev=vlan1,mac=52:54:00:12:01:01"])
    switch.await_endpoint("QEMU")


@pytest.mark.parametrize("options", [["--dirmode", "0700"], ["--dirmode", "0777"], []],
                         ids=["python", "python 0777", "perl"])
def test_03_04_older_nixos_drivers(lab, options):
    """A terminal as stdin, and the answer to an unknown command as the sign of life."""
    master, slave = pty.openpty()
    directory = lab.path("vde1.ctl")
    switch = lab.spawn([lab.programs.vde_switch, "-s", directory, *options], stdin=slave,
                       stdout=subprocess.PIPE)
    os.close(slave)
    os.write(master, b"version\n")
    assert switch.popen.stdout.readline() == b"1038 Function not implemented\n"
    assert os.path.exists(os.path.join(directory, "ctl"))
    os.close(master)  # the terminal goes away with the driver
    assert switch.wait() in (0, -signal.SIGHUP)


def test_05_nixos_in_other_languages(lab):
    directory = lab.path("vde1.ctl")
    switch = lab.spawn([lab.programs.vde_switch, "--sock", directory, "--dirmode", "0700", "--hub"])
    wait_until(lambda: os.path.exists(os.path.join(directory, "ctl")), "ctl", 5)
    assert switch.popen.poll() is None and switch.output() == b""


def test_06_nix_vms_looks_at_the_executable(lab):
    directory = lab.path("sw")
    switch = lab.spawn([lab.programs.vde_switch, "--sock", directory, "--dirmode", "0700", "--hub"])
    wait_until(lambda: os.path.exists(os.path.join(directory, "ctl")), "ctl")
    assert os.path.basename(os.readlink(f"/proc/{switch.pid}/exe")) == "vde_switch"
    with open(f"/proc/{switch.pid}/cmdline", "rb") as file:
        assert file.read().split(b"\0")[:-1] == [each.encode() for each in switch.argv]
    with open(f"/proc/{switch.pid}/comm", encoding="ascii") as file:
        assert file.read() == "vde_switch\n"
    switch.stop(signal.SIGKILL)


# -- 7 to 13


def test_07_openqa(lab):
    done = lab.run([lab.programs.vde_switch, "-s", lab.path("vde.ctl"), "-M", lab.path("vde.mgmt"),
                    "-d", "-p", lab.path("pid")])
    assert done.returncode == 0
    switch = Switch(lab.path("vde.ctl"), lab.path("vde.mgmt"), lab.path("pid"))
    switch.await_start()
    worker = 1
    port, vlan = worker * 2 + 2, 1
    for line in (f"port/remove {port}", f"port/create {port}", f"vlan/create {vlan}",
                 f"port/setvlan {port} {vlan}", f"port/remove {port + 1}",
                 f"port/create {port + 1}", f"port/setvlan {port + 1} {vlan}"):
        assert lab.vdecmd(switch, *line.split()).returncode == 255
    lab.spawn(["slirpvde", "--dhcp", "-s", switch.directory, "--port", str(port + 1)])
    switch.await_endpoint("slirpvde", port + 1)
    lab.spawn([*QEMU, "-M", "pc", "-netdev", f"vde,id=qanet0,sock={switch.directory},port={port}",
               "-device", "virtio-net,netdev=qanet0,mac=52:54:00:12:34:56"])
    switch.await_endpoint("QEMU", port)
    assert f"Port {port:04d} untagged_vlan=0001 ACTIVE" in switch.ok(f"port/print {port}")[0]


def test_08_kathara(lab):
    """Names and numbers cut out of answers that end in a prompt."""
    ctl, pidfile, mgmt = lab.path("lan"), lab.path("lan.pid"), lab.path("lan.mgmt")
    done = lab.run([lab.programs.vde_switch, "-n", "65535", "-x", "-d", "-s", ctl, "-p", pidfile,
                    "-M", mgmt])
    assert done.returncode == 0
    wait_until(lambda: os.path.exists(pidfile) and os.path.getsize(pidfile), "the pid file")
    switch = Switch(ctl, mgmt, pidfile)
    switch.await_start()
    with open(pidfile, encoding="ascii") as file:
        pid = int(file.read())
    console = switch.console
    assert console.banner.endswith(b"\nvde$ ")

    def command(line):
        raw = console.exchange(line.encode() + b"\n").decode()
        return int(re.search(r"^1(\d{3})", raw, re.MULTILINE)[1]), raw

    code, raw = command("port/createauto")
    assert code == 0
    port = int(re.search(r"^Port (\d+)", raw, re.MULTILINE)[1])
    assert port == 1
    for line, wanted in ((f"port/create {port + 1}", 0), (f"port/create {port}", 17),
                         ("vlan/create 100", 0), ("vlan/create 100", 17),
                         (f"port/setvlan {port} 100", 0), (f"vlan/addport 100 {port + 1}", 0),
                         (f"vlan/delport 100 {port + 1}", 0), (f"vlan/delport 100 {port}", 98),
                         ("port/remove 40", 6), (f"port/remove {port + 1}", 0)):
        assert command(line)[0] == wanted, line
    carries(lab, switch)
    switch.close_console()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_alive(pid), "the end")


def test_09_ktest(lab):
    fifo, directory = lab.path("fifo"), lab.path("vde")
    os.mkfifo(fifo)
    lab.spawn(["sh", "-c", f"tail -f {fifo} | {lab.programs.vde_switch} -sock {directory}"])
    with open(fifo, "wb"):  # opened and held, never written
        wait_until(lambda: os.path.exists(directory + "/ctl"), "the directory")
        slirp = lab.spawn(["slirpvde", "--sock", directory, "--dhcp=10.0.2.2", "--host",
                           "10.0.2.1/24"])
        lab.spawn([*QEMU, "-M", "pc", "-net", "nic,model=virtio", "-net", f"vde,sock={directory}"])
        sockets = Switch(directory, None)
        wait_until(lambda: len([each for each in sockets.data_sockets()
                                if not each.startswith(".")]) == 2, "slirpvde and QEMU")
        assert slirp.popen.poll() is None


def test_10_marionnet(lab):
    ports = 4
    socket_name, mgmt = lab.path("hub0"), lab.path("hub0.mgmt")
    process = lab.spawn([lab.programs.vde_switch, "-x", "-n", str(ports + 1), "-mod", "777",
                         "-unix", socket_name, "--mgmt", mgmt, "--rcfile",
                         lab.write("rc", "# none\n")])
    switch = Switch(socket_name, mgmt, process=process)
    switch.await_start()
    slirp = lab.spawn(["slirpvde", "--mod", "777", "--unix", socket_name, "--network", "10.0.2.0",
                       "--dhcp"])
    switch.await_endpoint("slirpvde")
    plugs = [lab.plug(switch), lab.plug(switch, abstract=True, connect=False)]
    reader = lab.closing(Console(mgmt))
    reader.send(b"port/print\n")
    said = (reader.banner + reader.read_until(b"\n.\n1000 Success\n")).decode()
    assert len(re.findall(r"^Port (\d+) (\S+) ACTIVE", said, re.MULTILINE)) == 3
    reader.send(b"port/sethub 1\n")
    assert b"vde$ 1000 Success\n" in reader.read_until(b"Success\n")
    plugs[0].send(numbered(1))
    assert numbered(1) in plugs[1].pending_until(numbered(1), 30)
    assert slirp.popen.poll() is None and process.output() == b""
    process.stop()


def test_10_marionnet_filters_a_cable(lab):
    one, other = lab.foreground("-mod", "777", name="a"), lab.foreground("--fstp", name="b")
    lab.spawn(["wirefilter", "-l", "LR0", "-D", "LR0", "--noise", "LR0", "-d", "LR1+1", "-d",
               "RL1+1", "-v", f"{one.directory}:{other.directory}"])
    one.await_endpoints(1)
    other.await_endpoints(1)
    plugs = [lab.plug(one), lab.plug(other)]
    plugs[0].send(last_frame())
    assert last_frame() in plugs[1].pending_until(last_frame(), 30)
    assert "FSTP=true" in other.ok("fstp/showinfo")


def test_11_picotcp(lab):
    host = lab.namespace()
    done = lab.run(host.prefix(lab.programs.vde_switch, "-s", lab.path("pic0.ctl"), "-m", "777",
                               "-M", lab.path("pici"), "-d", "-hub", "-t", "pic0"))
    assert done.returncode == 0
    switch = Switch(lab.path("pic0.ctl"), lab.path("pici"))
    switch.await_start()
    wait_until(lambda: host.has_link("pic0"), "the tap")
    carries(lab, switch)
    switch.close_console()
    assert lab.vdecmd(switch, "shutdown").returncode == 255
    wait_until(lambda: not there(lab, "pic0.ctl", "pici"), "the end")


def test_12_lkl(lab):
    host, peer = lab.namespace(), lab.namespace()
    name = lab.path("sock")
    done = lab.run(host.prefix(lab.programs.vde_switch, "-d", "-t", "lkltap", "-s", name, "-p",
                               name + ".pid"))
    assert done.returncode == 0
    Switch(name, None, name + ".pid").await_start()
    wait_until(lambda: host.has_link("lkltap"), "the tap")
    host.configure("lkltap", "192.168.13.1/24")
    lab.spawn(peer.prefix("vde_plug2tap", "-s", name, "lkl0"))
    wait_until(lambda: peer.has_link("lkl0"), "the other end")
    peer.configure("lkl0", "192.168.13.2/24")
    ping = lab.run(host.prefix("ping", "-c", "2", "-i", ".2", "-s", "1472", "-M", "do",
                               "192.168.13.2"))
    assert " 2 received" in ping.stdout, ping
    with open(name + ".pid", encoding="ascii") as file:
        pid = int(file.read())
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not there(lab, "sock", "sock.pid"), "the end")


def test_13_batman(lab):
    """Their rc file is for a patched switch; what the others do not know must not stop the rest."""
    switches = []
    for number in (1, 2):
        rc = lab.write(f"{number}.rc", "port/setcolourful 1\n" + "".join(
            f"port/create {port}\nport/setcolour {port} 1\n" for port in (1, 2, 3)))
        name, mgmt = lab.path(f"{number}.ctl"), lab.path(f"{number}.mg")
        done = lab.run([lab.programs.vde_switch, "-d", "--sock", name, "-f", rc, "-M", mgmt])
        assert done.returncode == 0
        switches.append(Switch(name, mgmt))
        switches[-1].await_start()
        wait_until(lambda: switches[-1].console.command("port/allprint 3").code == 1000, "the rc")
    lab.spawn(["dpipe", "vde_plug", "--port", "3", switches[0].directory, "=", "vde_plug",
               "--port", "1", switches[1].directory])
    switches[0].await_endpoint("vdeplug", 3)
    switches[1].await_endpoint("vdeplug", 1)
    lab.spawn([*QEMU, "-M", "pc", "-net", f"vde,sock={switches[0].directory},port=2", "-net",
               "nic,model=e1000"])
    switches[0].await_endpoint("QEMU", 2)


# -- 14 to 20


@pytest.mark.ours_only("--nostdin came after the version that Debian has")
def test_14_lima(lab):
    place = lab.shared("place")
    argv = [lab.programs.vde_switch, f"--pidfile={place}/pid", f"--sock={place}/vde.ctl",
            "--group=daemon", "--dirmode=0770", "--nostdin"]
    process = lab.spawn(["setpriv", "--reuid", "1", "--regid", "1", "--clear-groups", *argv],
                        stdin=subprocess.DEVNULL)
    switch = Switch(place + "/vde.ctl", None, place + "/pid", process)
    switch.await_start()
    made = os.stat(switch.directory)
    assert made.st_mode & 0o777 == 0o770 and made.st_gid == grp.getgrnam("daemon").gr_gid
    assert process.stop() == 0
    assert os.listdir(place) == []


def test_15_86box(lab):
    place = lab.shared("place")
    name, mgmt = place + "/86.ctl", place + "/86.mgmt"
    process = lab.spawn(as_user(NOBODY, lab.programs.vde_switch, "--mode", "666", "--numports", "8",
                                "--mgmt", mgmt, "--mgmtmode", "666", "-s", name))
    switch = Switch(name, mgmt, process=process)
    switch.await_start()
    assert "Numports=8" in switch.ok("port/showinfo")
    lab.vde_plug(switch, user=1)
    lab.vde_plug(switch)
    assert os.stat(mgmt).st_mode & 0o777 == 0o666


def test_16_virtualbox(lab):
    switch = lab.foreground()
    for line in ("vlan/create 10", "port/create 3", "port/create 4", "port/setvlan 3 10",
                 "port/setvlan 4 10"):
        switch.ok(line)
    members, outside = [lab.vde_plug(switch, 3), lab.vde_plug(switch, 4)], lab.vde_plug(switch)
    members[0].send(numbered(1))
    assert members[1].await_frames(1) == [numbered(1)]
    other = lab.plug(switch)
    other.send(numbered(2, source=mac(2)))
    assert outside.await_frame(numbered(2, source=mac(2))) == []


def test_17_samba(lab):
    pidfile, name = lab.path("pid"), lab.path("vde")
    done = lab.run([lab.programs.vde_switch, "--pidfile", pidfile, "--sock", name, "--daemon"])
    assert done.returncode == 0
    if lab.programs.is_reference:  # whose file comes a little later
        wait_until(lambda: os.path.exists(pidfile) and os.path.getsize(pidfile), "the pid file")
    with open(pidfile, encoding="ascii") as file:
        pid = int(file.read())
    assert is_alive(pid) and os.path.exists(name + "/ctl")
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_alive(pid), "the end")


def test_18_docker_plugin(lab):
    switch = lab.foreground("--numports", "64", "--group", "daemon")
    for number, line in enumerate(("port/create 5", "vlan/create 3", "port/setvlan 5 3"), 1):
        switch.process.write(line.encode() + b"\n")
        wait_until(lambda: switch.process.output().count(b"1000 Success\n") == number, line)
    assert "untagged_vlan=0003" in switch.ok("port/allprint 5")[0]


@pytest.mark.parametrize("hub", [[], ["-x"]])
def test_19_netcircus(lab, hub):
    switch = lab.daemon("-n", "12", *hub)
    done = lab.vdecmd(switch, "port/print")
    assert done.returncode == 255, "which its scripts take for success"
    plug = lab.plug(switch)
    assert "Port 0001 untagged_vlan=0000 ACTIVE" in lab.vdecmd(switch, "port/print").stdout
    plug.close()
    assert f"HUB={'true' if hub else 'false'}" in lab.vdecmd(switch, "port/showinfo").stdout
    lab.vdecmd(switch, "shutdown")
    wait_until(lambda: not there(lab, "sw", "sw.mg", "sw.pid"), "the end")


def test_20_archwiki(lab):
    nobody_uses("/var/run/vde.ctl")
    done = lab.run([lab.programs.vde_switch, "-daemon", "-mod", "660", "-group", "users", "-p",
                    lab.path("pid")])
    assert done.returncode == 0
    switch = Switch("/var/run/vde.ctl", None, lab.path("pid"))
    switch.await_start()
    users = grp.getgrnam("users").gr_gid
    made = os.stat(switch.ctl)
    assert made.st_mode & 0o777 == 0o660 and made.st_gid == users
    member = ["setpriv", "--reuid", str(NOBODY), "--regid", str(users), "--clear-groups", "env",
              "HOME=/nonexistent"]
    lab.spawn([*member, *QEMU, "-M", "pc", "-net", "nic", "-net", "vde"])
    wait_until(lambda: any(each[0] != "." for each in switch.data_sockets()), "QEMU, by default")
    stranger = lab.run(as_user(1, "vde_plug", "/var/run/vde.ctl"))
    assert stranger.returncode == 1 and "Permission denied" in stranger.stderr
    switch.stop()
    wait_until(lambda: not os.path.exists("/var/run/vde.ctl"), "the end")


def test_20_course_lab_with_a_sniffer(lab):
    name = lab.path("sw")
    assert lab.run([lab.programs.vde_switch, "-sock", name, "-hub", "-daemon"]).returncode == 0
    plugs = [lab.closing(Plug(name, name=lab.path(f"p{number}"))) for number in range(3)]
    for number in range(3):
        unicast = numbered(number, destination=mac(2), source=mac(1))
        plugs[0].send(unicast)
        assert plugs[1].receive() == plugs[2].receive() == unicast
        plugs[1].send(numbered(9, destination=mac(1), source=mac(2)))
        assert plugs[0].receive() == plugs[2].receive()


# -- 21 to 24


def test_21_qemu_manual(lab):
    switch = lab.foreground("-F")
    lab.spawn([*QEMU, "-M", "pc", "-nic", f"vde,sock={switch.directory}"])
    switch.await_endpoint("QEMU")
    assert "FSTP=true" in switch.ok("fstp/showinfo")


def test_22_user_mode_linux(lab):
    """124 octets, an abstract name, one reply read for 110, then sendto for each frame."""
    switch = lab.foreground()
    peer = lab.plug(switch)
    name = b"\0\0\0\0" + os.getpid().to_bytes(4, "little") + b"\x01\x02\x03\x00"
    data = lab.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
    bind_whole(data, name)
    ctl = lab.closing(socket.socket(socket.AF_UNIX))
    ctl.connect(switch.ctl)
    ctl.sendall(request(name, description=b"\x7f\x00"))
    reply = ctl.recv(110)
    assert len(reply) == 110
    for number in range(50):
        data.sendto(numbered(number, source=mac(1)), path_of(reply))
        assert peer.receive() == numbered(number, source=mac(1))
        peer.send(numbered(number, destination=mac(1), source=mac(2)))
        assert data.recv(2000) == numbered(number, destination=mac(1), source=mac(2))
    ctl.close()
    switch.await_endpoints(1)


def test_23_vdeplug_urls(lab):
    one, other = lab.foreground(name="one"), lab.foreground(name="other")
    lab.spawn(["vde_plug", f"vde://{one.directory}", f"cmd://vde_plug {other.directory}"])
    one.await_endpoints(1)
    other.await_endpoints(1)
    vdens_up(lab, one, "10.77.0.3")
    assert " 3 received" in ping_from_vdens(lab, other, "10.77.0.4", "10.77.0.3")


@pytest.mark.ours_only("the real one cuts frames above 1518 octets")
def test_23_vdens_with_a_large_mtu(lab):
    switch = lab.foreground()
    large = "ip link set vde0 mtu 9126"
    vdens_up(lab, switch, "10.77.0.3", large)
    said = ping_from_vdens(lab, switch, "10.77.0.4", "10.77.0.3", size=9098, more=large)
    assert " 3 received" in said


def test_24_dynamips(lab):
    """A path anywhere, 124 octets filled with zeros, never connected."""
    switch = lab.foreground()
    peer = lab.plug(switch)
    data = lab.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
    name = lab.path("nio_vde_local")
    data.bind(name)
    ctl = lab.closing(socket.socket(socket.AF_UNIX))
    ctl.connect(switch.ctl)
    ctl.sendall(request(name, description=b"\0\0"))
    reply = ctl.recv(110)
    assert len(reply) == 110
    data.sendto(numbered(1), path_of(reply))
    assert peer.receive() == numbered(1)
    peer.send(numbered(2, source=mac(2)))
    assert data.recv(2000) == numbered(2, source=mac(2))


class OpenArgs(ctypes.Structure):
    _fields_ = [("port", ctypes.c_int), ("group", ctypes.c_char_p), ("mode", ctypes.c_int)]


@pytest.mark.parametrize("port", [None, 5])
def test_24_a_program_linked_with_libvdeplug(lab, port):
    """SIMH, klh10, SheepShaver and others, through the library's own functions."""
    library = ctypes.CDLL("libvdeplug.so.2", use_errno=True)
    library.vde_open_real.restype = ctypes.c_void_p
    for each in ("vde_send", "vde_recv"):
        function = getattr(library, each)
        function.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int]
        function.restype = ctypes.c_ssize_t
    library.vde_close.argtypes = [ctypes.c_void_p]
    switch = lab.foreground()
    peer = lab.plug(switch)
    arguments = ctypes.byref(OpenArgs(port, None, 0o700)) if port else None
    connection = library.vde_open_real(switch.directory.encode(), b"simulator", 1, arguments)
    assert connection, os.strerror(ctypes.get_errno())
    assert switch.await_endpoint("simulator") == (port or 2)
    sent = frame(source=mac(3))
    assert library.vde_send(connection, sent, len(sent), 0) == len(sent)
    assert peer.receive() == sent
    peer.send(numbered(2, destination=mac(3), source=mac(2)))
    buffer = ctypes.create_string_buffer(2000)
    assert library.vde_recv(connection, buffer, 2000, 0) == 60
    assert buffer.raw[:60] == numbered(2, destination=mac(3), source=mac(2))
    library.vde_close(connection)
    switch.await_endpoints(1)


# -- the scripts of the distribution itself


def test_debian_ifupdown(lab):
    host = lab.namespace()
    directory = lab.shared("run")
    base = f"{directory}/tap0"
    argv = ["start-stop-daemon", "--start", "--quiet", "--pidfile", base + ".pid", "--exec",
            lab.programs.vde_switch, "--", "-s", base + ".ctl", "-m", "660", "-g", "vde2-net", "-p",
            base + ".pid", "-t", "tap0", "-M", base + ".mgmt", "--mgmtmode", "660", "-d"]
    assert lab.run(host.prefix(*argv)).returncode == 0
    switch = Switch(base + ".ctl", base + ".mgmt", base + ".pid")
    switch.await_start()
    wait_until(lambda: host.has_link("tap0"), "the tap")
    assert os.stat(switch.directory).st_gid == grp.getgrnam("vde2-net").gr_gid
    lab.run(["slirpvde", "-s", switch.directory, "-m", "660", "-p", base + ".slirp", "-d", "-D"])
    switch.await_endpoint("slirpvde")
    assert "LEASE 10.0.2.15" in lease(lab, switch)
    switch.close_console()
    stop = lab.run(["start-stop-daemon", "--stop", "--quiet", "--pidfile", base + ".pid",
                    "--retry", "10"])
    assert stop.returncode == 0
    assert not there(lab, "run/tap0.ctl", "run/tap0.mgmt", "run/tap0.pid")


def test_commands_from_a_script_back_to_back(lab):
    """As openQA and others send them: a session per command, many at once."""
    switch = lab.daemon("--numports", "64")
    for port in range(2, 22):
        for line in (f"port/create {port}", f"vlan/create {port}", f"port/setvlan {port} {port}"):
            lab.vdecmd(switch, *line.split())
    text = "\n".join(switch.ok("port/allprint"))
    for port in range(2, 22):
        assert f"Port {port:04d} untagged_vlan={port:04d}" in text
    console = lab.console(switch)
    console.send(b"logout\n")
    assert console.read_to_end() == GOODBYE
    assert PROMPT not in GOODBYE
