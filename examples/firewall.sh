#!/bin/bash
# A firewall of ten rules (firewall.flows), loaded into a running switch with ovs-ofctl.
#
# Hosts are network namespaces, as in namespaces.sh.
set -euo pipefail
. "$(dirname "$0")/common.sh"

start_switch
export OVS_RUNDIR=$run_dir/ovs
cp "$(dirname "$0")/firewall.flows" "$dir"

say "A server on port 1 and a guest on port 2, and no firewall yet"
host server "vde://$run_dir/br0[1]" 10.0.0.1/24
host guest "vde://$run_dir/br0[2]" 10.0.0.2/24
show ovs-ofctl dump-flows br0
serve server socat TCP-LISTEN:8080,reuseaddr,fork SYSTEM:'echo a page'
serve server socat TCP-LISTEN:2222,reuseaddr,fork SYSTEM:'echo a shell'
ask() { inside guest socat -u -T 5 "TCP:10.0.0.1:$1,connect-timeout=1" -; }
wait_for 10 "the web server" ask 8080
wait_for 10 "the other server" ask 2222

say "The firewall, in place of the rule that was there"
show ovs-ofctl -O OpenFlow13 replace-flows br0 "$dir/firewall.flows"

say "Web pages and pings pass"
ask 8080
inside guest ping -c 2 -i 0.2 -W 5 10.0.0.1
say "Anything else does not"
ask 2222 && fail "port 2222 of the server could be reached"
inside server ping -c 1 -W 5 10.0.0.2 # but the server may

say "What each rule has done"
show ovs-ofctl --no-names dump-flows br0
show ovs-ofctl dump-aggregate br0 'tcp,tp_dst=8080'
say "The decisions that the switch remembers, each with no more of the packet than decided"
show switchctl --run-dir "$run_dir" megaflows

stop_switch
say "done"
