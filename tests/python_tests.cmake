# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
# The Python package's own tests: each python/tests/test_*.py is one test here. Included by
# tests/CMakeLists.txt. Where the package is not built, the configuration has said why.
if(NOT PROCESSION_BUILDS_PYTHON)
    return()
endif()

set(python_tests "${PROJECT_SOURCE_DIR}/python/tests")
file(GLOB python_test_files CONFIGURE_DEPENDS "${python_tests}/test_*.py")
foreach(file IN LISTS python_test_files)
    cmake_path(GET file STEM name)
    add_test(NAME python.${name}
        COMMAND ${watchdog_command} "${Python3_EXECUTABLE}" -B "${python_tests}/run.py" ${name})
    set_tests_properties(python.${name} PROPERTIES LABELS python
        ENVIRONMENT "PYTHONPATH=${PROJECT_BINARY_DIR}/python/package:${python_tests}")
endforeach()

# A build by PyInstaller takes half a minute, and its installation as long again.
add_test(NAME python.frozen
    COMMAND "${PROJECT_BINARY_DIR}/tools/watchdog" --timeout 380 -- "${Python3_EXECUTABLE}" -B
        "${python_tests}/frozen.py" "${PROJECT_BINARY_DIR}/python/pyinstaller")
set_tests_properties(python.frozen PROPERTIES LABELS python TIMEOUT 400 SKIP_RETURN_CODE 77
    ENVIRONMENT "PYTHONPATH=${PROJECT_BINARY_DIR}/python/package")
