"""Real guests, without KVM, on -netdev vde."""

import os

import pytest

import guest
from conftest import ROOT
from wait import wait_until

GUESTS = os.environ.get("GUEST_DIR", os.path.join(ROOT, "build/guest"))
BOOT_S = 120


@pytest.fixture(scope="module", autouse=True)
def built_guest():
    guest.build(GUESTS)


def boot(lab, switch, number, peer, options="", **told):
    """Guest `number` of a pair, which pings the other."""
    serial = lab.path(f"serial{number}")
    process = lab.spawn(guest.command_line(
        GUESTS, serial, f"vde,sock={switch.directory}{options}", f"52:54:00:00:00:0{number}",
        ip=f"10.9.0.{number}/24", peer=f"10.9.0.{peer}", **told))
    return process, serial


def said(serial):
    if not os.path.exists(serial):
        return ""
    with open(serial, encoding="utf-8", errors="replace") as file:
        return file.read()


def await_word(serial, word, process):
    def there():
        assert process.popen.poll() is None or word in said(serial), f"{process}\n{said(serial)}"
        return word in said(serial)

    wait_until(there, lambda: f"{word} from the guest, which said {said(serial)}", BOOT_S, 0.1)


@pytest.mark.parametrize("mtu", [1500, pytest.param(
    9000, marks=pytest.mark.ours_only("the real one cuts frames above 1518 octets"))])
def test_two_guests_ping_each_other(lab, mtu):
    switch = lab.daemon()
    full = "ping -c 3 -s {} 10.9.0.{}"
    told = {"stay": 1} | ({"mtu": mtu} if mtu != 1500 else {})
    one, serial_one = boot(lab, switch, 1, 2, run=full.format(mtu - 28, 2), **told)
    other, serial_other = boot(lab, switch, 2, 1, ",port=7", run=full.format(mtu - 28, 1), **told)
    for serial, process in ((serial_one, one), (serial_other, other)):
        await_word(serial, "RUN-STATUS 0", process)
    await_word(serial_one, "PING-OK", one)
    await_word(serial_other, "PING-OK", other)
    assert f"{mtu - 20} bytes from" in said(serial_one)
    ports = switch.descriptions()
    assert [port for port, _ in ports] == [1, 7]
    assert all(text.startswith("QEMU user=") for _, text in ports)
    learned = {line.split()[3]: line.split()[8] for line in switch.ok("hash/print")}
    assert learned["52:54:00:00:00:01"] == "001" and learned["52:54:00:00:00:02"] == "007"
    one.stop()
    switch.await_endpoints(1)
    other.stop()
    switch.await_endpoints(0)
    switch.stop()
    assert not os.path.exists(switch.directory)


def test_a_guest_goes_away_and_another_takes_its_place(lab):
    switch = lab.daemon()
    stays, serial = boot(lab, switch, 1, 2, stay=1)
    first, serial_first = boot(lab, switch, 2, 1, stay=1)
    await_word(serial_first, "PING-OK", first)
    first.popen.kill()
    first.wait()
    switch.await_endpoints(1)
    second, serial_second = boot(lab, switch, 3, 1)
    await_word(serial_second, "PING-OK", second)
    assert "PING-FAIL" not in said(serial)
    assert second.wait(BOOT_S) == 0
    switch.await_endpoints(1)
    stays.stop()
