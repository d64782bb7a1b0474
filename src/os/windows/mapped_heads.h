// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "os/windows/section_head.h"

// The memory files that this process has mapped. So futex_wait() and futex_wake() find the head of
// the section that contains a word, and ByteLock need not map a head each time. (VirtualQuery could
// find the head too, but on Wine it sends a request to the server each time.)

namespace procession::inline v0::detail::os {

/// Adds a view, which begins with the head of its section. Returns: false when there is no memory.
[[nodiscard]] bool remember_view(void* view, std::uint64_t bytes) noexcept;
/// To be called before the view is unmapped.
void forget_view(void* view) noexcept;
[[nodiscard]] bool is_any_mapped() noexcept;

/// The head of the memory file that contains a word; nullptr when the word is in private memory.
/// The head stays mapped as long as the word.
[[nodiscard]] SectionHead* head_before(const void* word) noexcept;

/// SectionHead::locks[index] of the memory file `identity`; nothing when this process has not
/// mapped the file, or there is no such index.
[[nodiscard]] std::optional<std::uint64_t> owner_in_mapped_head(const FileIdentity& identity,
                                                                std::uint64_t index) noexcept;

}  // namespace procession::inline v0::detail::os
