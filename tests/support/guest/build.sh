#!/bin/bash
# Makes a small virtual machine for tests and the demo: Debian's cloud kernel, unpacked and not
# installed, and an initramfs with busybox, the virtio network driver, and iperf3 where there is one.
#
#   tests/support/guest/build.sh [DIRECTORY]       (default build/guest)
#
# Leaves vmlinuz and initrd.gz in DIRECTORY. Nothing is done where they are there and up to date;
# calls at the same time wait for each other. Needs no root. What the machine does is in `init`.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/../../../build/guest}
fail() {
    echo "guest: $*" >&2
    exit 1
}

# A newer input than `$1`, or no `$1` at all.
stale() { [ ! -s "$1" ] || [ "$here/build.sh" -nt "$1" ] || [ "$here/init" -nt "$1" ]; }

# Both files are moved into place whole, the initramfs last.
current() { [ -s "$out/vmlinuz" ] && [ ! "$here/build.sh" -nt "$out/vmlinuz" ]; }
if current && ! stale "$out/initrd.gz"; then exit 0; fi

mkdir -p "$out"
out=$(cd "$out" && pwd)
exec 9>"$out/.lock"
flock 9

work=$(mktemp -d "$out/work.XXXXXX")
trap 'rm -rf "$work"' EXIT

if ! current; then
    kernel=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null |
        sed -n 's/.*Depends: \(linux-image-.*-cloud-amd64\)$/\1/p' | head -n 1)
    [ -n "$kernel" ] || fail "apt does not know linux-image-cloud-amd64 (run: apt-get update)"
    # As root apt would download as user _apt, who may not write here.
    (cd "$work" && apt-get -q -o APT::Sandbox::User="$(id -un)" download "$kernel" >apt.log 2>&1) ||
        fail "cannot download $kernel: $(tail -n 1 "$work/apt.log")"
    dpkg-deb -x "$work"/linux-image-*.deb "$work/kernel"
    rm -rf "$out/modules"
    mkdir "$work/modules"
    # One insmod per file, in this order.
    number=10
    for module in drivers/virtio/virtio_ring drivers/virtio/virtio \
        drivers/virtio/virtio_pci_modern_dev drivers/virtio/virtio_pci_legacy_dev \
        drivers/virtio/virtio_pci net/core/failover drivers/net/net_failover \
        drivers/net/virtio_net net/llc/llc net/802/stp net/802/garp net/802/mrp net/8021q/8021q; do
        file=$(echo "$work"/kernel/lib/modules/*/kernel/$module.ko)
        [ -f "$file" ] && cp "$file" "$work/modules/$number-${module##*/}.ko"
        number=$((number + 1))
    done
    mv "$work/modules" "$out/modules"
    touch "$work"/kernel/boot/vmlinuz-*
    mv "$work"/kernel/boot/vmlinuz-* "$out/vmlinuz"
fi

if stale "$out/initrd.gz"; then
    root=$work/root
    mkdir -p "$root"/{bin,proc,sys,dev,tmp,run,modules}
    busybox=$(command -v busybox) || fail "no busybox (apt-get install busybox-static)"
    cp "$busybox" "$root/bin/busybox"
    cp "$out"/modules/*.ko "$root/modules/"
    cp "$here/init" "$root/init"
    chmod 755 "$root/init"
    if iperf3=$(command -v iperf3); then
        cp "$iperf3" "$root/bin/"
        ldd "$iperf3" | grep -o '/[^ ]*' | while read -r library; do
            mkdir -p "$root$(dirname "$library")"
            cp -Ln "$library" "$root$library"
        done
    fi
    (cd "$root" && find . | cpio -o -H newc --quiet | gzip -6) >"$work/initrd.gz"
    mv "$work/initrd.gz" "$out/initrd.gz"
fi
