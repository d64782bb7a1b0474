#!/bin/sh
# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#
# packaging/deb.sh OUTPUT_DIR [BUILD_DIR]
# Makes the Debian packages libprocession0.1 and libprocession-dev in OUTPUT_DIR, from two builds
# below BUILD_DIR (build/deb). Needs g++, cmake, ninja-build, dpkg-dev and libssl-dev.
# DEBFULLNAME and DEBEMAIL name the maintainer; CXX the compiler.
set -eu
if [ $# -lt 1 ]; then
    echo 'use: packaging/deb.sh OUTPUT_DIR [BUILD_DIR]' >&2
    exit 2
fi
root=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
output=$(cd "$1" && pwd)
build=${2:-$root/build/deb}
maintainer="${DEBFULLNAME:-The Procession Authors}${DEBEMAIL:+ <$DEBEMAIL>}"
multiarch=$(dpkg-architecture -qDEB_HOST_MULTIARCH)
# Debian's own flags harden the library, and keep the path of the sources out of it. The archive
# carries no debug information.
flags=$(cd "$root" && dpkg-buildflags --get CXXFLAGS)
definitions=$(cd "$root" && dpkg-buildflags --get CPPFLAGS | sed 's/-Wdate-time//')

for kind in shared static; do
    shared=OFF
    [ $kind = static ] || shared=ON
    cmake -S "$root" -B "$build/$kind" -G Ninja -DCMAKE_BUILD_TYPE=Release \
        -DCMAKE_CXX_FLAGS="$definitions $flags -g0" -DCMAKE_CXX_FLAGS_RELEASE=-DNDEBUG \
        -DCMAKE_SHARED_LINKER_FLAGS="$(dpkg-buildflags --get LDFLAGS)" \
        -DCMAKE_INSTALL_PREFIX=/usr -DCMAKE_INSTALL_LIBDIR="lib/$multiarch" \
        -DBUILD_SHARED_LIBS=$shared -DPROCESSION_INSTALL=ON -DPROCESSION_UNITY=ON \
        -DPROCESSION_TESTS=OFF -DPROCESSION_EXAMPLES=OFF -DPROCESSION_PYTHON=OFF
    cmake --build "$build/$kind"
done

rm -rf "$build/pack"
cmake -S "$root/packaging/debian" -B "$build/pack" -G Ninja -DCMAKE_INSTALL_PREFIX=/usr \
    -DSHARED="$build/shared" -DSTATIC="$build/static" -DMAINTAINER="$maintainer"
# The files get the time of the last commit, so that the same sources make the same packages.
if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
    SOURCE_DATE_EPOCH=$(git -C "$root" log -1 --format=%ct 2>/dev/null || date +%s)
fi
export SOURCE_DATE_EPOCH
(
    umask 022
    cd "$build/pack"
    cpack --config CPackConfig.cmake -B "$build/pack/packages"
)
cp "$build/pack/packages/"*.deb "$output/"
ls -l "$output"/libprocession*.deb
