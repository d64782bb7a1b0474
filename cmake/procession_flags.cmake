# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
# How our own code is compiled. Nothing here reaches a program that only links
# procession::procession, except the build id: spawn checks by it that parent and child are the same
# executable.

set(PROCESSION_WARNINGS
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wold-style-cast
    -Wnon-virtual-dtor -Woverloaded-virtual)

if(PROJECT_IS_TOP_LEVEL)
    find_program(CCACHE_PROGRAM ccache)
    if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
        set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
    endif()
endif()

# Every target of this repository is passed through here once.
function(procession_compile_flags target)
    target_compile_features(${target} PUBLIC cxx_std_20)
    set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
    target_compile_options(${target} PRIVATE ${PROCESSION_WARNINGS} -fno-omit-frame-pointer)
    # What is compiled with -fPIC may inline its own functions all the same: no program replaces
    # them at load.
    if(NOT WIN32)
        target_compile_options(${target} PRIVATE
            $<$<CONFIG:Release,RelWithDebInfo>:-fno-semantic-interposition>)
    endif()
    target_link_options(${target} PRIVATE -Wl,--build-id)
    if(WIN32)
        # Windows 10; printf as standard C has it.
        target_compile_definitions(${target} PRIVATE
            _WIN32_WINNT=0x0A00 __USE_MINGW_ANSI_STDIO=1)
    endif()
    if(PROCESSION_WERROR)
        target_compile_options(${target} PRIVATE -Werror)
    endif()
    if(PROCESSION_KILL_POINTS)
        target_compile_definitions(${target} PRIVATE PROCESSION_KILL_POINTS=1)
    endif()
    if(PROCESSION_FAULTS)
        target_compile_definitions(${target} PRIVATE PROCESSION_FAULTS=1)
    endif()
    if(PROCESSION_FUZZERS)
        # What the code does guides the fuzzer; its main() comes at the link of each target.
        target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
    endif()
    if(PROCESSION_SANITIZE)
        target_compile_options(${target} PRIVATE -fsanitize=${PROCESSION_SANITIZE})
        target_link_options(${target} PRIVATE -fsanitize=${PROCESSION_SANITIZE})
        if(PROCESSION_SANITIZE MATCHES "undefined")
            target_compile_options(${target} PRIVATE -fno-sanitize-recover=undefined)
        endif()
        if(PROCESSION_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
            # GCC warns at each atomic_thread_fence that TSan does not model it.
            target_compile_options(${target} PRIVATE -Wno-tsan)
        endif()
    endif()
endfunction()

# The headers that nearly each source of TARGET includes are compiled once, for it and for those
# targets that reuse them (procession_reuses_headers). A source includes what it uses all the same:
# the presets asan-ubsan and optimised compile without precompiled headers.
function(procession_precompiles_headers target)
    target_precompile_headers(${target} PRIVATE ${ARGN})
    procession_keeps_headers_cacheable(${target})
endfunction()

# TARGET has the same definitions and options as OWNER; what differs, the compiler refuses.
function(procession_reuses_headers target owner)
    target_precompile_headers(${target} REUSE_FROM ${owner})
    procession_keeps_headers_cacheable(${target})
endfunction()

# ccache needs to see where a precompiled header is included; clangd and clang-tidy, which read the
# commands of GCC, need not say that theirs is another format.
function(procession_keeps_headers_cacheable target)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT CMAKE_DISABLE_PRECOMPILE_HEADERS)
        target_compile_options(${target} PRIVATE -fpch-preprocess -Wno-ignored-gch)
    endif()
endfunction()

# The same for executables and libraries that use the inside of the library: tests, benchmarks.
function(procession_uses_internals target)
    procession_compile_flags(${target})
    target_link_libraries(${target} PRIVATE procession_inside)
    target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/src")
endfunction()
