#!/bin/sh
# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#
# header_weight.sh COMPILER INCLUDE_FOLDER
# What a program includes of Procession is little more than the standard headers that it has anyway:
# so many preprocessed lines at most, in percent of these. And no header of a container or algorithm
# comes with it.
set -eu
compiler=$1
include=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

preprocess() { "$compiler" -std=c++20 -I"$include" -E -x c++ - "$@"; }
lines() { preprocess -P | wc -l; }

basis=$(printf '#include <%s>\n' string vector span optional chrono | lines)
failed=0
while read -r header most; do
    found=$(printf '#include "procession/%s"\n' "$header" | lines)
    percent=$((100 * found / basis))
    echo "$header: $found lines, $percent % of the basis of $basis"
    if [ "$percent" -gt "$most" ]; then
        echo "    at most $most % is allowed: leave a header out, or move code into the library"
        failed=1
    fi
done <<END
queue.h 145
joinable_queue.h 145
process.h 145
procession.h 150
END

heavy='algorithm|bitset|cmath|deque|forward_list|functional|iostream|list|map|mutex|ranges'
heavy="$heavy|regex|set|thread|unordered_map|unordered_set"
with=$(printf '#include "procession/procession.h"\n' | preprocess |
    sed -nE "s@^# [0-9]+ \"[^\"]*/($heavy)\".*@\1@p" | sort -u)
if [ -n "$with" ]; then
    echo "procession.h includes" $with
    failed=1
fi
exit $failed
