#!/bin/bash
# Access ports in two VLANs and a trunk that carries both, set up by an rc file of vde_switch.
#
# Hosts are network namespaces, as in namespaces.sh.
set -euo pipefail
. "$(dirname "$0")/common.sh"

cat >"$dir/rc" <<'END'
vlan/create 10
vlan/create 20
port/create 1
port/create 2
port/create 3
port/create 4
port/setvlan 1 10
port/setvlan 2 10
port/setvlan 3 20
vlan/addport 10 4
vlan/addport 20 4
END
say "The rc file:"
cat "$dir/rc"
sock=$dir/lab
"${as_user[@]}" vde_switch --sock "$sock" --mgmt "$dir/mgmt" --rcfile "$dir/rc" \
    --pidfile "$dir/pid" --daemon
wait_for 5 "the pidfile" test -s "$dir/pid"
switch=$(cat "$dir/pid")
children+=("$switch")

say "Three hosts on access ports, and one that looks at the trunk"
host red "vde://$sock[1]" 10.0.0.1/24
host blue "vde://$sock[2]" 10.0.0.2/24
host green "vde://$sock[3]" 10.0.0.3/24
host trunk "vde://$sock[4]"
show unixcmd -f /etc/vde2/vdecmd -s "$dir/mgmt" vlan/print || true # its status says nothing

say "Same VLAN: answers"
inside red ping -c 2 -i 0.2 -W 5 10.0.0.2
say "Another VLAN: none"
inside red ping -c 2 -i 0.2 -W 1 10.0.0.3 && fail "VLAN 10 reached VLAN 20"
say "On the trunk both, with their tags"
inside trunk timeout 20 tcpdump -lnei vde0 -c 1 'vlan 10 and arp' >"$dir/vlan10.log" 2>&1 &
inside trunk timeout 20 tcpdump -lnei vde0 -c 1 'vlan 20 and arp' >"$dir/vlan20.log" 2>&1 &
wait_for 10 "tcpdump" grep -q '^listening' "$dir/vlan10.log"
wait_for 10 "tcpdump" grep -q '^listening' "$dir/vlan20.log"
inside red ping -c 1 -W 1 10.0.0.77 >/dev/null || true
inside green ping -c 1 -W 1 10.0.0.78 >/dev/null || true
wait_for 10 "a frame of VLAN 10" grep 'vlan 10.* who-has 10.0.0.77' "$dir/vlan10.log"
wait_for 10 "a frame of VLAN 20" grep 'vlan 20.* who-has 10.0.0.78' "$dir/vlan20.log"
grep -h 'who-has' "$dir"/vlan?0.log

kill -TERM "$switch"
wait_for 5 "the end of the switch" gone "$switch"
say "done"
