# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
# Each benchmark runs in its shortest form, and what it writes is read again: they must not rot. No
# figure is judged. Included by tests/CMakeLists.txt.
if(NOT TARGET throughput_bench)
    return()
endif()

set(bench_test bash "${CMAKE_CURRENT_SOURCE_DIR}/bench/bench_test.sh")
set(bench_results "${PROJECT_BINARY_DIR}/bench_results")

# bench_runs(NAME PROGRAM OPTION...)
function(bench_runs name program)
    add_test(NAME bench.${name} COMMAND ${watchdog_command} ${bench_test} run
        "${bench_results}/${name}.json" "$<TARGET_FILE:${program}>" --quick --rounds 1 ${ARGN})
    set_tests_properties(bench.${name} PROPERTIES LABELS bench FIXTURES_SETUP bench_${name})
endfunction()

bench_runs(throughput throughput_bench --case "64 B 2x2 free")
bench_runs(throughput_of_many_processes throughput_bench --case "64 B 16x16 free")
bench_runs(throughput_of_batches throughput_bench --case "64 B 1x1 batch 64 one cpu")
bench_runs(throughput_of_large_items throughput_bench --case "1 MiB 1x1")
bench_runs(throughput_in_place throughput_bench --case "in place")
bench_runs(round_trip round_trip_bench --case cpu)
bench_runs(start start_bench --case small)
bench_runs(passing passing_bench --case handles)
bench_runs(idle idle_bench)
bench_runs(memory memory_bench)
bench_runs(treesum treesum_bench)
bench_runs(kill_score kill_score_bench --kills 3)

# The scripts, over what these have written.
set(judged throughput throughput_of_many_processes round_trip start idle memory treesum kill_score)
list(TRANSFORM judged PREPEND "bench_" OUTPUT_VARIABLE judged_fixtures)
foreach(test the_targets_are_judged the_plots_are_drawn)
    add_test(NAME bench.${test} COMMAND ${watchdog_command} ${bench_test} ${test}
        "${PROJECT_SOURCE_DIR}/bench" "${bench_results}" ${judged})
    set_tests_properties(bench.${test} PROPERTIES LABELS bench SKIP_RETURN_CODE 77
        FIXTURES_REQUIRED "${judged_fixtures}")
endforeach()
add_test(NAME bench.a_wrong_option_is_refused COMMAND ${watchdog_command} ${bench_test}
    a_wrong_option_is_refused "$<TARGET_FILE:throughput_bench>")
set_tests_properties(bench.a_wrong_option_is_refused PROPERTIES LABELS bench)
