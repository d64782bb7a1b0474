// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/windows/section_head.h"

namespace procession::inline v0::detail::os {

bool begins_as_section_head(const void* view) noexcept {
    // By a system call, because to read memory that is only reserved would be an access violation.
    std::uint64_t magic = 0;
    SIZE_T got = 0;
    return ::ReadProcessMemory(::GetCurrentProcess(), view, &magic, sizeof magic, &got) &&
           got == sizeof magic && magic == SectionHead::magic_expected;
}

std::error_code SectionHeadView::map(NativeHandle file, SectionHeadView& view) noexcept {
    SectionHeadView fresh;
    fresh.view_ = View(file, FILE_MAP_WRITE, section_head_bytes);
    if (!fresh.view_.valid()) {
        const auto problem = last_error();
        const bool is_scarce = problem == std::errc::not_enough_memory;
        return is_scarce ? problem : std::make_error_code(std::errc::bad_file_descriptor);
    }
    if (!begins_as_section_head(fresh.view_.as<void>()))
        return std::make_error_code(std::errc::bad_file_descriptor);
    view = std::move(fresh);
    return {};
}

}  // namespace procession::inline v0::detail::os
