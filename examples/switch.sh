#!/bin/bash
# A switch written as rules (switch.flows): two stations are known, the others are learned.
#
# Hosts are network namespaces, as in namespaces.sh.
set -euo pipefail
. "$(dirname "$0")/common.sh"

start_switch
export OVS_RUNDIR=$run_dir/ovs
cp "$(dirname "$0")/switch.flows" "$dir"

say "The rules, in place of the one that was there"
show ovs-ofctl -O OpenFlow13 replace-flows br0 "$dir/switch.flows"

say "Two stations that the rules know, and a guest"
host one "vde://$run_dir/br0[1]" 10.0.0.1/24 02:00:00:00:00:01
host two "vde://$run_dir/br0[2]" 10.0.0.2/24 02:00:00:00:00:02
host guest "vde://$run_dir/br0[3]" 10.0.0.3/24 02:00:00:00:00:03
inside one ping -c 2 -i 0.2 -W 5 10.0.0.2
inside guest ping -c 2 -i 0.2 -W 5 10.0.0.1
show switchctl --run-dir "$run_dir" macs

say "Under the address of another the guest is not heard"
inside guest ip link set vde0 address 02:00:00:00:00:02
inside guest ping -c 1 -W 1 10.0.0.1 && fail "the guest was taken for another"
show switchctl --run-dir "$run_dir" drops

say "What each rule has done"
show ovs-ofctl --no-names dump-flows br0

stop_switch
say "done"
