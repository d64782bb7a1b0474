# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
# tests/schedule explores every schedule of the real code. For that the layers up to the queue are
# compiled once more, with -fsanitize=thread: the compiler then calls a function at each access to
# memory, and schedule/instrumentation.cc gives these functions instead of the sanitizer's runtime.
# Since the sanitizers exclude each other, there are no such tests in builds with one.

if(PROCESSION_SANITIZE OR NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    message(STATUS "tests/schedule: left out (they bring their own -fsanitize=thread, GCC's)")
    return()
endif()

set(scheduled_sources "")
foreach(layer base os shm queue)
    procession_layer_sources(${layer} sources)
    list(APPEND scheduled_sources ${sources})
endforeach()
# What needs the layers above, and is not on the way from a call to the memory.
list(FILTER scheduled_sources EXCLUDE REGEX "/queue/(byte_queue|encoded_items|queue_handle)\\.cc$")

file(GLOB schedule_tests CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/schedule/*_test.cpp")
file(GLOB schedule_support CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/schedule/*.cc")
foreach(source IN ITEMS segment_view queue/act queue/finding queue/model queue/payload queue/setup)
    list(APPEND schedule_support "${CMAKE_CURRENT_SOURCE_DIR}/death/${source}.cc")
endforeach()
# The explorer itself is not watched, nor are the models.
set_source_files_properties(${schedule_support} PROPERTIES COMPILE_OPTIONS -fno-sanitize=thread)

add_executable(schedule_tests
    ${schedule_tests} ${schedule_support} ${scheduled_sources} support/census.cc)
procession_compile_flags(schedule_tests)
target_compile_definitions(schedule_tests PRIVATE PROCESSION_KILL_POINTS=1)
# No calls that the compiler replaces by loads and stores of its own; and what is hidden from the
# real sanitizer (races that are meant) is watched here as well.
target_compile_options(schedule_tests PRIVATE
    -O2 -fsanitize=thread -Wno-tsan -fno-builtin-memcpy -fno-builtin-memset
    "-Dno_sanitize(what)=unused")
target_link_options(schedule_tests PRIVATE
    -Wl,--wrap=fcntl -Wl,--wrap=open -Wl,--wrap=mmap -Wl,--wrap=munmap -Wl,--wrap=sched_yield
    -Wl,--wrap=syscall -Wl,--wrap=sysconf -Wl,--wrap=memcpy -Wl,--wrap=memset
    -Wl,--wrap=_ZNSt6chrono3_V212steady_clock3nowEv)
target_include_directories(schedule_tests PRIVATE
    "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src" "${CMAKE_CURRENT_SOURCE_DIR}")
target_link_libraries(schedule_tests PRIVATE GTest::gtest_main Threads::Threads
    OpenSSL::Crypto)
# clang-tidy looks at each source as the library compiles it.
set_target_properties(schedule_tests PROPERTIES EXPORT_COMPILE_COMMANDS OFF)
procession_discover_tests(schedule_tests schedule)
