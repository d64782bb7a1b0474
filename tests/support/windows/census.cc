// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "support/census.h"

#include <gtest/gtest.h>

#include <string>

#include "os/windows/section_head.h"
#include "support/windows/open_handles.h"
// After windows.h.
#include <tlhelp32.h>

namespace procession::testing {

using namespace detail;

namespace {

/// Processes that this one has started and that run.
template <class Found>
void each_child(Found found) {
    const os::Handle all = os::handle_or_none(::CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0));
    const DWORD mine = ::GetCurrentProcessId();
    PROCESSENTRY32W each{};
    each.dwSize = sizeof each;
    for (BOOL more = ::Process32FirstW(all.get(), &each); more;
         more = ::Process32NextW(all.get(), &each)) {
        if (each.th32ParentProcessID == mine) found(each);
    }
}

/// Views of sections, by where they begin.
template <class Found>
void each_view(Found found) {
    MEMORY_BASIC_INFORMATION about{};
    for (const char* at = nullptr; ::VirtualQuery(at, &about, sizeof about) == sizeof about;
         at = static_cast<const char*>(about.BaseAddress) + about.RegionSize) {
        if (about.Type == MEM_MAPPED && about.BaseAddress == about.AllocationBase)
            found(about.AllocationBase, about.RegionSize);
    }
}

}  // namespace

// Handles have no names that could be compared: their number is. The C++ and Windows libraries
// keep some that they open at first use.
void Census::expect_nothing_left() const {
    const std::size_t before = std::stoul(descriptors_.at("handles"));
    const std::size_t after = std::stoul(descriptors_now().at("handles"));
    constexpr std::size_t of_the_libraries = 16;
    EXPECT_LE(after, before + of_the_libraries) << "left behind: handles";
    expect_nothing_new("view of a section", mappings_, mappings_now());
    expect_nothing_new("child", children_, children_now());
}

Census::Things Census::descriptors_now() { return {{"handles", std::to_string(open_handles())}}; }

Census::Things Census::mappings_now() {
    Things found;
    each_view([&](const void* at, std::size_t bytes) {
        if (!os::begins_as_section_head(at)) return;
        const auto place = std::to_string(reinterpret_cast<std::uintptr_t>(at));
        found.emplace(place, place + ", " + std::to_string(bytes) + " bytes");
    });
    return found;
}

Census::Things Census::children_now() {
    Things found;
    each_child([&](const PROCESSENTRY32W& child) {
        const auto pid = std::to_string(child.th32ProcessID);
        found.emplace(pid, pid + " " + os::utf8_of(child.szExeFile));
    });
    return found;
}

}  // namespace procession::testing
