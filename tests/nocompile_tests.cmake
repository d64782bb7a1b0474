# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
# What must not compile: each file says in its first line which words the compiler must give as the
# reason. Included by tests/CMakeLists.txt.
file(GLOB nocompile_sources CONFIGURE_DEPENDS "nocompile/*.cpp")
foreach(source IN LISTS nocompile_sources)
    cmake_path(GET source STEM name)
    add_test(NAME nocompile.${name}
        COMMAND sh "${PROJECT_SOURCE_DIR}/tools/check_nocompile.sh"
            "${CMAKE_CXX_COMPILER}" "${PROJECT_SOURCE_DIR}/include" "${source}")
    set_tests_properties(nocompile.${name} PROPERTIES LABELS nocompile TIMEOUT 120)
endforeach()
