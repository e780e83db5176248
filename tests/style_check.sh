#!/bin/bash
# What a machine can see of the project's rules. Prints what is wrong, then what was looked at.
set -uo pipefail
cd "$(dirname "$0")/.."

rooms=(switchd/core flows flows/openflow tap vde-compat switchd/links switchd)
passed=0
failed=0

# check NAME COMMAND: the command prints its complaints; none is good.
check() {
    local complaints
    complaints=$($2 2>&1)
    if [ -z "$complaints" ]; then
        passed=$((passed + 1))
        return
    fi
    failed=$((failed + 1))
    printf 'style: %s:\n%s\n' "$1" "$complaints"
}

# A clone says which files are the project's; an unpacked archive holds no others.
mapfile -t files < <({ git ls-files --cached --others --exclude-standard 2>/dev/null ||
    find . \( -name build -o -name __pycache__ -o -name .git \) -prune -o -type f -printf '%P\n'; } | grep -v '^tests/corpus/' | sort -u |
    while read -r file; do [ -f "$file" ] && echo "$file"; done)
mapfile -t sources < <(printf '%s\n' "${files[@]}" | grep -E '\.(cpp|h)$')
mapfile -t headers < <(printf '%s\n' "${sources[@]}" | grep -E '\.h$')

# Which room a path from the root lies in.
room_of() {
    case $1 in
        switchd/core/*) echo switchd/core ;;
        switchd/links/*) echo switchd/links ;;
        flows/openflow/*) echo flows/openflow ;;
        flows/*) echo flows ;;
        tap/*) echo tap ;;
        vde-compat/*) echo vde-compat ;;
        switchd/*) echo switchd ;;
    esac
}

# Includes go down: core < flows < flows/openflow, and tap, vde-compat, links (strangers to these) < switchd.
may_include() {
    case $1 in
        switchd) true ;;
        "$2") true ;;
        switchd/core) false ;;
        flows/openflow) [ "$2" = flows ] || [ "$2" = switchd/core ] ;;
        *) [ "$2" = switchd/core ] ;;
    esac
}
includes_of() { grep -HoE '^#include "[^"]+"' "$@" 2>/dev/null | sed -E 's/:#include "(.*)"$/ \1/'; }

ranks() {
    for room in "${rooms[@]}"; do
        includes_of "$room"/*.h "$room"/*.cpp | while read -r file header; do
            to=$(room_of "$header")
            [ -f "$header" ] || echo "$file includes \"$header\", which is no path from the root"
            [ -z "$to" ] || may_include "$room" "$to" ||
                echo "$file includes $header: $room must not know $to"
        done
    done
}
check "includes go down the ranks only" ranks

# A third-party library is known to one room, so that replacing it is a local matter.
third_party() {
    local header room users
    for header in liburing.h libvdeplug.h boost/ nlohmann/ openssl/ slirp/ glib.h linux/if_tun.h; do
        users=$(for room in "${rooms[@]}"; do
            grep -qE "^#include <$header" "$room"/*.h "$room"/*.cpp 2>/dev/null && echo "$room"
        done)
        [ "$(grep -c . <<<"$users")" -le 1 ] || echo "<$header> is included by" $users
    done
    grep -l '^#include <liburing.h>' "${sources[@]}" | grep -vx 'switchd/core/reactor.cpp'
    grep -l '^#include <openssl/' "${sources[@]}" |
        grep -vxE 'switchd/tls_stream.cpp|tests/switchd/stream_link_test.cpp'
    grep -l '^#include <catch2/' "${sources[@]}" | grep -vx 'tests/support/catch.h'
}
check "a third-party header has one room, liburing, OpenSSL and Catch2 one file" third_party

mirrors() {
    local source test
    for source in switchd/core/*.cpp flows/*.cpp; do
        test=tests/$(basename "$(dirname "$source")")/$(basename "$source" .cpp)_test.cpp
        [ -f "$test" ] || echo "$source has no $test"
    done
}
check "each source of core and flows has its test" mirrors

once() { grep -L '^#pragma once' "${headers[@]}"; }
check "headers begin with #pragma once" once

layout() {
    clang-format-14 --dry-run -Werror "${sources[@]}" 2>&1 | grep 'error: ' | cut -d: -f1 | uniq -c
}
check "layout is clang-format-14's (clang-format-14 -i FILE)" layout

# Literal text of a protocol may end in a space; it stands in tests only.
trailing_space() { grep -nIE '[[:space:]]+$' "${files[@]}" | grep -v '^tests/' | cut -c1-120; }
check "no space at the end of a line" trailing_space

manuals() { for page in man/*.[1-8]; do mandoc -T lint -W warning "$page"; done; }
check "manual pages are clean (mandoc -T lint)" manuals

scripts() {
    local file
    for file in "${files[@]}"; do
        head -c 20 "$file" | grep -aqE '^#!(/bin/(ba)?sh|/usr/bin/env bash)' && bash -n "$file"
    done
}
check "shell scripts parse" scripts

echo "style: $passed passed, $failed failed"
[ $failed -eq 0 ]
