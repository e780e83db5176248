#!/bin/bash
# Three hosts on one switch without virtual machines: network namespaces, plugged in with vdens.
#
# Where users may open /dev/net/tun (Debian's default) all of it runs as an ordinary user.
set -euo pipefail
. "$(dirname "$0")/common.sh"

say "A switch, as user $user"
start_switch

say "Three hosts"
host red "vde://$run_dir/br0" 10.0.0.1/24
host blue "vde://$run_dir/br0" 10.0.0.2/24
host green "vde://$run_dir/br0" 10.0.0.3/24
inside red ping -c 3 -i 0.2 -W 5 10.0.0.2
inside red ping -c 3 -i 0.2 -W 5 10.0.0.3

say "What the switch learned"
show switchctl --run-dir "$run_dir" macs
stop_switch
say "done"
