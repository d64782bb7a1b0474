// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace procession::inline v0 {

enum class PutError : std::uint8_t { timed_out, shut_down };

}  // namespace procession::inline v0
