# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
# Builds the checkout that this file is in. A port of a registry fetches a release instead.
get_filename_component(SOURCE_PATH "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

vcpkg_cmake_configure(
    SOURCE_PATH "${SOURCE_PATH}"
    OPTIONS
        -DPROCESSION_TESTS=OFF
        -DPROCESSION_EXAMPLES=OFF
        -DPROCESSION_PYTHON=OFF
        -DPROCESSION_INSTALL=ON
        -DPROCESSION_UNITY=ON
)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(PACKAGE_NAME procession CONFIG_PATH lib/cmake/procession)
vcpkg_fixup_pkgconfig()
file(REMOVE_RECURSE
    "${CURRENT_PACKAGES_DIR}/debug/include"
    "${CURRENT_PACKAGES_DIR}/debug/share"
    "${CURRENT_PACKAGES_DIR}/share/doc"
)
file(INSTALL "${CMAKE_CURRENT_LIST_DIR}/usage" DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
