#!/usr/bin/python3
"""A virtual machine that boots in seconds without KVM; tests/support/guest makes and describes it.

    guest.py OUTDIR      makes OUTDIR/vmlinuz and OUTDIR/initrd.gz unless they are there
"""

import base64
import os
import subprocess
import sys

BUILD = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                     "support/guest/build.sh")


def build(directory):
    subprocess.run([BUILD, directory], check=True)


def command_line(directory, serial, netdev, mac, run="", **told):
    """QEMU's arguments for one guest: `netdev` without its id, `told` the g. words without g.,
    `run` a shell script for the guest. What it prints goes to the file `serial`."""
    if run:
        told["run"] = base64.b64encode(run.encode()).decode()
    words = " ".join(f"g.{name}={value}" for name, value in told.items())
    kind, _, rest = netdev.partition(",")
    mtu = f",host_mtu={told['mtu']}" if "mtu" in told else ""
    return ["qemu-system-x86_64", "-M", "q35", "-accel", "tcg", "-cpu", "qemu64", "-m", "192",
            "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-serial", f"file:{serial}", "-kernel", os.path.join(directory, "vmlinuz"),
            "-initrd", os.path.join(directory, "initrd.gz"),
            "-append", f"console=ttyS0 quiet nokaslr mitigations=off panic=-1 {words}",
            "-netdev", f"{kind},id=n0,{rest}",
            "-device", f"virtio-net-pci,netdev=n0,mac={mac},romfile={mtu}"]


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    build(sys.argv[1])
