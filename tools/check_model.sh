#!/bin/sh
# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#
# check_model.sh [--caught] DEPTH MODEL.pml [NAME...]
# Explores all states of a Promela model, with each NAME or NAME=VALUE defined, down to DEPTH steps.
#   Without --caught the model must hold in every state, and every state must have been visited.
#   With it, NAME is a fault put into the model, and the search must find what it breaks.
# A NAME may begin with soak: and is for runs with PROCESSION_SOAK=1 in the environment then: larger
# bounds, more time and memory.
#
# The search is exhaustive: no bit-state hashing, no hash compaction. COLLAPSE stores each state
# in full, in pieces. Invalid end states are not asked for (-E): a killed process rests in the
# middle of its work. Instead, each model says itself, when nothing can move any more, which
# processes must have come to their end.
set -u
caught=false
if [ "$1" = --caught ]; then
    caught=true
    shift
fi
depth=$1
model=$(realpath "$2")
shift 2

memory=1400  # MiB
soak=${PROCESSION_SOAK:-0}
if [ "$soak" = 1 ]; then
    memory=6000
    depth=$((depth * 4))
fi
# Names beginning with soak: replace those of the same key, when it is one.
names=
for name in "$@"; do
    case $name in
        soak:*)
            [ "$soak" = 1 ] || continue
            name=${name#soak:}
            names=$(printf '%s' "$names" | sed "s/ -D${name%%=*}=[^ ]*//")
            ;;
    esac
    names="$names -D$name"
done

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
# In small bounds optimising takes longer than searching.
optimise=-O0
[ "$soak" = 1 ] && ! $caught && optimise=-O1
if ! cc $optimise -w -DSAFETY -DCOLLAPSE -DNOFAIR -DMEMLIM=$memory -o pan pan.c; then
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
