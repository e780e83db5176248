#!/bin/bash
# Two virtual machines on one switch, all of it as an ordinary user. `make demo` runs this.
#
# Needs qemu-system-x86 and the guest of tests/support/guest. KVM is not needed.
set -euo pipefail
. "$(dirname "$0")/common.sh"

guest=$here/build/guest
"$here/tests/support/guest/build.sh" "$guest"
cp "$guest/vmlinuz" "$guest/initrd.gz" "$dir/"
chmod a+r "$dir/vmlinuz" "$dir/initrd.gz"

# boot NAME NUMBER PEER: the machine 10.0.0.NUMBER, which pings 10.0.0.PEER and waits for commands.
boot() {
    mkfifo -m 666 "$dir/$1.keyboard"
    exec {keyboard}<>"$dir/$1.keyboard"
    background "$1" qemu-system-x86_64 -M q35 -accel tcg -cpu qemu64 -m 192 \
        -nodefaults -no-user-config -display none -no-reboot -serial stdio \
        -kernel "$dir/vmlinuz" -initrd "$dir/initrd.gz" \
        -append "console=ttyS0 quiet mitigations=off panic=-1 g.ip=10.0.0.$2/24 g.peer=10.0.0.$3 g.stay=1" \
        -netdev "vde,id=n0,sock=$run_dir/br0" \
        -device "virtio-net-pci,netdev=n0,mac=52:54:00:00:00:0$2,romfile=" <&"$keyboard"
    machines[$child]=$keyboard
}
heard() { grep -aq "$2" "$dir/$1.log"; }
answered() { heard "$1" 'PING-OK' || { heard "$1" 'PING-FAIL' && fail "$1 got no answer"; }; }
ping_of() { tr -d '\r' <"$dir/$1.log" | sed -n '/^PING /,/^round-trip/p'; }

say "The switch, as user $user:"
start_switch
show switchctl --run-dir "$run_dir" show

say "Two virtual machines, each plugged in with -netdev vde,sock=$run_dir/br0"
declare -A machines=()
boot red 1 2
boot blue 2 1
for name in red blue; do wait_for 120 "the ping of $name" answered "$name"; done
for name in red blue; do
    say "$name:"
    ping_of "$name"
    ping_of "$name" | grep -q ' 0% packet loss' || fail "$name lost packets"
done

say "What the switch saw of it:"
for view in ports macs megaflows drops; do
    show switchctl --run-dir "$run_dir" $view | tee "$dir/$view.seen"
    echo
done
for mac in 52:54:00:00:00:01 52:54:00:00:00:02; do
    grep -q "$mac" "$dir/macs.seen" || fail "the switch did not learn $mac"
    grep -q "dl_dst=$mac" "$dir/megaflows.seen" || fail "no megaflow carried frames to $mac"
done

say "Switching off"
for machine in "${!machines[@]}"; do echo "poweroff -f" >&"${machines[$machine]}"; done
for machine in "${!machines[@]}"; do wait_for 30 "a machine to switch off" gone "$machine"; done
stop_switch
printf '%sdone%s: both machines were answered, and nothing is left behind\n' "$green" "$plain"
