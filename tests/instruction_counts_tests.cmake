# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
# The usual operations must not grow longer unnoticed. Included by tests/CMakeLists.txt.
add_executable(path_length_counted "${PROJECT_SOURCE_DIR}/bench/path_length.cpp")
procession_uses_internals(path_length_counted)
add_test(NAME instruction_counts.no_usual_operation_has_grown COMMAND ${watchdog_command}
    bash "${CMAKE_CURRENT_SOURCE_DIR}/instruction_counts/check.sh"
        "$<TARGET_FILE:path_length_counted>"
        "${CMAKE_CURRENT_SOURCE_DIR}/instruction_counts/counts.txt")
set_tests_properties(instruction_counts.no_usual_operation_has_grown PROPERTIES
    LABELS instruction SKIP_RETURN_CODE 77)
