#!/bin/bash
# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#
# tools/fuzz_soak.sh [SECONDS [TARGET...]]    fuzzes each target for so long (60).
# It starts from the committed inputs. What a fuzzer finds stays in build/fuzz/found/TARGET, and is
# a failure. Inputs that reach new code are collected in build/fuzz/corpus/TARGET for the next time.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
seconds=${1:-60}
shift
[ $# -gt 0 ] || set -- segment_header queue_state bootstrap_message messagepack child_report \
    transfer_manifest frames handshake broker_request

command -v clang++-19 >/dev/null || {
    echo 'tools/fuzz_soak.sh: needs clang-19 and libclang-rt-19-dev' >&2
    exit 2
}
cmake --preset fuzz >/dev/null && cmake --build --preset fuzz >/dev/null || {
    echo 'tools/fuzz_soak.sh: the fuzzers do not build' >&2
    exit 2
}

failed=()
for target in "$@"; do
    collected=build/fuzz/corpus/$target
    found=build/fuzz/found/$target
    mkdir -p "$collected" "$found"
    build/fuzz/fuzz/corpus_tool unpack "fuzz/corpus/$target.txt" "$collected" || exit 2
    # A call that waits a second for a lock and gives up is no hang: 20 s are.
    if build/fuzz/fuzz/"${target}"_fuzzer -max_total_time="$seconds" -timeout=20 -max_len=4096 \
        -artifact_prefix="$found/" "$collected" >"$found/log" 2>&1; then
        echo "$target: $(grep -a DONE "$found/log")"
    else
        grep -aE 'ERROR|fuzz target|SUMMARY|Test unit' "$found/log"
        failed+=("$target")
    fi
done
[ ${#failed[@]} -eq 0 ] || {
    echo "fuzzing FAILED: ${failed[*]}; see build/fuzz/found"
    exit 1
}
