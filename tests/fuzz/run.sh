#!/bin/bash
# Runs fuzz targets for a while, beginning with their kept corpora:  tests/fuzz/run.sh SECONDS NAME...
#
# What they find on the way goes to build/fuzz/corpus/NAME and stays there; an input that breaks
# something goes to build/fuzz/NAME-crash-... and belongs into tests/corpus/NAME once it is mended.
set -uo pipefail
cd "$(dirname "$0")/../../build/fuzz"
corpora=../../tests/corpus
seconds=$1
shift
passed=0
failed=0
for name in "$@"; do
    mkdir -p "corpus/$name"
    echo "  FUZZ $name for $seconds s"
    if "./$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
        -artifact_prefix="$name-" "corpus/$name" "$corpora/$name" >"$name.log" 2>&1; then
        tail -n 1 "$name.log"
        passed=$((passed + 1))
    else
        tail -n 60 "$name.log"
        failed=$((failed + 1))
    fi
done
echo "fuzz: $passed passed, $failed failed"
[ $failed -eq 0 ]
