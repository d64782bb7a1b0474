# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
# What must not compile: each file says in its first line which words the compiler must give as the
# reason. Included by tests/CMakeLists.txt.
set(nocompile_header "${CMAKE_CURRENT_BINARY_DIR}/nocompile/procession_headers.h")
add_test(NAME nocompile.headers
    COMMAND sh "${PROJECT_SOURCE_DIR}/tools/check_nocompile.sh"
        "${CMAKE_CXX_COMPILER}" "${PROJECT_SOURCE_DIR}/include" --precompile "${nocompile_header}")
set_tests_properties(nocompile.headers PROPERTIES
    LABELS nocompile TIMEOUT 120 FIXTURES_SETUP nocompile_headers)
file(GLOB nocompile_sources CONFIGURE_DEPENDS "nocompile/*.cpp")
foreach(source IN LISTS nocompile_sources)
    cmake_path(GET source STEM name)
    add_test(NAME nocompile.${name}
        COMMAND sh "${PROJECT_SOURCE_DIR}/tools/check_nocompile.sh"
            "${CMAKE_CXX_COMPILER}" "${PROJECT_SOURCE_DIR}/include" "${source}"
            "${nocompile_header}")
    set_tests_properties(nocompile.${name} PROPERTIES
        LABELS nocompile TIMEOUT 120 FIXTURES_REQUIRED nocompile_headers)
endforeach()
