#!/bin/bash
# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#
# check.sh PATH_LENGTH COUNTS    how many instructions each operation takes, counted by callgrind,
# beside the number in the file COUNTS ("case count" a line). Fails when one has grown by more than
# a tenth; says so when one has become shorter by as much, for the file to be changed.
set -eu
program=$1
counts=$2
if ! command -v valgrind > /dev/null; then
    echo "skipped: valgrind is not installed"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Instructions of the whole program, which does it N times.
instructions() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$1" "$2" \
        2> "$work/log" > /dev/null
    sed -n 's/.*Collected : \([0-9]*\).*/\1/p' "$work/log"
}

failed=0
while read -r name wanted; do
    [[ $name = \#* || -z $name ]] && continue
    one=$(instructions "$name" 1000)
    two=$(instructions "$name" 2000)
    now=$(((two - one) / 1000))
    printf '%-24s %6d instructions, %d in the list\n' "$name" "$now" "$wanted"
    if [ "$now" -le 0 ] || [ $((now * 10)) -gt $((wanted * 11)) ]; then
        echo "$name has grown by more than a tenth: shorten it, or say why in docs/performance.md"
        failed=1
    elif [ $((now * 10)) -lt $((wanted * 9)) ]; then
        echo "$name has become shorter: lower its number in $counts"
    fi
done < "$counts"
exit $failed
