#!/bin/sh
# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#
# module_test.sh CMAKE BUILD_FOLDER COMPILER
# The Python module of this build, and its broker, need no library but those of every system, and,
# built on Debian 12, run with glibc 2.34: then a wheel of them is a manylinux_2_34.
set -eu
build=$2
module=$build/python/package/procession/_native.abi3.so
broker=$build/python/procession-broker

wrong() {
    echo "wrong: $*"
    exit 1
}

for file in "$module" "$broker"; do
    needed=$(readelf -d "$file" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p')
    for library in $needed; do
        case $library in
            libc.so.6 | libm.so.6 | libgcc_s.so.1 | ld-linux-*) ;;
            *) wrong "$file needs $library, which a wheel does not bring" ;;
        esac
    done
    newest=$(objdump -T "$file" | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -1)
    echo "$(basename "$file"): $newest"
    # Elsewhere the headers of the system decide.
    case $(ldd --version) in
        *'GLIBC 2.36'*) ;;
        *) continue ;;
    esac
    [ "$(printf '%s\n' "$newest" GLIBC_2.34 | sort -V | tail -1)" = GLIBC_2.34 ] ||
        wrong "$file needs $newest: $(objdump -T "$file" | grep -F "$newest")"
done
