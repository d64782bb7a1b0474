#!/bin/sh
# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#
# check.sh CASE CMAKE BUILD_FOLDER COMPILER
# Builds a user's program against the library that BUILD_FOLDER holds, or against a shared one that
# the case `libraries` builds for the other cases, and runs it. The cases are at the end.
set -eu
chosen=$1
cmake=$2
build=$3
compiler=$4
source=$(cd "$(dirname "$0")" && pwd)
sources=$(cd "$source/../.." && pwd)
work=$build/consumer
unset PKG_CONFIG_PATH PKG_CONFIG_LIBDIR LD_LIBRARY_PATH

wrong() {
    echo "wrong: $*"
    exit 1
}

# configure SOURCE FOLDER OPTION...
configure() {
    from=$1
    to=$2
    shift 2
    rm -rf "$to"
    "$cmake" -S "$from" -B "$to" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" "$@"
}

# The shared library, and three prefixes: static/, shared/, and both/ with one after the other.
libraries() {
    # Not removed before: ninja compiles what has changed.
    "$cmake" -S "$sources" -B "$work/library" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" \
        -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE='-O2 -DNDEBUG' \
        -DBUILD_SHARED_LIBS=ON -DPROCESSION_UNITY=ON -DPROCESSION_TESTS=OFF \
        -DPROCESSION_EXAMPLES=OFF -DPROCESSION_PYTHON=OFF
    "$cmake" --build "$work/library" --parallel 1
    for prefix in static shared both; do
        rm -rf "${work:?}/$prefix"
    done
    "$cmake" --install "$build" --prefix "$work/static" >/dev/null
    "$cmake" --install "$work/library" --prefix "$work/shared" >/dev/null
    "$cmake" --install "$work/library" --prefix "$work/both" >/dev/null
    "$cmake" --install "$build" --prefix "$work/both" >/dev/null
}

# links PROGRAM static|shared
links() {
    kind=static
    if readelf -d "$1" | grep -q 'NEEDED.*\[libprocession\.so\.0\.1\]'; then kind=shared; fi
    [ "$kind" = "$2" ] || wrong "$1 has linked the $kind library"
    readelf -n "$1" | grep -q 'Build ID' ||
        wrong "$1 has no build id: linking procession::procession must ask for one"
}

# find_package PREFIX KIND OPTION...    KIND is what must come out.
find_package() {
    prefix=$1
    kind=$2
    shift 2
    configure "$source" "$work/build_$chosen" -DCMAKE_PREFIX_PATH="$work/$prefix" \
        -DCMAKE_BUILD_TYPE=Debug "$@"
    "$cmake" --build "$work/build_$chosen"
    links "$work/build_$chosen/consumer" "$kind"
    "$work/build_$chosen/consumer"
}

# Which library the package picks, without building anything with it.
picks() {
    prefix=$1
    kind=$2
    shift 2
    configure "$source" "$work/build_$chosen" -DCMAKE_PREFIX_PATH="$work/$prefix" "$@" >/dev/null
    if ! grep -q "libprocession\.$kind" "$work/build_$chosen/build.ninja"; then
        wrong "in $prefix/ with $* the package does not pick libprocession.$kind"
    fi
}

choice() {
    picks static a
    picks static a -DBUILD_SHARED_LIBS=ON
    picks shared so
    picks shared so -DBUILD_SHARED_LIBS=OFF
    picks both so
    picks both a -DBUILD_SHARED_LIBS=OFF
    picks both so -DBUILD_SHARED_LIBS=ON
    picks both so -DBUILD_SHARED_LIBS=OFF -DKIND=shared
    for kind in static 'static;shared' 'dynamic'; do
        if configure "$source" "$work/build_$chosen" -DCMAKE_PREFIX_PATH="$work/shared" \
            -DKIND="$kind" >/dev/null 2>"$work/refused"; then
            wrong "COMPONENTS $kind was found where only the shared library is"
        fi
        grep -q "asked for '$kind'" "$work/refused" || wrong "no reason: $(cat "$work/refused")"
    done
}

# pkg_config PREFIX KIND OPTION...
pkg_config() {
    prefix=$work/$1
    kind=$2
    shift 2
    flags=$(PKG_CONFIG_PATH="$prefix/lib/pkgconfig" pkg-config --cflags --libs "$@" procession)
    case $kind$flags in
        shared*-DPROCESSION_SHARED*) ;;
        shared*) wrong "procession.pc of a shared library lacks PROCESSION_SHARED: $flags" ;;
        *-DPROCESSION_SHARED*) wrong "procession.pc of a static library has PROCESSION_SHARED" ;;
    esac
    # The flags are words without blanks, as everywhere where pkg-config is used.
    # shellcheck disable=SC2086
    "$compiler" -std=c++20 "$source/main.cpp" -o "$work/$chosen" $flags -Wl,-rpath,"$prefix/lib"
    links "$work/$chosen" "$kind"
    "$work/$chosen"
}

# What is compiled with the parent's settings is compiled without optimisation: that is sooner.
add_subdirectory() {
    configure "$source" "$work/build_$chosen" -DPROCESSION_SOURCES="$sources" \
        -DPROCESSION_UNITY=ON -DCMAKE_CXX_FLAGS=-O0 \
        -DCMAKE_CXX_COMPILER_LAUNCHER="$(command -v ccache || true)"
    grep -q 'install' "$work/build_$chosen/procession/cmake_install.cmake" &&
        grep -q 'libprocession' "$work/build_$chosen/procession/cmake_install.cmake" &&
        wrong 'the added library is installed with its parent'
    "$cmake" --build "$work/build_$chosen" --parallel 1 --target consumer
    links "$work/build_$chosen/consumer" static
    "$work/build_$chosen/consumer"
}

plugin() {
    configure "$source/plugin" "$work/build_$chosen" -DCMAKE_PREFIX_PATH="$work/both" \
        -DCMAKE_BUILD_TYPE=Debug
    "$cmake" --build "$work/build_$chosen"
    links "$work/build_$chosen/host/host" shared
    links "$work/build_$chosen/part/part.so" static
    "$work/build_$chosen/host/host" "$work/build_$chosen/part/part.so"
}

# A new name is a decision: then it goes into the list.
exported_names() {
    library=$work/shared/lib/libprocession.so
    nm -D --defined-only "$library" >"$work/exported"
    number=$(wc -l <"$work/exported")
    [ "$number" -lt 250 ] || wrong "$number names are exported; fewer than 250 are wanted"
    c++filt <"$work/exported" | cut -c20- | LC_ALL=C sort -u >"$work/exported_names.txt"
    if ! diff "$source/exported_names.txt" "$work/exported_names.txt"; then
        wrong "what is exported is not what $source/exported_names.txt lists. If that is meant:" \
            "cp $work/exported_names.txt $source/"
    fi
    readelf -d "$library" | grep -q 'SONAME.*\[libprocession\.so\.0\.1\]' || wrong 'the soname'
    echo "$number names are exported"
}

headers() {
    (cd "$work/static/include" && find procession -name '*.h' | sort) | while read -r header; do
        echo "#include <$header>" | "$compiler" -std=c++20 -Wall -Wextra -Werror -fsyntax-only \
            -I"$work/static/include" -x c++ - || wrong "$header does not compile alone"
    done
}

case $chosen in
    libraries | choice | plugin | exported_names | headers | add_subdirectory) "$chosen" ;;
    find_package_static) find_package static static ;;
    find_package_shared) find_package shared shared -DKIND=shared ;;
    find_package_static_of_both) find_package both static -DKIND=static ;;
    pkg_config_static) pkg_config static static --static ;;
    pkg_config_shared) pkg_config shared shared ;;
    pkg_config_of_both) pkg_config both shared ;;
    *) wrong "there is no case $chosen" ;;
esac
