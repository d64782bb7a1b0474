# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
# Compiled once for all tests: GoogleTest, the public API and the standard headers that these
# include anyway. Included by tests/CMakeLists.txt and windows_tests.cmake after test_support is
# there.
procession_precompiles_headers(test_support
    <algorithm> <chrono> <functional> <map> <memory> <string> <thread> <vector>
    <gtest/gtest.h>
    <procession/procession.h>)
