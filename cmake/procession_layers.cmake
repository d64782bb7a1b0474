# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
# A folder src/<layer> is a CMake target procession_<layer> (alias procession::<layer>). Layers are
# object libraries: the one library that users link, `procession`, bundles them. What a layer may
# include is checked by tools/check_style.cpp.

# src/<layer>/sources.cmake sets `sources`; a layer without that file has no sources yet.
function(procession_layer_sources layer result)
    set(sources "")
    include("${PROJECT_SOURCE_DIR}/src/${layer}/sources.cmake" OPTIONAL)
    list(TRANSFORM sources PREPEND "${PROJECT_SOURCE_DIR}/src/${layer}/")
    set(${result} ${sources} PARENT_SCOPE)
endfunction()

function(procession_add_layers)
    set(lower "")
    set(with_objects "")
    foreach(layer IN LISTS ARGN)
        procession_layer_sources(${layer} sources)
        set(target procession_${layer})
        if(sources)
            add_library(${target} OBJECT ${sources})
            procession_compile_flags(${target})
            set_target_properties(${target} PROPERTIES
                POSITION_INDEPENDENT_CODE ON UNITY_BUILD_BATCH_SIZE 0
                CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
            if(BUILD_SHARED_LIBS)
                target_compile_definitions(${target} PRIVATE PROCESSION_SHARED PROCESSION_BUILDING)
            endif()
            # The sources of src/os/windows have members of types of their anonymous namespaces.
            if(PROCESSION_UNITY AND NOT (WIN32 AND layer STREQUAL "os"))
                set_target_properties(${target} PROPERTIES UNITY_BUILD ON)
            endif()
            target_include_directories(${target} PUBLIC
                "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src")
            target_link_libraries(${target} PUBLIC ${lower} Threads::Threads)
            if(layer STREQUAL "os" AND NOT WIN32)
                target_link_libraries(${target} PRIVATE OpenSSL::Crypto)
            endif()
            list(APPEND with_objects ${target})
        else()
            # Only headers, or nothing yet.
            add_library(${target} INTERFACE)
            target_include_directories(${target} INTERFACE
                "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src")
            target_link_libraries(${target} INTERFACE ${lower})
        endif()
        add_library(procession::${layer} ALIAS ${target})
        list(APPEND lower ${target})
    endforeach()
    set_property(GLOBAL PROPERTY PROCESSION_OBJECT_LAYERS ${with_objects})
endfunction()

# The library that users link: static, or shared where BUILD_SHARED_LIBS says so. Only what
# include/procession/export.h marks can be linked from the shared one.
function(procession_add_library)
    get_property(layers GLOBAL PROPERTY PROCESSION_OBJECT_LAYERS)
    set(objects "")
    foreach(layer IN LISTS layers)
        list(APPEND objects "$<TARGET_OBJECTS:${layer}>")
    endforeach()
    add_library(procession ${objects})
    # Until 1.0 each minor version may break the binary interface.
    set_target_properties(procession PROPERTIES
        VERSION "${PROJECT_VERSION}" SOVERSION "${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}")
    if(BUILD_SHARED_LIBS)
        target_compile_definitions(procession INTERFACE PROCESSION_SHARED)
        if(NOT WIN32 AND NOT APPLE)
            set(names "${PROJECT_SOURCE_DIR}/cmake/exported_names.map")
            target_link_options(procession PRIVATE "LINKER:--version-script=${names}")
            set_target_properties(procession PROPERTIES LINK_DEPENDS "${names}")
        endif()
        # For what uses the inside: tests, benchmarks, the Python module.
        add_library(procession_inside STATIC EXCLUDE_FROM_ALL ${objects})
        procession_library_properties(procession_inside)
    else()
        add_library(procession_inside ALIAS procession)
    endif()
    procession_library_properties(procession)
    add_library(procession::procession ALIAS procession)
endfunction()

function(procession_library_properties target)
    set_target_properties(${target} PROPERTIES LINKER_LANGUAGE CXX)
    target_compile_features(${target} PUBLIC cxx_std_20)
    target_include_directories(${target} PUBLIC
        "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>"
        "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
    target_link_libraries(${target} PUBLIC Threads::Threads)
    if(WIN32)
        # WaitOnAddress; CNG, for HMAC and random bytes
        target_link_libraries(${target} PUBLIC synchronization bcrypt ws2_32 ntdll)
    else()
        target_link_libraries(${target} PRIVATE OpenSSL::Crypto)
    endif()
    target_link_options(${target} INTERFACE -Wl,--build-id)
    if(PROCESSION_SANITIZE)
        target_link_options(${target} PUBLIC -fsanitize=${PROCESSION_SANITIZE})
    endif()
endfunction()
