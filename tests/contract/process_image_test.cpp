// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <link.h>
#include <sys/wait.h>

#include <array>
#include <filesystem>

#include "contract/process_fixture.h"
#include "procession/error.h"

// Programs that cannot be started once more, and code that another process could not find: refused
// in the parent, which knows why.

namespace procession::testing {
namespace {

/// The dynamic loader that this program names.
std::string loader_of_this_program() {
    std::string loader;
    ::dl_iterate_phdr(
        [](dl_phdr_info* image, std::size_t, void* found) {
            for (int i = 0; i < image->dlpi_phnum; ++i) {
                const auto& part = image->dlpi_phdr[i];
                if (part.p_type != PT_INTERP) continue;
                *static_cast<std::string*>(found) =
                    reinterpret_cast<const char*>(image->dlpi_addr + part.p_vaddr);
            }
            return 1;  // the first one is the program
        },
        &loader);
    return loader;
}

TEST(ProcessUnderTheLoader, DISABLED_is_refused) {
    for (const auto method : {StartMethod::spawn, StartMethod::forkserver}) {
        const auto why = message_of<ProcessError>([&] { Process(method, do_nothing); });
        EXPECT_TRUE(contains(why, "this program was started through the dynamic loader"));
        EXPECT_TRUE(contains(why, "start the program itself"));
    }
    EXPECT_TRUE(ends_well(Process(fork, do_nothing)));
    EXPECT_TRUE(active_children().empty());
}

int exit_code_under_the_loader(const std::string& filter) {
    const std::string loader = loader_of_this_program();
    const std::string program = std::filesystem::read_symlink("/proc/self/exe");
    const std::string chosen = "--gtest_filter=" + filter;
    const pid_t child = ::fork();
    if (child == 0) {
        ::execl(loader.c_str(), loader.c_str(), program.c_str(), chosen.c_str(),
                "--gtest_also_run_disabled_tests", nullptr);
        ::_exit(126);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(ProcessImage, that_the_loader_was_asked_to_run_cannot_be_started_once_more_and_says_why) {
    if (sanitized) GTEST_SKIP() << "a sanitizer must be loaded first";
    EXPECT_EQ(exit_code_under_the_loader("ProcessUnderTheLoader.*"), 0);
}

TEST(ProcessImage, of_a_library_without_a_build_id_is_refused_where_the_child_is_started) {
    void* const library = ::dlopen(PROCESSION_NAMELESS_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(library, nullptr) << ::dlerror();
    auto* const function = reinterpret_cast<void (*)()>(::dlsym(library, "procession_nameless"));
    ASSERT_NE(function, nullptr);
    for (const auto method : {StartMethod::spawn, StartMethod::forkserver}) {
        const auto why = message_of<SharingError>([&] { Process(method, function); });
        EXPECT_TRUE(contains(why, "which was linked without a build id"));
        EXPECT_TRUE(contains(why, "-Wl,--build-id"));
        EXPECT_TRUE(contains(why, PROCESSION_NAMELESS_LIBRARY));
    }
    EXPECT_TRUE(active_children().empty()) << "nothing was started";
    EXPECT_TRUE(ends_well(Process(fork, function)));
    ::dlclose(library);
}

}  // namespace
}  // namespace procession::testing
