#!/bin/bash
# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#
# treesum_test.sh WINE TREESUM TEST    treesum.exe, beside what find and sha256sum say on Linux.
wine=$1
shift
. "$(dirname "${BASH_SOURCE[0]}")/../examples/support.sh"

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

run() { "$wine" "$program" "$@" </dev/null; }

the_output_is_that_of_sha256sum() {
    make_tree
    expect 0 run tree
    expect_same stdout wanted
}

killing_workers_changes_nothing() {
    make_tree
    expect 0 run tree --workers 3 --chaos 30
    expect_same stdout wanted
    grep -q ' [1-9][0-9]* killed' stderr || fail "nobody was killed: $(cat stderr)"
}

a_program_in_a_folder_with_any_name_starts_workers() {
    make_tree
    mkdir $'pr\xc3\xb6gram \xe2\x82\xac'
    cp "$program" $'pr\xc3\xb6gram \xe2\x82\xac/tree sum.exe'
    program=$'pr\xc3\xb6gram \xe2\x82\xac/tree sum.exe'
    expect 0 run tree
    expect_same stdout wanted
}

what_is_not_there_is_named() {
    expect 2 run nowhere
    expect_in stderr "'nowhere': No such file or directory"
}

"$2"
