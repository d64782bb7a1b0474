#!/bin/sh
# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#
# versions_test.sh    The version is that of project() in CMakeLists.txt, also where another file
# must repeat it.
set -eu
cd "$(dirname "$0")/../.."
version=$(sed -nE 's/^project\(Procession VERSION ([0-9.]+).*/\1/p' CMakeLists.txt)
status=0
# says FILE TEXT
says() {
    grep -qF "$2" "$1" || {
        echo "$1 does not say: $2"
        status=1
    }
}
says python/procession/__init__.py "__version__ = \"$version\""
says packaging/vcpkg/procession/vcpkg.json "\"version\": \"$version\""
says README.md "find_package(Procession ${version%.*} REQUIRED)"
exit $status
