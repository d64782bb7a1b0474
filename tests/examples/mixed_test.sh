#!/bin/bash
# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
# PYTHON is the interpreter, MIXED_PY the other half of the example.
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"

make_tree() {
    mkdir -p tree/deep/er
    for n in $(seq 60); do
        head -c $((n * 1500)) /dev/urandom >"tree/file $n"
    done
    printf 'x' >tree/deep/er/ünïcode
    : >tree/deep/empty
    find tree -type f -print0 | xargs -0 sha256sum | sort -k2 >wanted
}

the_output_is_that_of_sha256sum() {
    make_tree
    expect 0 "$PYTHON" -B "$MIXED_PY" --worker "$program" tree
    sort -k2 stdout >got
    expect_same got wanted
    expect_in stderr '62 files'
}

killing_cpp_workers_changes_nothing() {
    make_tree
    head -c 50000000 /dev/zero >tree/large
    find tree -type f -print0 | xargs -0 sha256sum | sort -k2 >wanted
    expect 0 "$PYTHON" -B "$MIXED_PY" --chaos --workers 3 --worker "$program" tree
    sort -k2 stdout >got
    expect_same got wanted
    grep -q ' 0 workers killed' stderr && fail "no worker was killed: $(cat stderr)"
    tail -1 stderr
}

what_is_no_job_becomes_a_dead_letter_that_says_why() {
    cat >wrong.py <<'EOF'
import subprocess, sys
import procession
jobs = procession.JoinableQueue(codec='msgpack')
results = procession.Queue(codec='msgpack')
for wrong in ({'path': 'x'}, ['path only'], [1, 2], 'text', b'bytes'):
    jobs.put(wrong)
pass_fds = [jobs.descriptor(), results.descriptor()]
worker = subprocess.Popen([sys.argv[1], *map(str, pass_fds)], pass_fds=pass_fds)
assert jobs.join(60)
jobs.shutdown()
assert worker.wait() == 0
for letter in jobs.take_dead_letters():
    print(letter.load(), letter.reason)
# A queue of the wrong kind is refused as a whole.
for first, second in ((results, results), (procession.Queue(), results)):
    pass_fds = {first.descriptor(), second.descriptor()}
    command = [sys.argv[1], str(first.descriptor()), str(second.descriptor())]
    print(subprocess.run(command, pass_fds=pass_fds, stderr=subprocess.PIPE, text=True).stderr)
EOF
    expect 0 "$PYTHON" -B wrong.py "$program"
    expect_in stdout "{'path': 'x'}"
    expect_in stdout 'expected an array, found a map'
    expect_in stdout 'expected a string'
    expect_in stdout 'it is a Queue of'
    [ "$(wc -l <stdout)" -ge 7 ] || fail "too little was said: $(cat stdout)"
}

"$2"
