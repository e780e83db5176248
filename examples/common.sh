# Sourced by the examples: where the programs are, a private directory, and an end that leaves
# nothing behind. They run whatever was built here, else what is installed. As root they give up
# root for the switch and everything that plugs into it.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
dir=$(mktemp -d "${TMPDIR:-/tmp}/switchd-example.XXXXXX")
run_dir=$dir/run
children=()

if [ "$(id -u)" = 0 ]; then
    user=nobody
    as_user=(setpriv --reuid=nobody --regid=nogroup --clear-groups --)
    # The checkout may lie where only root may look.
    mkdir "$dir/bin"
    for name in switchd switchctl vde_switch; do
        cp "${BUILD:-$here/build/release}/$name" "$dir/bin/" 2>/dev/null || true
    done
    PATH=$dir/bin:$PATH
    chown -R nobody:nogroup "$dir"
else
    user=$(id -un)
    as_user=()
    PATH=${BUILD:-$here/build/release}:$PATH
fi

if [ -t 1 ]; then bold=$'\e[1m' red=$'\e[31m' green=$'\e[32m' plain=$'\e[0m'; else bold='' red='' green='' plain=''; fi
say() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
# Shows a command as a person would type it, and runs it.
show() {
    printf '%s$ %s%s\n' "$bold" "$*" "$plain"
    "${as_user[@]}" "$@"
}
fail() {
    printf '%sfailed: %s%s\n' "$red" "$*" "$plain" >&2
    for log in "$dir"/*.log; do
        [ -s "$log" ] && printf -- '--- %s\n%s\n' "${log##*/}" "$(tail -n 20 "$log" | tr -d '\r')" >&2
    done
    exit 1
}

# background LOG COMMAND...: runs as the ordinary user, in a process group of its own; its id is in
# $child. It keeps our stdin.
background() {
    local log=$dir/$1.log
    shift
    setsid "${as_user[@]}" "$@" <&0 >"$log" 2>&1 &
    child=$!
    children+=("$child")
}

# host NAME URL [ADDRESS [MAC]]: a network namespace with nothing but a card vde0 in this VDE network.
declare -A hosts=()
host() {
    local setup="ip link set lo up; ip link set vde0 up; echo up; exec sleep infinity"
    [ -z "${3:-}" ] || setup="ip addr add $3 dev vde0; $setup"
    [ -z "${4:-}" ] || setup="ip link set vde0 address $4; $setup"
    local keep=("${as_user[@]}")
    # Where only root may open /dev/net/tun, root plugs in.
    "${as_user[@]}" test -w /dev/net/tun || as_user=()
    test -w /dev/net/tun || fail "you may not open /dev/net/tun: run this as root"
    background "$1" vdens "$2" sh -c "$setup"
    as_user=("${keep[@]}")
    wait_for 10 "host $1" grep -q '^up' "$dir/$1.log"
    hosts[$1]=$child
}
# inside HOST COMMAND...: shown and run there.
inside() {
    printf '%s%s$ %s%s\n' "$bold" "$1" "${*:2}" "$plain"
    local into
    enter "$1"
    "${into[@]}" "${@:2}"
}
# serve HOST COMMAND...: shown, and runs there until the end.
serve() {
    printf '%s%s$ %s &%s\n' "$bold" "$1" "${*:2}" "$plain"
    local into
    enter "$1"
    setsid "${into[@]}" "${@:2}" >"$dir/$1-service.log" 2>&1 &
    children+=("$!")
}
# What runs a command in a host is $into then.
enter() {
    into=(nsenter --target "${hosts[$1]}" --net)
    [ "$(id -u)" = 0 ] || into+=(--user --preserve-credentials)
}

# wait_for SECONDS WHAT COMMAND...: until the command succeeds.
wait_for() {
    local end=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || fail "waited in vain for $what"
        sleep 0.1
    done
}
gone() { ! kill -0 "$1" 2>/dev/null; }

clean_up() {
    trap - EXIT
    for child in "${children[@]}"; do kill -- "$child" "-$child" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

for name in switchd switchctl vde_switch; do
    command -v "$name" >/dev/null || { echo "there is no $name: type make first" >&2; exit 1; }
done
case $(vde_switch -v 2>&1) in
*switchd*) ;;
*) echo "$(command -v vde_switch) is not switchd's: type make first" >&2; exit 1 ;;
esac

# start_switch [OPTION...]: switchd with one bridge; QEMU's sock= is then $run_dir/br0.
start_switch() {
    background switchd switchd --run-dir "$run_dir" "$@"
    switch=$child
    wait_for 5 "the switch" "${as_user[@]}" switchctl --run-dir "$run_dir" show
}
# Ends it as a service manager does, and sees that it leaves nothing behind.
stop_switch() {
    kill -TERM "$switch"
    wait "$switch" || fail "the switch ended with status $?"
    [ ! -e "$run_dir/br0/ctl" ] || fail "the switch left $run_dir/br0/ctl behind"
}
