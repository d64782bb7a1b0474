# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#
# bench_test.sh TEST ARGUMENT...    runs the function TEST.
set -u
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export TMPDIR=$folder
python=(/usr/bin/python3 -B)

fail() {
    echo "FAILED: $*"
    exit 1
}

# run JSON PROGRAM OPTION...    the program ends well, and JSON has results.
run() {
    local json=$1
    shift
    mkdir -p "$(dirname "$json")"
    rm -f "$json"
    "$@" --json "$json" || fail "$* ended with $?"
    "${python[@]}" - "$json" <<'END' || fail "$json: $(cat "$json")"
import json, sys
document = json.load(open(sys.argv[1], encoding="utf-8"))
assert document["machine"] and document["versions"] and document["date"] and document["quick"]
assert len(document["results"]) > 0
for record in document["results"]:
    assert record["case"] and record["what"]
END
}

# merged FOLDER RESULTS NAME...    makes one document of RESULTS/NAME.json, and prints its name.
merged() {
    local scripts=$1 results=$2 files=()
    shift 2
    for name in "$@"; do files+=("$results/$name.json"); done
    "${python[@]}" "$scripts/summary.py" merge "$folder/all.json" "${files[@]}" ||
        fail "summary.py merge ended with $?"
    echo "$folder/all.json"
}

the_targets_are_judged() {
    local all
    all=$(merged "$@") || fail "$all"
    "${python[@]}" "$1/summary.py" targets "$all" >"$folder/table" || fail "summary.py: $?"
    cat "$folder/table"
    # How well it did is not a test; that each work of the table is found is.
    for work in '64 B 2x2 free, Queue' 'waiting in Queue.get, empty: cpu' \
        'memory of an empty Queue' \
        'Process spawn + join, small parent' 'round trip 64 B p50, one cpu' 'treesum, warm tree'; do
        grep -F "$work" "$folder/table" | grep -qE 'met|MISSED' || fail "not judged: $work"
    done
}

the_plots_are_drawn() {
    local all
    "${python[@]}" -c 'import matplotlib' 2>/dev/null || {
        echo 'skipped: no matplotlib (Debian package python3-matplotlib)'
        exit 77
    }
    all=$(merged "$@") || fail "$all"
    MPLCONFIGDIR=$folder "${python[@]}" "$1/plots.py" "$all" "$folder/plots" || fail "plots.py: $?"
    for name in throughput_participants latency kill_score; do
        for ending in svg png; do
            [ -s "$folder/plots/$name.$ending" ] || fail "$name.$ending was not drawn"
        done
    done
}

a_wrong_option_is_refused() {
    "$1" --case 'no such case' >/dev/null 2>&1
    [ $? -eq 2 ] || fail "a case that there is not: $?"
    "$1" --rounds many >/dev/null 2>&1
    [ $? -eq 2 ] || fail "rounds that are no number: $?"
}

"$@"
