#!/bin/bash
# What a script that drives vde_switch does, done to Debian's and to this one: the same commands, the
# same answers.
#
#   examples/replace-vde-switch.sh [VDE_SWITCH...]
set -euo pipefail
. "$(dirname "$0")/common.sh"

# use NAME PROGRAM: starts it as a daemon, uses it the way scripts do, stops it by its pidfile.
use() {
    local lab=$dir/$1.lab
    "${as_user[@]}" "$2" --sock "$lab" --mod 660 --mgmt "$lab.mgmt" --pidfile "$lab.pid" --daemon
    wait_for 5 "the console of $2" test -S "$lab.mgmt" # Debian's makes it after the parent returned
    # One command on the console; its answer without the greeting.
    ask() {
        echo "\$ $*"
        { echo "$*" && sleep 0.3; } | "${as_user[@]}" socat - "UNIX-CONNECT:$lab.mgmt" |
            sed -n '/^vde\$ /,$p' | sed 's/^vde\$ //; /^$/d'
    }
    {
        ask vlan/create 7
        ask port/create 5
        ask port/setvlan 5 7
        ask port/setvlan 5 9 # no such VLAN: an error, and its number
        ask vlan/print
        ask port/print
        stat -c '%A %F' "$lab" "$lab/ctl" "$lab.mgmt"
    } >"$dir/$1.answers"
    pid=$(cat "$lab.pid")
    children+=("$pid")
    kill -TERM "$pid"
    wait_for 5 "the end of $2" gone "$pid"
    for left in "$lab/ctl" "$lab.mgmt" "$lab.pid"; do
        [ ! -e "$left" ] || echo "left behind: ${left##*/}" >>"$dir/$1.answers"
    done
}

[ $# -gt 0 ] || set -- /usr/bin/vde_switch "$(command -v vde_switch)"
number=0
for program in "$@"; do
    number=$((number + 1))
    say "$program"
    use "$number" "$program"
    cat "$dir/$number.answers"
done
if [ $number -eq 2 ]; then
    diff "$dir/1.answers" "$dir/2.answers" >/dev/null || fail "the answers differ"
    say "done: the same answers"
fi
