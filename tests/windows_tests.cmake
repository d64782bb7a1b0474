# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
# The tests that run on Windows: those of contract/ and unit/ that do not use POSIX themselves, and
# those of windows/. Included instead of the rest of tests/CMakeLists.txt.

# GoogleTest's sources, as Debian's package googletest has them: the library of the host is no use.
if(NOT TARGET gtest)
    set(gtest_force_shared_crt ON CACHE BOOL "" FORCE)
    set(INSTALL_GTEST OFF CACHE BOOL "" FORCE)
    set(BUILD_GMOCK OFF CACHE BOOL "" FORCE)
    add_subdirectory(/usr/src/googletest "${CMAKE_CURRENT_BINARY_DIR}/googletest" EXCLUDE_FROM_ALL)
endif()
include(GoogleTest)

file(GLOB windows_support CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/support/windows/*.cc")
add_library(test_support STATIC ${windows_support}
    support/segment_bytes.cc support/sudden_death.cc
    support/long_tests.cc support/storm_ledger.cc)
procession_uses_internals(test_support)
target_include_directories(test_support PUBLIC "${CMAKE_CURRENT_SOURCE_DIR}")
target_link_libraries(test_support PUBLIC procession::procession gtest dbghelp)
include(precompiled_headers.cmake)

file(GLOB windows_sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/windows/*_test.cpp")
foreach(test IN ITEMS
        connection_bytes connection_passing connection_sharing
        inheritance_passing broker_hostile passing_queue process_arguments process_life
        queue_array queue_backpressure queue_basics queue_close queue_dead_letter queue_elements
        queue_lease queue_many queue_observer queue_shutdown queue_sizes queue_threads
        queue_undecodable wait)
    list(APPEND windows_sources contract/${test}_test.cpp)
endforeach()
foreach(test IN ITEMS deadline frames handshake)
    list(APPEND windows_sources unit/${test}_test.cpp)
endforeach()
list(APPEND windows_sources crash/kill_point_spawn_test.cpp crash/kill_storm_test.cpp
    death/segment_view.cc)
file(GLOB death_sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/death/queue/*.cc")
list(APPEND windows_sources ${death_sources})
add_executable(windows_tests ${windows_sources} support/test_main.cc)
procession_uses_internals(windows_tests)
target_link_libraries(windows_tests PRIVATE test_support shell32)
procession_reuses_headers(windows_tests test_support)
gtest_discover_tests(windows_tests DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 120
    PROPERTIES LABELS windows)

if(TARGET treesum)
    foreach(test IN ITEMS
            the_output_is_that_of_sha256sum
            killing_workers_changes_nothing
            a_program_in_a_folder_with_any_name_starts_workers
            what_is_not_there_is_named)
        add_test(NAME windows.treesum.${test}
            COMMAND bash "${CMAKE_CURRENT_SOURCE_DIR}/windows/treesum_test.sh"
                "${CMAKE_CROSSCOMPILING_EMULATOR}" "$<TARGET_FILE:treesum>" ${test})
        set_tests_properties(windows.treesum.${test} PROPERTIES LABELS windows)
    endforeach()
    add_test(NAME windows.package.can_be_unpacked_linked_and_run
        COMMAND bash "${CMAKE_CURRENT_SOURCE_DIR}/windows/package_test.sh" "${CMAKE_COMMAND}"
            "${CMAKE_CPACK_COMMAND}" "${PROJECT_BINARY_DIR}"
            "${PROJECT_SOURCE_DIR}/cmake/mingw_w64.cmake"
            "${CMAKE_CROSSCOMPILING_EMULATOR}")
    set_tests_properties(windows.package.can_be_unpacked_linked_and_run PROPERTIES
        LABELS windows TIMEOUT 300)
endif()

if(TARGET limits_bench)
    foreach(test IN ITEMS every_row_is_measured a_case_that_is_not_there_is_refused)
        add_test(NAME windows.limits_bench.${test}
            COMMAND bash "${CMAKE_CURRENT_SOURCE_DIR}/windows/limits_bench_test.sh"
                "${CMAKE_CROSSCOMPILING_EMULATOR}" "$<TARGET_FILE:limits_bench>" ${test})
        set_tests_properties(windows.limits_bench.${test} PROPERTIES LABELS windows)
    endforeach()
endif()

add_executable(hanging windows/hanging.cpp)
procession_uses_internals(hanging)
target_link_libraries(hanging PRIVATE test_support)
add_test(NAME windows.watchdog.shows_where_a_hanging_test_stands_and_ends_it
    COMMAND bash "${CMAKE_CURRENT_SOURCE_DIR}/windows/watchdog_test.sh"
        "${CMAKE_CROSSCOMPILING_EMULATOR}" "$<TARGET_FILE:hanging>" "${PROJECT_SOURCE_DIR}/tools")
set_tests_properties(windows.watchdog.shows_where_a_hanging_test_stands_and_ends_it
    PROPERTIES LABELS windows)
