// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "os/handle.h"

namespace procession::process {

/// The whole life of a keeper (handoff/keeper.h), which listens at the meeting point that this
/// descriptor names. A file of its own: the keeper of Python programs consists of little more.
[[noreturn]] void run_keeper(std::string_view descriptor) noexcept;

/// The descriptor that an argument of a helper process names; an invalid handle when it names none.
[[nodiscard]] os::Handle handle_named_by(std::string_view text) noexcept;

}  // namespace procession::process
