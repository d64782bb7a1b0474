#!/bin/bash
# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#
# treesum_test.sh WINE TREESUM TEST    treesum.exe, beside what find and sha256sum say on Linux.
set -eu
wine=$1 program=$2 test=$3
export LC_ALL=C
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

make_tree() {
    mkdir -p tree/d/deep tree/d-x tree/d.e tree/empty
    touch tree/d-x/f tree/d.e/g tree/-dash "tree/ space"
    touch tree/$'\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa7'
    head -c 1048576 /dev/zero >tree/one_step
    head -c 1048577 /dev/zero >tree/one_byte_more
    head -c 7000001 /dev/urandom >tree/d/large
    local i long=tree/long
    for i in $(seq 300); do echo "$i" >"tree/d/deep/$i"; done
    # Beyond the 260 characters of MAX_PATH.
    for i in 1 2 3 4; do long=$long/$(printf '%090d' "$i"); done
    mkdir -p "$long"
    echo deep >"$long/file"
    find tree -type f -print0 | sort -z | xargs -r0 sha256sum >wanted
}
run() { "$wine" "$program" "$@" </dev/null 2>said; }
fail() {
    echo "$1"
    cat said
    exit 1
}

make_tree
case $test in
    the_output_is_that_of_sha256sum)
        run tree >got || fail "exit code $?"
        cmp got wanted || fail 'another output'
        ;;
    killing_workers_changes_nothing)
        run tree --workers 3 --chaos 30 >got || fail "exit code $?"
        cmp got wanted || fail 'another output'
        grep -q ' [1-9][0-9]* killed' said || fail 'nobody was killed'
        ;;
    a_program_in_a_folder_with_any_name_starts_workers)
        mkdir $'pr\xc3\xb6gram \xe2\x82\xac'
        cp "$program" $'pr\xc3\xb6gram \xe2\x82\xac/tree sum.exe'
        program=$'pr\xc3\xb6gram \xe2\x82\xac/tree sum.exe'
        run tree >got || fail "exit code $?"
        cmp got wanted || fail 'another output'
        ;;
    what_is_not_there_is_named)
        run nowhere >got && fail 'it was found'
        grep -q "'nowhere': No such file or directory" said || fail 'it is not named'
        ;;
    *)
        echo "no such test: $test"
        exit 2
        ;;
esac
