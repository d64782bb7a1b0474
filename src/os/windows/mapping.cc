// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/mapping.h"

#include <utility>

#include "os/windows/mapped_heads.h"
#include "os/windows/process_identity.h"
#include "os/windows/sleepers.h"

namespace procession::inline v0::detail::os {

Mapping::~Mapping() {
    if (base_ == nullptr) return;
    forget_view(base_ - section_head_bytes);
    if (!is_any_mapped()) {
        close_cached_sleepers();
        close_cached_processes();
    }
    ::UnmapViewOfFile(base_ - section_head_bytes);
}

// The head is in the same view, so that futex_wait() finds it by the address of a word.
std::error_code Mapping::map(const Handle& file, std::uint64_t bytes, Mapping& mapped,
                             MapFor use) noexcept {
    const DWORD allowed = use == MapFor::reading ? FILE_MAP_READ : FILE_MAP_WRITE;
    View view(file.get(), allowed, section_head_bytes + bytes);
    if (!view.valid()) return last_error();
    if (!remember_view(view.as<void>(), section_head_bytes + bytes))
        return std::make_error_code(std::errc::not_enough_memory);
    Mapping fresh;
    fresh.base_ = static_cast<std::byte*>(view.release()) + section_head_bytes;
    fresh.bytes_ = bytes;
    mapped = std::move(fresh);
    return {};
}

std::uint64_t address_space_limit() noexcept { return UINT64_MAX; }

}  // namespace procession::inline v0::detail::os
