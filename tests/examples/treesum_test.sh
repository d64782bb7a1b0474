#!/bin/bash
# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"

# A tree with everything that is awkward about names, sizes and kinds.
make_tree() {
    mkdir -p tree/d/deep/deeper tree/d-x tree/d.e tree/empty
    touch tree/d-x/f tree/d.e/g tree/-dash "tree/ space " 'tree/d/*' $'tree/tab\t'
    touch $'tree/new\nline' 'tree/back\slash' $'tree/carriage\rreturn' $'tree/not utf-8 \xff\xfe'
    head -c 1048575 /dev/zero >tree/one_byte_less
    head -c 1048576 /dev/zero >tree/one_step
    head -c 1048577 /dev/zero >tree/one_byte_more
    head -c 7000001 /dev/urandom >tree/d/large
    mkfifo tree/fifo
    ln -s d tree/link_to_folder
    ln -s d/large tree/link_to_file
    local i
    for i in $(seq 300); do echo "$i" >"tree/d/deep/deeper/$i"; done
}
reference() {
    find "$1" -type f -print0 | sort -z | xargs -r0 sha256sum
}

the_output_is_that_of_sha256sum() {
    make_tree
    reference tree >wanted
    local method workers
    for method in fork spawn; do
        for workers in 1 2 20; do
            expect 0 "$program" tree --start-method $method --workers $workers
            expect_same stdout wanted
            expect_in stderr '314 files, '
        done
    done
}

killing_workers_changes_nothing() {
    make_tree
    local i method
    for i in $(seq 15); do cp -r tree/d "tree/d$i"; done
    reference tree >wanted
    for method in fork spawn; do
        expect 0 "$program" tree --start-method $method --workers 4 --chaos 300
        expect_same stdout wanted
        ! grep -q ' 0 killed' stderr || fail "nobody was killed: $(cat stderr)"
    done
}

a_large_file_goes_on_where_a_killed_worker_was() {
    # Longer than any worker lives.
    truncate -s 1000000000 large
    sha256sum large >wanted
    expect 0 "$program" large --workers 1 --start-method fork --chaos 100
    expect_same stdout wanted
    ! grep -q ' 0 redelivered' stderr || fail "no task was redelivered: $(cat stderr)"
}

a_worker_killed_by_somebody_else_is_replaced() {
    truncate -s 1000000000 large
    "$program" large --start-method fork --workers 2 >stdout 2>stderr &
    local parent=$! workers=
    until [ "$(wc -w <<<"$workers")" -eq 2 ]; do
        kill -0 $parent 2>/dev/null || fail "it ended early: $(cat stderr)"
        workers=$(cat /proc/$parent/task/$parent/children)
    done
    sleep 0.1
    # shellcheck disable=SC2086
    kill -KILL $workers || fail 'the workers were gone before they could be killed'
    wait $parent || fail "$(cat stderr)"
    sha256sum large | cmp - stdout || fail 'the output differs'
    expect_in stderr 'ended with exit code -9; another one is started'
    expect_in stderr ', 2 died otherwise'
}

a_folder_a_file_and_a_link_are_named_as_find_names_them() {
    make_tree
    local each
    for each in tree tree/ tree// ./tree tree/empty tree/d/large tree/link_to_folder \
        tree/link_to_folder/ tree/link_to_file tree/fifo; do
        reference $each >wanted
        expect 0 "$program" $each
        expect_same stdout wanted
    done
}

what_cannot_be_read_is_reported_and_counted() {
    make_tree
    reference tree >wanted
    mkdir tree/locked
    touch tree/locked/unseen tree/secret
    chmod 0 tree/locked tree/secret
    local as_nobody=()
    if [ "$(id -u)" -eq 0 ]; then
        as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
        cp "$program" treesum
        program=./treesum
        chmod 755 . treesum
    fi
    local method
    for method in fork spawn; do
        expect 1 "${as_nobody[@]}" "$program" tree --start-method $method
        expect_same stdout wanted
        expect_in stderr 'treesum: tree/locked: Permission denied'
        expect_in stderr 'treesum: tree/secret: Permission denied'
        expect_in stderr '; 2 failed,'
    done
    expect 1 "${as_nobody[@]}" "$program" tree/locked
    expect_in stderr '; 1 failed,'
}

output_that_cannot_be_written_is_an_error() {
    make_tree
    "$program" tree >/dev/full 2>stderr && fail 'it succeeded'
    expect_in stderr 'treesum: write error: No space left on device'
}

json_holds_the_same_and_is_valid() {
    make_tree
    command -v python3 >/dev/null || {
        echo 'python3 is not installed: not tested'
        return
    }
    reference tree >wanted
    expect 0 "$program" tree --json
    python3 - stdout wanted <<'END' || fail "$(cat stdout)"
import json, sys
document = json.load(open(sys.argv[1], encoding="utf-8"))
escapes = {0x5c: b"\\\\", 0x0a: b"\\n", 0x0d: b"\\r"}
lines = []
for file in document["files"]:
    path = bytes.fromhex(file["path_hex"]) if "path_hex" in file else file["path"].encode()
    shown = b"".join(escapes.get(byte, bytes([byte])) for byte in path)
    escaped = b"\\" if shown != path else b""
    lines.append(escaped + file["sha256"].encode() + b"  " + shown + b"\n")
assert b"".join(lines) == open(sys.argv[2], "rb").read()
assert document["summary"]["files"] == len(lines) and document["summary"]["failed"] == 0
assert document["summary"]["bytes"] == sum(file["bytes"] for file in document["files"])
END
}

a_wrong_argument_is_named_with_what_is_allowed() {
    expect 2 "$program" --workers 0
    expect_in stderr "--workers: '0' is not allowed; use a whole number from 1 to 512"
    expect 2 "$program" --workers many
    expect_in stderr "--workers: 'many' is not allowed"
    expect 2 "$program" --chaos 1001
    expect_in stderr "--chaos: '1001' is not allowed; use a whole number from 0 to 1000"
    expect 2 "$program" --start-method thread
    expect_in stderr "--start-method: 'thread' is not allowed; use one of: fork, spawn, forkserver"
    expect 2 "$program" --progress sometimes
    expect_in stderr "--progress: 'sometimes' is not allowed; use one of: always, never, auto"
    expect 2 "$program" not_there
    expect_in stderr "DIR: 'not_there': No such file or directory; name a directory or"
    expect 2 "$program" one two
    expect_in stderr 'two'
    [ ! -s stdout ] || fail "something went to stdout: $(cat stdout)"
    expect 0 "$program" --help
    expect_in stdout '--chaos'
}

# The watchdog that runs this test fails it when a process is left.
interruption_leaves_no_worker() {
    truncate -s 4000000000 large
    local signal method
    for method in fork spawn; do
        for signal in INT TERM KILL; do
            # A shell's background job ignores SIGINT, but treesum asks for it.
            "$program" large --start-method $method >stdout 2>stderr &
            sleep 0.3
            kill -$signal $!
            wait $! 2>/dev/null
            local status=$?
            [ $status -eq $((128 + $(kill -l $signal))) ] || fail "$signal gave $status"
            [ $signal = KILL ] || expect_in stderr 'treesum: interrupted'
        done
    done
}

the_live_line_is_drawn_when_asked_for_and_taken_back() {
    truncate -s 1000000000 large
    expect 0 "$program" large --progress always
    expect_in stderr '1 in flight, '
    expect_in stderr $'\r\e[Ktreesum: 1 file, '
    expect 0 "$program" large  # stderr is no terminal
    ! grep -q 'in flight' stderr || fail "$(cat -v stderr)"
}

"$2"
