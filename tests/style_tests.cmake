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
set_tests_properties(style.layers_and_limits style.a_seeded_fault_of_each_rule_is_found
    style.clang_format watchdog.each_verdict_is_reached PROPERTIES LABELS style TIMEOUT 120)
