#!/bin/sh
# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#
# packaging/abi_diff.sh TAG
# Compares the binary interface of the shared library of this checkout with that of a tag or commit.
# Both are built below build/abi, which takes some minutes. Needs abidiff (abigail-tools).
# Exit code 0: nothing has changed. Otherwise it is abidiff's: 4 is a change, 12 one that breaks
# programs, which needs another soname.
set -eu
if [ $# -ne 1 ]; then
    echo 'use: packaging/abi_diff.sh TAG' >&2
    exit 2
fi
root=$(cd "$(dirname "$0")/.." && pwd)
work=$root/build/abi
commit=$(git -C "$root" rev-parse --verify "$1^{commit}")

rm -rf "$work/sources"
mkdir -p "$work/sources"
git -C "$root" archive "$commit" | tar x -C "$work/sources"
for side in before after; do
    sources=$root
    [ $side = after ] || sources=$work/sources
    cmake -S "$sources" -B "$work/$side" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo \
        -DBUILD_SHARED_LIBS=ON -DPROCESSION_UNITY=ON -DPROCESSION_TESTS=OFF \
        -DPROCESSION_EXAMPLES=OFF -DPROCESSION_PYTHON=OFF >/dev/null
    cmake --build "$work/$side" --target procession >/dev/null
done
exec abidiff --headers-dir1 "$work/sources/include" --headers-dir2 "$root/include" \
    "$work/before/libprocession.so" "$work/after/libprocession.so"
