#!/bin/sh
# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#
# vcpkg_test.sh CMAKE BUILD_FOLDER COMPILER
# Checks the port of packaging/vcpkg without vcpkg: its JSON, its version, that its CMake can be
# read, and that each option it sets is one of ours. It does not say whether vcpkg can build it.
set -eu
cmake=$1
build=$2
sources=$(cd "$(dirname "$0")/../.." && pwd)
port=$sources/packaging/vcpkg/procession
work=$build/vcpkg

wrong() {
    echo "wrong: $*"
    exit 1
}

version=$(sed -nE 's/^project\(Procession VERSION ([0-9.]+).*/\1/p' "$sources/CMakeLists.txt")
cat >"$build/vcpkg_test.cmake" <<'EOF'
# Each function of vcpkg does nothing here.
foreach(name IN ITEMS cmake_configure cmake_install cmake_config_fixup fixup_pkgconfig
        install_copyright)
    cmake_language(EVAL CODE "function(vcpkg_${name})\nendfunction()")
endforeach()
file(READ "${CMAKE_ARGV3}/vcpkg.json" manifest)
string(JSON version GET "${manifest}" version)
string(JSON name GET "${manifest}" name)
if(NOT "${name} ${version}" STREQUAL "procession ${CMAKE_ARGV4}")
    message(FATAL_ERROR "vcpkg.json is about ${name} ${version}, not procession ${CMAKE_ARGV4}")
endif()
string(JSON number LENGTH "${manifest}" dependencies)
set(PORT procession)
set(CURRENT_PACKAGES_DIR "${CMAKE_ARGV5}")
include("${CMAKE_ARGV3}/portfile.cmake")
if(NOT EXISTS "${SOURCE_PATH}/include/procession/procession.h")
    message(FATAL_ERROR "the sources of the port are not those of this checkout: ${SOURCE_PATH}")
endif()
EOF
rm -rf "$work"
"$cmake" -P "$build/vcpkg_test.cmake" "$port" "$version" "$work"
[ -f "$work/share/procession/usage" ] || wrong 'the port installs no usage'
for option in $(grep -o 'PROCESSION_[A-Z]*' "$port/portfile.cmake"); do
    grep -qE "(option|set)\($option " "$sources/CMakeLists.txt" || wrong "there is no $option"
done
rm -rf "$work"
echo 'the port can be read; vcpkg itself was not tried'
