#!/bin/bash
# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#
# limits_bench_test.sh WINE LIMITS_BENCH TEST    limits_bench.exe in its shortest form. No figure is
# judged, but that all that was sent has arrived.
set -u
wine=$1
program=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1

fail() {
    echo "FAILED: $*"
    exit 1
}

every_row_is_measured() {
    "$wine" "$program" --quick --rounds 1 --json results.json </dev/null >table 2>stderr ||
        fail "it ended with $?: $(cat stderr)"
    cat table
    /usr/bin/python3 -B - <<'END' || fail "$(cat results.json)"
import json, math
document = json.load(open("results.json", encoding="utf-8"))
assert document["benchmark"] == "windows_limits" and document["quick"]
assert "cpus" in document["machine"] and document["versions"] and document["date"]
queues = {"Queue", "JoinableQueue", "named pipe", "bare ring (limit)"}
many = {"Queue, many", "JoinableQueue, many", "named pipe", "bare ring (limit)"}
wanted = {
    "64 B 1x1 free": queues, "64 B 1x1 one cpu": queues, "64 B 1x1 batch 64 free": many,
    "round trip 64 B free": queues | {"events (limit)"},
    "round trip 64 B one cpu": queues | {"events (limit)"},
    "start + join": {"Process, spawn", "CreateProcess (limit)"},
}

def sum_of(items):
    """Of the checksums of items 0 to items - 1, as bench/item.h has them."""
    seeds = 0x9e3779b97f4a7c15 * (items * (items - 1) // 2)
    return sum((seeds + items * word) * (word + 1) for word in range(8)) % 2**64

found = {}
for record in document["results"]:
    found.setdefault(record["case"], set()).add(record["what"])
    items = int(record["items_per_round"])
    arrived = items if record["case"] == "start + join" else sum_of(items)
    assert items > 0 and int(record["sum"]) == arrived, record
    (figure,) = record["rounds"]
    assert math.isfinite(figure) and figure > 0, record
    assert figure == record.get("items_per_s", record.get("seconds")), record
    beside = [value for key, value in record.items() if key.startswith("ratio to ")]
    assert beside and all(math.isfinite(ratio) and ratio > 0 for ratio in beside), record
assert found == wanted, found
shown = open("table", encoding="utf-8").read()
for case, whats in wanted.items():
    for what in whats:
        assert any(line.startswith(case) and what in line for line in shown.splitlines()), what
END
}

a_case_that_is_not_there_is_refused() {
    "$wine" "$program" --case 'no such case' </dev/null >/dev/null 2>stderr
    [ $? -eq 2 ] || fail "it ended with $?"
    grep -q "'no such case'" stderr || fail "$(cat stderr)"
}

"$3"
