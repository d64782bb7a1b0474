#!/bin/sh
# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#
# conan_test.sh CMAKE BUILD_FOLDER COMPILER
# Makes the Conan package, static and shared, with OpenSSL and CMake of this machine, so that
# nothing is fetched; packaging/conan/test_package is built and run against each. Exit code 77: it
# cannot be tried here. PROCESSION_CONAN names the program, where it is not on the path.
set -eu
cmake=$1
build=$2
compiler=$3
sources=$(cd "$(dirname "$0")/../.." && pwd)
work=$build/conan
conan=${PROCESSION_CONAN:-conan}

skip() {
    echo "skipped: $*"
    exit 77
}
"$conan" --version >/dev/null 2>&1 || skip 'there is no conan (pip install conan)'
case $("$conan" --version) in
    *' version 2.'*) ;;
    *) skip "$("$conan" --version) is not Conan 2" ;;
esac
command -v openssl >/dev/null || skip 'there is no openssl, which tells its version'
version=$("$compiler" -dumpversion)
case $("$compiler" --version) in
    *'Free Software Foundation'*) ;;
    *) skip "$compiler is not GCC" ;;
esac

rm -rf "$work"
mkdir -p "$work"
export CONAN_HOME="$work/home"
# The profile of packaging/conan, for the versions that are here.
sed -e "s/^compiler.version=.*/compiler.version=${version%%.*}/" \
    -e "s|^openssl/.*|openssl/$(openssl version | cut -d ' ' -f 2)|" \
    -e "s|^cmake/.*|cmake/$("$cmake" --version | sed -n 's/^cmake version //p')|" \
    "$sources/packaging/conan/debian_12.profile" >"$work/profile"
cat >>"$work/profile" <<EOF
[conf]
tools.build:jobs=1
tools.build:compiler_executables={"cpp": "$compiler"}
tools.cmake.cmake_layout:test_folder=$work/test_package
EOF
for shared in False True; do
    "$conan" create "$sources/packaging/conan" --profile:all "$work/profile" --no-remote \
        --options "procession/*:shared=$shared" 2>&1 | tee "$work/output"
    grep -q 'a spawned worker added' "$work/output" || {
        echo "wrong: the package with shared=$shared could not be made and used"
        exit 1
    }
done
! [ -e "$sources/packaging/conan/test_package/build" ] || {
    echo 'wrong: a build folder was left among the sources'
    exit 1
}
rm -rf "$work/home"
