#!/bin/sh
# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#
# check_nocompile.sh COMPILER INCLUDE_FOLDER FILE [HEADER]
# HEADER is compiled already and is included first, so that all do not parse the same.
# check_nocompile.sh COMPILER INCLUDE_FOLDER --precompile HEADER
# makes that one, of the headers of the library.
#
# FILE must fail to compile, with the words of its first line ("// expect: <words>") in an error.
# With -DPROCESSION_NOCOMPILE_CONTROL, where FILE mentions it, the fault is left out and it must
# compile: so it fails for its own reason and not for a stale include.
set -u
compiler=$1
include=$2
file=$3

header=${4:-}

run_compiler() {
    "$compiler" -std=c++20 -I"$include" -I"$include/../src" "$@"
}
if [ "$file" = --precompile ]; then
    mkdir -p "$(dirname "$header")"
    printf '#include "procession/%s.h"\n' codec joinable_queue process queue >"$header"
    run_compiler -x c++-header "$header" -o "$header.gch"
    exit
fi

expected=$(sed -n '1s,^// expect: *,,p' "$file")
if [ -z "$expected" ]; then
    echo "$file: the first line must say // expect: <words of the compiler's error>"
    exit 1
fi
compile() {
    run_compiler ${header:+-include "$header"} -fsyntax-only "$@" "$file" 2>&1
}
if output=$(compile); then
    echo "$file compiled; it must not: $expected"
    exit 1
fi
if ! printf '%s\n' "$output" | grep -F 'error:' | grep -qF "$expected"; then
    echo "$file failed to compile, but no error says \"$expected\":"
    printf '%s\n' "$output"
    exit 1
fi
if grep -q PROCESSION_NOCOMPILE_CONTROL "$file"; then
    if ! output=$(compile -DPROCESSION_NOCOMPILE_CONTROL); then
        echo "$file does not compile without its fault either:"
        printf '%s\n' "$output"
        exit 1
    fi
fi
echo "$file is refused as expected: $expected"
