# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
# The pages of the documentation: their snippets compile, their links lead somewhere, and the
# protocol that they describe is the one of the sources. Included by tests/CMakeLists.txt.
find_package(Python3 COMPONENTS Interpreter)
if(NOT Python3_Interpreter_FOUND)
    message(STATUS "tests/docs: left out (python3 is missing)")
    return()
endif()

set(docs_tests "${CMAKE_CURRENT_SOURCE_DIR}/docs")
set(docs_package "")
if(PROCESSION_BUILDS_PYTHON)
    set(docs_package "${PROJECT_BINARY_DIR}/python/package")
endif()

# procession_docs_test(NAME SCRIPT ARGUMENT...)
function(procession_docs_test name script)
    add_test(NAME docs.${name}
        COMMAND ${watchdog_command} "${Python3_EXECUTABLE}" -B "${docs_tests}/${script}" ${ARGN})
    set_tests_properties(docs.${name} PROPERTIES LABELS docs)
endfunction()

procession_docs_test(each_cpp_snippet_compiles check_snippets.py
    cpp "${CMAKE_CXX_COMPILER}" "${PROJECT_SOURCE_DIR}/include")
procession_docs_test(each_python_snippet_compiles_or_runs check_snippets.py
    python ${docs_package})
procession_docs_test(each_link_leads_to_a_file_and_a_heading check_links.py)
procession_docs_test(the_protocol_is_that_of_the_sources check_protocol.py
    "${CMAKE_CXX_COMPILER}" "${PROJECT_SOURCE_DIR}")

find_program(PROCESSION_DOXYGEN doxygen)
if(PROCESSION_DOXYGEN)
    add_test(NAME docs.doxygen_has_no_warning_about_the_public_headers
        COMMAND ${watchdog_command} sh "${docs_tests}/check_reference.sh" "${PROCESSION_DOXYGEN}"
            "${PROJECT_SOURCE_DIR}" "${CMAKE_CURRENT_BINARY_DIR}/docs")
    set_tests_properties(docs.doxygen_has_no_warning_about_the_public_headers
        PROPERTIES LABELS docs)
else()
    message(STATUS "tests/docs: the C++ reference is left out (doxygen is missing)")
endif()
