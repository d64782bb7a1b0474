#!/bin/sh
# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#
# check_model.sh [--caught] DEPTH MODEL.pml [NAME...]
# Explores all states of a Promela model, with each NAME defined, down to DEPTH steps.
#   Without --caught the model must hold in every state, and every state must have been visited.
#   With it, NAME is a fault put into the model, and the search must find what it breaks.
# With PROCESSION_SOAK=1 in the environment SOAK is defined too: larger bounds, more time.
#
# The search is exhaustive: no bit-state hashing, no hash compaction. COLLAPSE stores each state
# in full, in pieces. Invalid end states are not asked for (-E): a killed process rests in the
# middle of its work. Instead, each model says itself, when nothing can move any more, who must
# have come to its end.
set -u
caught=false
if [ "$1" = --caught ]; then
    caught=true
    shift
fi
depth=$1
model=$(realpath "$2")
shift 2

names=
for name in "$@"; do names="$names -D$name"; done
memory=1400
if [ "${PROCESSION_SOAK:-0}" = 1 ]; then
    names="$names -DSOAK"
    depth=$((depth * 4))
fi

folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
cd "$folder" || exit 1

# $names is a list of options.
# shellcheck disable=SC2086
if ! spin -a $names "$model" >spin.out 2>&1 || [ ! -e pan.c ]; then
    cat spin.out
    echo "spin does not understand $model"
    exit 1
fi
if ! cc -O2 -w -DSAFETY -DCOLLAPSE -DNOFAIR -DMEMLIM=$memory -o pan pan.c; then
    echo "what spin has made of $model does not compile"
    exit 1
fi
./pan -E -m"$depth" >pan.out 2>&1

# Is it a verdict at all? A fault that is found ends the search, too.
if ! grep -q 'errors: ' pan.out ||
    { grep -q 'errors: 0' pan.out &&
        grep -qE 'max search depth too small|out of memory|MEMLIM|Search not completed' pan.out; }
then
    cat pan.out
    echo "the search was cut short: no verdict"
    exit 1
fi
grep -E 'State-vector|states, stored|transitions|memory usage|elapsed time' pan.out
if grep -q 'errors: 0' pan.out; then
    if $caught; then
        echo "the fault was NOT caught: $*"
        exit 1
    fi
    echo "holds in every state"
    exit 0
fi
grep '^pan:[0-9]' pan.out
if $caught; then
    echo "caught"
    exit 0
fi
# The shortest way to show it: the trail, replayed.
./pan -r -n >trail.out 2>&1
tail -n 200 trail.out
echo "the model is BROKEN"
exit 1
