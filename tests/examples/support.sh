# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#
# Sourced by the tests of the examples:    bash NAME_test.sh PROGRAM TEST
# runs the function TEST in an empty folder of its own.
set -u
export LC_ALL=C
program=$1
folder=$(mktemp -d)
trap 'chmod -R u+rwx "$folder"; rm -rf "$folder"' EXIT
cd "$folder" || exit 1

fail() {
    echo "FAILED: $*"
    exit 1
}
# expect STATUS COMMAND...    runs it, with its streams in the files stdout and stderr.
expect() {
    local wanted=$1 status=0
    shift
    "$@" >stdout 2>stderr || status=$?
    [ $status -eq "$wanted" ] ||
        fail "$* ended with $status instead of $wanted: $(cat stderr)"
}
expect_in() {
    grep -qF -- "$2" "$1" || fail "\"$2\" is not in $1: $(cat "$1")"
}
expect_same() {
    cmp "$1" "$2" || fail "$1 and $2 differ"
}
