#!/bin/sh
# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#
# deb_test.sh CMAKE BUILD_FOLDER COMPILER
# Makes the Debian packages, compares what is in them with deb_contents.txt, unpacks them, and
# builds and runs a user's program against what is there. Exit code 77: it cannot be tried here.
set -eu
cmake=$1
build=$2
compiler=$3
tests=$(cd "$(dirname "$0")/.." && pwd)
sources=$(cd "$tests/.." && pwd)
work=$build/deb
unset PKG_CONFIG_PATH PKG_CONFIG_LIBDIR LD_LIBRARY_PATH

for tool in dpkg-deb dpkg-architecture dpkg-shlibdeps pkg-config; do
    command -v $tool >/dev/null || {
        echo "skipped: there is no $tool (Debian packages dpkg-dev and pkg-config)"
        exit 77
    }
done

wrong() {
    echo "wrong: $*"
    exit 1
}

rm -rf "$work/packages" "$work/unpacked" "$work/consumer"
# Beside other tests, which need a processor, too.
CXX=$compiler CMAKE_BUILD_PARALLEL_LEVEL=1 sh "$sources/packaging/deb.sh" "$work/packages" \
    "$work/build"
multiarch=$(dpkg-architecture -qDEB_HOST_MULTIARCH)
version=$(sed -nE 's/^project\(Procession VERSION ([0-9.]+).*/\1/p' "$sources/CMakeLists.txt")
soname=${version%.*}

# The headers are those of the sources; everything else is listed.
{
    for package in libprocession-dev "libprocession$soname"; do
        echo "$package"
        dpkg-deb --contents "$work/packages/${package}_$version"-*.deb |
            awk '$1 !~ /^d/ { sub(/^\.\//, "", $6); print $1, $6 (NF > 6 ? " -> " $8 : "") }' |
            grep -v ' usr/include/procession/.*\.h$' | LC_ALL=C sort
    done
} >"$work/contents"
sed "s/MULTIARCH/$multiarch/; s/SONAME/$soname/; s/VERSION/$version/" \
    "$tests/packages/deb_contents.txt" >"$work/wanted"
diff "$work/wanted" "$work/contents" || wrong 'the packages hold other files than are listed'

for package in "$work/packages"/*.deb; do
    dpkg-deb -x "$package" "$work/unpacked"
done
diff -r "$sources/include/procession" "$work/unpacked/usr/include/procession" ||
    wrong 'the headers are not those of the sources'
libraries=$work/unpacked/usr/lib/$multiarch
for file in "$libraries/libprocession.a" "$libraries/libprocession.so.$version"; do
    if readelf -S "$file" | grep -q '\.debug_'; then wrong "$file has debug information"; fi
    if grep -qF "$sources" "$file"; then wrong "$file names the folder it was built in"; fi
done
if readelf -s "$libraries/libprocession.so.$version" | grep -q "'\.symtab'"; then
    wrong 'the shared library is not stripped'
fi
for field in Depends Description; do
    for package in "$work/packages"/*.deb; do
        dpkg-deb --field "$package" $field | sed "s|^|$(basename "$package"): |"
    done
done
dpkg-deb --field "$work/packages/libprocession-dev_$version"-*.deb Depends |
    grep -q "libprocession$soname (= $version-1)" || wrong 'what libprocession-dev depends on'
dpkg-deb --ctrl-tarfile "$work/packages/libprocession${soname}_$version"-*.deb | tar xO ./shlibs |
    grep -qx "libprocession $soname libprocession$soname (>= $version-1)" || wrong 'shlibs'

flags=$(PKG_CONFIG_PATH="$libraries/pkgconfig" pkg-config --cflags --libs procession)
# shellcheck disable=SC2086
"$compiler" -std=c++20 "$tests/consumer/main.cpp" -o "$work/consumer" $flags
LD_LIBRARY_PATH=$libraries "$work/consumer"
for kind in shared static; do
    rm -rf "$work/consumer_$kind"
    "$cmake" -S "$tests/consumer" -B "$work/consumer_$kind" -G Ninja \
        -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_PREFIX_PATH="$work/unpacked/usr" -DKIND=$kind
    "$cmake" --build "$work/consumer_$kind"
    "$work/consumer_$kind/consumer"
done
ls -l "$work/packages"
