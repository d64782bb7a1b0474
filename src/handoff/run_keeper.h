// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "helper/program.h"

namespace procession::handoff {

inline constexpr helper::Role keeper_role{"keeper", "the keeper of queued handles"};

/// The whole life of a keeper (keeper.h), which listens at the meeting point that this descriptor
/// names. A file of its own: the keeper of Python programs consists of little more.
[[noreturn]] void run_keeper(std::string_view descriptor) noexcept;

}  // namespace procession::handoff
