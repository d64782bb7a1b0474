# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
# Style is a test. Included by tests/CMakeLists.txt.
set(tools_folder "${PROJECT_SOURCE_DIR}/tools")

add_test(NAME style.layers_and_limits COMMAND check_style "${PROJECT_SOURCE_DIR}")
add_test(NAME style.a_seeded_fault_of_each_rule_is_found
    COMMAND sh "${tools_folder}/check_style_selftest.sh" "$<TARGET_FILE:check_style>"
        "${PROJECT_BINARY_DIR}/style_selftest")
add_test(NAME style.clang_format COMMAND sh "${tools_folder}/format" --check)
add_test(NAME watchdog.each_verdict_is_reached
    COMMAND sh "${tools_folder}/watchdog_selftest.sh" "$<TARGET_FILE:watchdog>")
add_test(NAME style.the_public_headers_are_light
    COMMAND sh "${CMAKE_CURRENT_SOURCE_DIR}/header_weight.sh" "${CMAKE_CXX_COMPILER}"
        "${PROJECT_SOURCE_DIR}/include")
set_tests_properties(style.the_public_headers_are_light
    style.layers_and_limits style.a_seeded_fault_of_each_rule_is_found
    style.clang_format watchdog.each_verdict_is_reached PROPERTIES LABELS style TIMEOUT 120)
