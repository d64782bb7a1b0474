#!/bin/sh
# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#
# watchdog_selftest.sh WATCHDOG    each verdict of tools/watchdog is reached, and nothing survives.
set -u
watchdog=$1
unset PROCESSION_SOAK
failures=0
mark=$$
shared=/dev/shm/watchdog_selftest_$mark
output=$(mktemp)
trap 'rm -f "$output" "$shared" "$shared.held"' EXIT

# verdict CODE WORDS NAME OPTION... -- COMMAND...
verdict() {
    code=$1
    words=$2
    name=$3
    shift 3
    "$watchdog" "$@" >"$output" 2>&1
    status=$?
    if [ $status -ne "$code" ] || ! { [ -z "$words" ] || grep -qe "$words" "$output"; }; then
        echo "FAILED: $name: exit code $status, expected $code and \"$words\"; output:"
        cat "$output"
        failures=$((failures + 1))
    else
        echo "ok: $name"
    fi
}

# A sleep of this odd length is ours.
odd=3$mark.25
nothing_survives() {
    sleep 0.1
    for folder in /proc/[0-9]*; do
        if tr '\0' ' ' <"$folder/cmdline" 2>/dev/null | grep -qx "sleep $odd "; then
            echo "FAILED: $1: process ${folder#/proc/} survives"
            kill -9 "${folder#/proc/}"
            failures=$((failures + 1))
        fi
    done
}

verdict 0 '^hello$' 'success passes through' -- echo hello
verdict 7 '' 'an exit code passes through' -- sh -c 'exit 7'
verdict 137 'killed by signal 9' 'a signal is named' -- sh -c 'kill -9 $$'
verdict 126 'cannot start' 'a missing command is named' -- /no/such/command
verdict 126 '^use:' 'a wrong use is explained' --timeout 3

verdict 124 "sleep $odd" 'a hang is shown and ended' --timeout 1 -- sh -c "sleep $odd & wait"
nothing_survives 'a hang'
verdict 124 "sleep $odd" 'a hang in a session of its own is ended' --timeout 1 -- \
    sh -c "setsid sleep $odd & wait"
nothing_survives 'a hang in another session'

export PROCESSION_SOAK=1
verdict 0 '' 'a soak may take longer' --timeout 0.1 -- sleep 0.5
export PROCESSION_SOAK=0
verdict 124 'not done after 0.1' 'no soak may not' --timeout 0.1 -- sleep 3
unset PROCESSION_SOAK

verdict 125 "left behind: process .*sleep $odd" 'a process left behind fails' --grace 0.3 -- \
    sh -c "setsid sleep $odd >/dev/null 2>&1 &"
nothing_survives 'a process left behind'
verdict 3 "left behind: process .*sleep $odd" 'the command'"'"'s own failure comes first' \
    --grace 0.3 -- sh -c "sleep $odd >/dev/null 2>&1 & exit 3"
nothing_survives 'a process left behind by a failure'
verdict 0 '' 'a process that ends within the grace is no fault' -- sh -c 'sleep 0.3 &'

verdict 125 "left behind: file $shared" 'a file left in /dev/shm fails' --grace 0.2 -- \
    touch "$shared"
rm -f "$shared"
touch "$shared"
verdict 0 '' 'a file that was there before is no fault' -- true
rm -f "$shared"
verdict 0 '' 'a file made and removed is no fault' -- sh -c "touch $shared.two; rm $shared.two"
(
    while [ ! -e "$shared.held" ]; do sleep 0.02; done
    exec sleep 20 9<"$shared.held"
) &
holder=$!
verdict 0 '' 'a file that another program uses is no fault' -- \
    sh -c "touch $shared.held; sleep 0.5"
kill $holder

[ $failures -eq 0 ] || exit 1
