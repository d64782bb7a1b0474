#!/bin/bash
# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#
# package_test.sh CMAKE CPACK BUILD_FOLDER TOOLCHAIN_FILE EMULATOR
# Makes the zip of the library as the preset windows-release does, unpacks it, builds a project of a
# user against what is in it, runs that, and the treesum.exe that came along.
set -eu
cmake=$1
cpack=$2
build=$3
toolchain=$4
emulator=$5
source=$(cd "$(dirname "$0")/../consumer" && pwd)
work=$build/package_test

rm -rf "$work"
mkdir -p "$work/unpacked"
"$cpack" --config "$build/CPackConfig.cmake" -G ZIP -B "$work" >/dev/null
zip=$(echo "$work"/procession-*-windows-x86_64.zip)
(cd "$work/unpacked" && "$cmake" -E tar xf "$zip")
prefix=$(echo "$work"/unpacked/procession-*)

"$cmake" -S "$source" -B "$work/build" -G Ninja -DCMAKE_TOOLCHAIN_FILE="$toolchain" \
    -DProcession_DIR="$prefix/lib/cmake/procession" -DCMAKE_BUILD_TYPE=Debug
"$cmake" --build "$work/build"
"$emulator" "$work/build/consumer.exe"

mkdir "$work/files"
echo one >"$work/files/one"
found=$("$emulator" "$prefix/bin/treesum.exe" "Z:$work/files" | tr -d '\r' | cut -c1-64 | head -1)
expected=$(sha256sum "$work/files/one" | cut -c1-64)
if [ "$found" != "$expected" ]; then
    echo "treesum.exe of the package says '$found', expected '$expected'"
    exit 1
fi
for file in "$prefix"/include/procession/procession.h "$prefix"/share/doc/*/LICENSE; do
    [ -f "$file" ] || { echo "the package has no $file"; exit 1; }
done
rm -rf "$work"
