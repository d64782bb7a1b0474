#!/bin/bash
# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"

# A CPython of 3.12 or newer; older ones authenticate by MD5 only.
find_python() {
    local each
    for each in python3.13 python3.12 python3 "$HOME"/.pyenv/versions/3.1*/bin/python3; do
        if "$each" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then
            echo "$each"
            return
        fi
    done
}

python_clients_are_served_by_processes_that_run_already() {
    local python
    python=$(find_python)
    if [ -z "$python" ]; then
        echo 'skipped: there is no CPython 3.12 or newer on this machine'
        return
    fi
    mkfifo in up
    "$program" 0 'the shared key' <in >up 2>stderr &
    local server=$!
    exec 3>in
    local address
    read -r address <up
    cat >client.py <<'PYTHON'
import hashlib, sys
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client
where = ('127.0.0.1', int(sys.argv[1]))
clients = [Client(where, authkey=b'the shared key') for i in range(2)]
for n in (0, 3, 100000):
    for c in clients:
        m = b'x' * n
        c.send_bytes(m)
        assert c.recv_bytes().decode() == hashlib.sha256(m).hexdigest()
for c in clients:
    c.close()
try:
    Client(where, authkey=b'another key')
except AuthenticationError as e:
    print('refused')
PYTHON
    expect 0 "$python" client.py "${address##*:}"
    expect_in stdout refused
    exec 3>&-
    wait $server || fail "the server ended with $?: $(cat stderr)"
}

"$2"
