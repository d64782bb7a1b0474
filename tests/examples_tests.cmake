# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
# The examples are programs; so are their tests. Included by tests/CMakeLists.txt.
if(NOT TARGET treesum)
    return()
endif()

set(examples_folder "${CMAKE_CURRENT_SOURCE_DIR}/examples")

# procession_example_test(PROGRAM TEST...)    each TEST is a function of PROGRAM_test.sh.
function(procession_example_test program)
    foreach(name IN LISTS ARGN)
        add_test(NAME example.${program}.${name}
            COMMAND ${watchdog_command} bash "${examples_folder}/${program}_test.sh"
                "$<TARGET_FILE:${program}>" ${name})
        set_tests_properties(example.${program}.${name} PROPERTIES
            LABELS examples)
    endforeach()
endfunction()

procession_example_test(treesum
    the_output_is_that_of_sha256sum
    killing_workers_changes_nothing
    a_large_file_goes_on_where_a_killed_worker_was
    a_worker_killed_by_somebody_else_is_replaced
    a_folder_a_file_and_a_link_are_named_as_find_names_them
    what_cannot_be_read_is_reported_and_counted
    output_that_cannot_be_written_is_an_error
    json_holds_the_same_and_is_valid
    a_wrong_argument_is_named_with_what_is_allowed
    interruption_leaves_no_worker
    the_live_line_is_drawn_when_asked_for_and_taken_back)
procession_example_test(seed
    queues_reach_children_under_each_start_method)
procession_example_test(webcrew
    requests_are_answered_by_several_processes
    no_request_is_lost_when_workers_are_killed_between_requests
    a_connection_outlives_the_workers_that_answer_on_it
    what_is_no_request_is_refused)
procession_example_test(digests
    python_clients_are_served_by_processes_that_run_already)

if(PROCESSION_BUILDS_PYTHON)
    procession_example_test(mixed
        the_output_is_that_of_sha256sum
        killing_cpp_workers_changes_nothing
        what_is_no_job_becomes_a_dead_letter_that_says_why)
    get_property(all_tests DIRECTORY PROPERTY TESTS)
    list(FILTER all_tests INCLUDE REGEX "^example\\.mixed\\.")
    set(other_half "${PROJECT_SOURCE_DIR}/examples/mixed/mixed.py")
    set(package "${PROJECT_BINARY_DIR}/python/package")
    set_tests_properties(${all_tests} PROPERTIES ENVIRONMENT
        "PYTHON=${Python3_EXECUTABLE};MIXED_PY=${other_half};PYTHONPATH=${package}")
endif()
