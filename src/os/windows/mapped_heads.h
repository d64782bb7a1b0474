// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "os/windows/section_head.h"

// Which memory files this process has mapped: so park() and wake() find the head that a word
// belongs to, and ByteLock need not map one for each look. (VirtualQuery knows the first as well,
// but by Wine it asks the server each time.)

namespace procession::os {

/// A view begins here with its head. Returns: false when there is no memory to remember it.
[[nodiscard]] bool remember_view(void* view, std::uint64_t bytes) noexcept;
/// Before it is unmapped.
void forget_view(void* view) noexcept;
[[nodiscard]] bool is_any_mapped() noexcept;

/// The head of the memory file that a word lies in; nullptr for memory of this process. The head
/// stays as long as the word does.
[[nodiscard]] SectionHead* head_before(const void* word) noexcept;

/// SectionHead::locks[index] of the memory file of that identity; nothing when this process has not
/// mapped it, or there is no such word.
[[nodiscard]] std::optional<std::uint64_t> name_in_mapped_head(const FileIdentity& identity,
                                                               std::uint64_t index) noexcept;

}  // namespace procession::os
