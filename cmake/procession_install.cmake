# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
# Installs include/procession, the library, and the package that find_package(Procession) reads.
include(CMakePackageConfigHelpers)

set(package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/procession")

install(TARGETS procession EXPORT procession-targets
    RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}"
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(DIRECTORY include/procession DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
    FILES_MATCHING PATTERN "*.h")
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(EXPORT procession-targets NAMESPACE procession:: DESTINATION "${package_folder}")

configure_package_config_file(cmake/procession-config.cmake.in
    "${PROJECT_BINARY_DIR}/procession-config.cmake"
    INSTALL_DESTINATION "${package_folder}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/procession-config-version.cmake"
    COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/procession-config.cmake"
              "${PROJECT_BINARY_DIR}/procession-config-version.cmake"
    DESTINATION "${package_folder}")

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
