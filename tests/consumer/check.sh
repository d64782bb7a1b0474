#!/bin/sh
# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#
# check.sh CMAKE BUILD_FOLDER COMPILER
# Installs the library that BUILD_FOLDER holds, builds the project beside this script against the
# installed copy, and runs it. Every installed header must also compile alone.
set -eu
cmake=$1
build=$2
compiler=$3
source=$(cd "$(dirname "$0")" && pwd)
work=$build/consumer
prefix=$work/installed

rm -rf "$work"
"$cmake" --install "$build" --prefix "$prefix" >/dev/null
"$cmake" -S "$source" -B "$work/build" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" \
    -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_BUILD_TYPE=Debug
"$cmake" --build "$work/build"
"$work/build/consumer"
if ! readelf -n "$work/build/consumer" | grep -q 'Build ID'; then
    echo "the consumer has no build id: linking procession::procession must ask for one"
    exit 1
fi
(cd "$prefix/include" && find procession -name '*.h' | sort) | while read -r header; do
    echo "#include <$header>" |
        "$compiler" -std=c++20 -Wall -Wextra -Werror -fsyntax-only -I"$prefix/include" -x c++ - || {
        echo "$header does not compile alone"
        exit 1
    }
done
rm -rf "$work"
