#!/bin/bash
# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"

# start OPTION...    runs the server; sets `url` and `server`.
start() {
    mkfifo up
    "$program" "$@" >up 2>stderr &
    server=$!
    read -r url <up
}
stop() {
    kill -TERM "$server"
    wait "$server" || fail "the server ended with $?: $(cat stderr)"
}
workers() { pgrep -P "$server" -f -- "--procession-child=" || true; }
status_of() { curl -sS --max-time 20 -o /dev/null -w '%{http_code}' "$@" "$url"; }
ask() { curl -sS --fail --max-time 20 "$@" "$url"; }

requests_are_answered_by_several_processes() {
    local method
    for method in fork spawn forkserver; do
        start --workers 3 --start-method $method
        local i
        for i in $(seq 60); do ask >>answers || fail "request $i: $(cat stderr)"; done
        stop
        [ "$(wc -l <answers)" -eq 60 ] || fail "$(wc -l <answers) answers"
        [ "$(sort -u answers | wc -l)" -gt 1 ] ||
            fail "one process did all: $(sort answers | uniq -c)"
        rm answers up
    done
}

no_request_is_lost_when_workers_are_killed_between_requests() {
    start --workers 2
    local i victim
    for i in $(seq 40); do
        victim=$(workers | shuf -n 1)
        [ -z "$victim" ] || kill -KILL "$victim"
        ask >>answers || fail "request $i: $(cat stderr)"
    done
    stop
    [ "$(wc -l <answers)" -eq 40 ] || fail "$(wc -l <answers) answers"
    [ "$(sort -u answers | wc -l)" -gt 5 ] || fail "too few processes: $(sort answers | uniq -c)"
}

a_connection_outlives_the_workers_that_answer_on_it() {
    start --workers 1
    # One connection, many requests; workers are killed all the time.
    local urls=()
    local i
    for i in $(seq 300); do urls+=("$url"); done
    (
        while sleep 0.02; do
            for victim in $(workers); do kill -KILL "$victim"; done
        done
    ) &
    local killer=$!
    curl -sS --fail --max-time 60 "${urls[@]}" -w '%{num_connects} connects\n' >answers ||
        fail "$(cat stderr)"
    kill "$killer"
    wait "$killer" 2>/dev/null
    stop
    [ "$(grep -c '^answered' answers)" -ge 300 ] || fail "$(sort answers | uniq -c)"
    # curl tells of each request how many connections it had to make.
    [ "$(grep -c '^1 connects' answers)" -lt 10 ] ||
        fail "$(grep connects answers | sort | uniq -c)"
}

what_is_no_request_is_refused() {
    start
    local long
    long=$(head -c 9000 /dev/zero | tr '\0' x)
    [ "$(status_of -X DELETE)" = 405 ] || fail 'DELETE'
    [ "$(status_of -H "X: $long")" = 431 ] || fail 'a long head'
    ask -I >stdout || fail 'HEAD'
    expect_in stdout 'HTTP/1.1 200 OK'
    stop
}

"$2"
