#!/bin/sh
# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#
# check_reference.sh DOXYGEN SOURCES OUTPUT_FOLDER
# Doxygen reads the public headers without a warning, as ./build-docs has it do.
doxygen=$1
sources=$2
output=$3
mkdir -p "$output"
cd "$sources" || exit 1
{
    cat tools/docs/Doxyfile
    echo "OUTPUT_DIRECTORY = $output"
} | "$doxygen" -
