# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
# A user's program is built against installed copies of the library, and against its sources. Each
# test is a case of consumer/check.sh. Included by tests/CMakeLists.txt.
if(BUILD_SHARED_LIBS OR NOT PROCESSION_INSTALL)
    message(STATUS "tests/consumer: left out (they install the static library of this build)")
    return()
endif()

function(procession_consumer_test name case)
    add_test(NAME consumer.${name}
        COMMAND sh "${CMAKE_CURRENT_SOURCE_DIR}/consumer/check.sh" ${case} "${CMAKE_COMMAND}"
            "${PROJECT_BINARY_DIR}" "${CMAKE_CXX_COMPILER}")
    set_tests_properties(consumer.${name} PROPERTIES LABELS consumer TIMEOUT 600)
    if(case STREQUAL "libraries")
        set_tests_properties(consumer.${name} PROPERTIES FIXTURES_SETUP installed_libraries)
    elseif(NOT case STREQUAL "add_subdirectory")
        set_tests_properties(consumer.${name} PROPERTIES FIXTURES_REQUIRED installed_libraries)
    endif()
endfunction()

procession_consumer_test(both_libraries_are_installed_side_by_side libraries)
procession_consumer_test(find_package_and_link_an_installed_copy find_package_static)
procession_consumer_test(find_package_and_link_a_shared_copy find_package_shared)
procession_consumer_test(find_package_gives_the_one_of_two_that_is_asked_for
    find_package_static_of_both)
procession_consumer_test(find_package_picks_what_is_asked_for_or_what_is_there choice)
procession_consumer_test(pkg_config_links_a_static_copy pkg_config_static)
procession_consumer_test(pkg_config_links_a_shared_copy pkg_config_shared)
procession_consumer_test(pkg_config_links_the_shared_one_of_two pkg_config_of_both)
procession_consumer_test(add_subdirectory_leaves_its_parent_alone add_subdirectory)
procession_consumer_test(a_plugin_with_a_copy_of_its_own_shares_a_queue_with_its_host plugin)
procession_consumer_test(what_the_shared_library_exports_is_listed exported_names)
procession_consumer_test(each_header_compiles_alone headers)
