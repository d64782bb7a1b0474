# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""Makes a Conan 2 package of the checkout that this file is in: conan create packaging/conan"""

import os
import re

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load, rmdir
from conan.tools.scm import Version

required_conan_version = ">=2.0"


class Procession(ConanFile):
    name = "procession"
    description = "Process-based parallelism that survives the death of any process"
    license = "Apache-2.0"
    topics = ("multiprocessing", "ipc", "queue", "shared-memory", "fault-tolerance")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False], "fPIC": [True, False]}
    default_options = {"shared": False, "fPIC": True}
    implements = ["auto_shared_fpic"]

    @property
    def _checkout(self):
        return os.path.join(self.recipe_folder, "..", "..")

    def set_version(self):
        text = load(self, os.path.join(self._checkout, "CMakeLists.txt"))
        self.version = re.search(r"project\(Procession VERSION ([0-9.]+)", text).group(1)

    def export_sources(self):
        for pattern in ("CMakeLists.txt", "LICENSE", "cmake/*", "include/*", "src/*"):
            copy(self, pattern, self._checkout, self.export_sources_folder)

    def layout(self):
        cmake_layout(self)

    def requirements(self):
        if self.settings.os != "Windows":
            self.requires("openssl/[>=3 <4]")

    def validate(self):
        check_min_cppstd(self, 20)
        if self.settings.os not in ("Linux", "Windows") or self.settings.arch != "x86_64":
            raise ConanInvalidConfiguration("procession is for Linux and Windows on x86-64")
        oldest = {"gcc": "11", "clang": "14"}.get(str(self.settings.compiler))
        if oldest is None or Version(self.settings.compiler.version) < oldest:
            raise ConanInvalidConfiguration("procession needs gcc 11 or clang 14")

    def build_requirements(self):
        self.tool_requires("cmake/[>=3.25]")

    def generate(self):
        toolchain = CMakeToolchain(self)
        for name in ("TESTS", "EXAMPLES"):
            toolchain.cache_variables[f"PROCESSION_{name}"] = False
        toolchain.cache_variables["PROCESSION_PYTHON"] = "OFF"
        toolchain.cache_variables["PROCESSION_UNITY"] = True
        toolchain.user_presets_path = False
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        CMake(self).install()
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        # Conan generates these files for each user.
        for folder in ("lib/cmake", "lib/pkgconfig", "share"):
            rmdir(self, os.path.join(self.package_folder, folder))

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "Procession")
        self.cpp_info.set_property("cmake_target_name", "procession::procession")
        self.cpp_info.set_property("pkg_config_name", "procession")
        self.cpp_info.libs = ["procession"]
        # spawn compares the build ids of parent and child.
        self.cpp_info.exelinkflags = ["-Wl,--build-id"]
        self.cpp_info.sharedlinkflags = ["-Wl,--build-id"]
        if self.options.shared:
            self.cpp_info.defines = ["PROCESSION_SHARED"]
        if self.settings.os == "Windows":
            self.cpp_info.system_libs = ["synchronization", "bcrypt", "ws2_32", "ntdll"]
        else:
            self.cpp_info.system_libs = ["pthread"]
            # An OpenSSL of the platform does not say what it is linked by.
            if not self.options.shared:
                self.cpp_info.system_libs.append("crypto")
