# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
# A tiny project is built against an installed copy of the library. Included by
# tests/CMakeLists.txt.
add_test(NAME consumer.find_package_and_link_an_installed_copy
    COMMAND sh "${CMAKE_CURRENT_SOURCE_DIR}/consumer/check.sh" "${CMAKE_COMMAND}"
        "${PROJECT_BINARY_DIR}" "${CMAKE_CXX_COMPILER}")
set_tests_properties(consumer.find_package_and_link_an_installed_copy PROPERTIES
    LABELS consumer TIMEOUT 300)
