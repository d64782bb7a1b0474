// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "os/windows/section_head.h"

// Which memory files this process has mapped, so that park() and wake() find the head that a word
// belongs to. (VirtualQuery knows as well, but by Wine it asks the server each time.)

namespace procession::os {

/// A view begins here with its head. Returns: false when there is no memory to remember it.
[[nodiscard]] bool remember_view(void* view, std::uint64_t bytes) noexcept;
/// Before it is unmapped. Returns: whether it was the last one.
[[nodiscard]] bool forget_view(void* view) noexcept;

/// The head of the memory file that a word lies in; nullptr for memory of this process. What is
/// found stays as long as the word does.
[[nodiscard]] SectionHead* head_before(const void* word) noexcept;

}  // namespace procession::os
