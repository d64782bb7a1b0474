# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
# Installs the library, include/procession, procession.pc, and the package that
# find_package(Procession) reads. One prefix may hold the static library and the shared one: each
# build installs its own target file, and the package picks one of them.
#
# Components: Runtime, what a program needs to run; Development, what it needs to be built; License.
include(CMakePackageConfigHelpers)

set(package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/procession")
set(kind static)
if(BUILD_SHARED_LIBS)
    set(kind shared)
endif()

install(TARGETS procession EXPORT procession-${kind}-targets
    RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT Runtime
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
        COMPONENT Runtime NAMELINK_COMPONENT Development
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT Development)
install(DIRECTORY include/procession DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
    COMPONENT Development FILES_MATCHING PATTERN "*.h")
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT License)

install(EXPORT procession-${kind}-targets NAMESPACE procession::
    DESTINATION "${package_folder}" COMPONENT Development)
configure_package_config_file(cmake/procession-config.cmake.in
    "${PROJECT_BINARY_DIR}/procession-config.cmake"
    INSTALL_DESTINATION "${package_folder}"
    NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/procession-config-version.cmake"
    COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/procession-config.cmake"
              "${PROJECT_BINARY_DIR}/procession-config-version.cmake"
    DESTINATION "${package_folder}" COMPONENT Development)

# procession.pc finds its prefix from its own folder, so that an installed tree may be moved.
set(pc_folder "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
    set(pc_prefix "${CMAKE_INSTALL_PREFIX}")
    set(at "")
else()
    file(RELATIVE_PATH up "/prefix/${pc_folder}" /prefix)
    string(REGEX REPLACE "/$" "" up "${up}")
    set(pc_prefix "\${pcfiledir}/${up}")
    set(at "\${CMAKE_INSTALL_PREFIX}/")
endif()
foreach(name IN ITEMS LIBDIR INCLUDEDIR)
    set(pc_${name} "${CMAKE_INSTALL_${name}}")
    if(NOT IS_ABSOLUTE "${pc_${name}}")
        set(pc_${name} "\${prefix}/${pc_${name}}")
    endif()
endforeach()
set(pc_flags "")
if(BUILD_SHARED_LIBS)
    set(pc_flags " -DPROCESSION_SHARED")
endif()
if(WIN32)
    set(pc_requires "")
    set(pc_libraries "-pthread -lsynchronization -lbcrypt -lws2_32 -lntdll")
else()
    set(pc_requires libcrypto)
    set(pc_libraries -pthread)
endif()
configure_file(cmake/procession.pc.in "${PROJECT_BINARY_DIR}/procession.pc" @ONLY)
if(BUILD_SHARED_LIBS OR WIN32)
    install(FILES "${PROJECT_BINARY_DIR}/procession.pc" DESTINATION "${pc_folder}"
        COMPONENT Development)
else()
    # Where both libraries are, -lprocession is the shared one: its procession.pc stays.
    install(CODE "
        if(NOT EXISTS \"\$ENV{DESTDIR}${at}${package_folder}/procession-shared-targets.cmake\")
            file(INSTALL \"${PROJECT_BINARY_DIR}/procession.pc\" DESTINATION \"${at}${pc_folder}\")
        endif()" COMPONENT Development)
endif()

# `cmake --workflow --preset windows-release` makes a zip of it, with treesum.exe.
if(WIN32)
    if(PROCESSION_EXAMPLES)
        install(TARGETS treesum DESTINATION "${CMAKE_INSTALL_BINDIR}")
    endif()
    set(CPACK_PACKAGE_NAME procession)
    set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
    set(CPACK_PACKAGE_FILE_NAME "procession-${PROJECT_VERSION}-windows-x86_64")
    set(CPACK_STRIP_FILES ON)
    include(CPack)
endif()
