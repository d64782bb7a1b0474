# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
# The packages of packaging/ are made and used. A test is skipped where a tool that it needs is
# missing, and says which. Included by tests/CMakeLists.txt.

# procession_package_test(NAME SCRIPT)    SCRIPT makes one kind of package and uses it.
function(procession_package_test name script)
    add_test(NAME packages.${name}
        COMMAND sh "${CMAKE_CURRENT_SOURCE_DIR}/packages/${script}" "${CMAKE_COMMAND}"
            "${PROJECT_BINARY_DIR}" "${CMAKE_CXX_COMPILER}")
    set_tests_properties(packages.${name} PROPERTIES LABELS packages TIMEOUT 900
        SKIP_RETURN_CODE 77)
endfunction()

procession_package_test(debian_packages_hold_what_is_listed_and_can_be_used deb_test.sh)
procession_package_test(a_conan_package_can_be_made_offline_and_used conan_test.sh)
procession_package_test(the_vcpkg_port_can_be_read vcpkg_test.sh)
procession_package_test(a_wheel_can_be_made_from_the_source_distribution_and_used wheel_test.sh)
if(PROCESSION_BUILDS_PYTHON AND NOT PROCESSION_UNITY)
    procession_package_test(the_python_module_needs_no_newer_system_than_it_says module_test.sh)
endif()
procession_package_test(each_file_that_names_the_version_names_this_one versions_test.sh)
