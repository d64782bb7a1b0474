#!/bin/bash
# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#
# watchdog_test.sh WINE HANGING TOOLS    hanging.exe is ended, where its processes stand is shown,
# and no process survives.
set -u
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
unset PROCESSION_SOAK

fail() {
    echo "FAILED: $*; output:"
    cat "$folder/output"
    exit 1
}

cp "$2" "$folder/hanging.exe"
"$1" "$folder/hanging.exe" </dev/null >"$folder/output" 2>&1
code=$?
[ $code -eq 124 ] || fail "it ended with $code"
grep -q 'not done after 3 seconds' "$folder/output" || fail 'it does not say why'
[ "$(grep -c '^watchdog: process ' "$folder/output")" -eq 2 ] || fail 'not both processes are shown'
"$3/windows_stacks" "$2" <"$folder/output" >"$folder/stacks" || fail 'no functions are found'
cat "$folder/stacks"
# The child, the parent, and where they wait.
for function in 'procession::v0::Queue<int>::get' procession::v0::detail::os::futex_wait \
        procession::v0::Process::join; do
    grep -qE "^ +#[0-9]+ hanging\\+0x[0-9a-f]+ .*$function" "$folder/stacks" ||
        fail "$function is in no stack"
done
for process in /proc/[0-9]*; do
    if tr '\0' ' ' <"$process/cmdline" 2>/dev/null | grep -q "$(basename "$folder").hanging.exe"
    then
        fail "process ${process#/proc/} survives"
    fi
done
